#include "daemon/config/diagnostic.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpmd::config {
namespace {

constexpr std::size_t kWidth = 120;  // characters of a source line that are shown
constexpr std::size_t kBefore = 60;  // of them before the caret, when the line is cut

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Bytes of the UTF-8 character with this first byte; 0 = none begins so.
std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80U) return 1;
    if (lead < 0xC2U || lead >= 0xF5U) return 0;
    if (lead < 0xE0U) return 2;
    return lead < 0xF0U ? 3 : 4;
}

// The bytes of the character that begins at text[0] when a terminal may see it: no control
// character of either kind, nothing cut off. 0 = show '?'.
std::size_t printable_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = sequence_length(lead);
    if (length == 0 || text.size() < length) return 0;
    if (length == 1) return lead >= 0x20U && lead != 0x7FU ? 1 : 0;
    const std::string_view rest = text.substr(1, length - 1);
    if (!std::all_of(rest.begin(), rest.end(), continues_character)) return 0;
    const bool c1 = lead == 0xC2U && static_cast<unsigned char>(rest.front()) < 0xA0U;
    return c1 ? 0 : length;
}

// The line as separate characters, safe for a terminal. One entry for each byte that begins a
// character, as columns are counted: bytes that continue nothing are left out.
std::vector<std::string> shown_characters(std::string_view line) {
    std::vector<std::string> out;
    while (!line.empty()) {
        const std::size_t length = printable_length(line);
        if (length > 0) {
            out.emplace_back(line.substr(0, length));
        } else if (!continues_character(line.front())) {
            out.emplace_back(line.front() == '\t' ? " " : "?");
        }
        line.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

std::string_view severity_word(Severity severity) {
    switch (severity) {
        case Severity::Warning:
            return "warning: ";
        case Severity::Notice:
            return "notice: ";
        case Severity::Error:
            break;
    }
    return "";
}

std::string placed(const Diagnostic& entry, std::string_view word) {
    const Position& at = entry.position;
    if (at.line == 0) return printable(fmt::format("{}: {}{}", at.file, word, entry.message));
    return printable(
        fmt::format("{}:{}:{}: {}{}", at.file, at.line, at.column, word, entry.message));
}

}  // namespace

std::string Diagnostic::sentence() const {
    return placed(*this, "");
}

std::string Diagnostic::headline() const {
    return placed(*this, severity_word(severity));
}

std::string Diagnostic::text() const {
    if (position.line == 0 || source.empty()) return headline();
    const auto characters = shown_characters(source);
    const auto caret = static_cast<std::size_t>(std::max(position.column, 1)) - 1;
    std::size_t from = 0;
    if (characters.size() > kWidth && caret > kBefore) from = caret - kBefore;
    const std::size_t to = std::min(characters.size(), from + kWidth);
    std::string line = from > 0 ? "..." : "";
    const std::size_t lead = line.size();
    for (std::size_t i = from; i < to; ++i) {
        line += characters[i];
    }
    if (to < characters.size()) line += "...";
    return fmt::format("{}\n{:>6} | {}\n{:>6} | {}^", headline(), position.line, line, "",
                       std::string(lead + caret - std::min(from, caret), ' '));
}

std::string printable(std::string_view text) {
    std::string out;
    for (const std::string& character : shown_characters(text)) {
        out += character;
    }
    return out;
}

bool has_errors(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [](const Diagnostic& entry) { return entry.severity == Severity::Error; });
}

}  // namespace mpmd::config
