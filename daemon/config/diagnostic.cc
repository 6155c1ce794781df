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

// The line as separate characters, safe for a terminal: a tab is one blank, control bytes are '?'.
// C1 controls hide in UTF-8 as 0xC2 0x80..0x9F.
std::vector<std::string> shown_characters(std::string_view line) {
    std::vector<std::string> out;
    for (const char c : line) {
        const auto byte = static_cast<unsigned char>(c);
        if (continues_character(c) && !out.empty()) {
            if (out.back() == "\xC2" && byte < 0xA0U)
                out.back() = "?";
            else
                out.back() += c;
            continue;
        }
        if (c == '\t')
            out.emplace_back(" ");
        else if (byte < 0x20U || byte == 0x7FU || continues_character(c))
            out.emplace_back("?");
        else
            out.emplace_back(1, c);
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

}  // namespace

std::string Diagnostic::headline() const {
    const std::string_view word = severity_word(severity);
    if (position.line == 0) return fmt::format("{}: {}{}", position.file, word, message);
    return fmt::format("{}:{}:{}: {}{}", position.file, position.line, position.column, word,
                       message);
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
    for (std::size_t i = from; i < to; ++i)
        line += characters[i];
    if (to < characters.size()) line += "...";
    return fmt::format("{}\n{:>6} | {}\n{:>6} | {}^", headline(), position.line, line, "",
                       std::string(lead + caret - std::min(from, caret), ' '));
}

bool has_errors(const Diagnostics& diagnostics) {
    return std::any_of(diagnostics.begin(), diagnostics.end(),
                       [](const Diagnostic& entry) { return entry.severity == Severity::Error; });
}

}  // namespace mpmd::config
