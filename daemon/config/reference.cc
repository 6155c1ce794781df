#include "daemon/config/reference.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/directives.h"

namespace mpmd::config {
namespace {

constexpr std::size_t kWidth = 78;

// Roff's own characters: a backslash anywhere, a dot or quote at the beginning of a line.
std::string safe_word(std::string_view word, bool first) {
    std::string out;
    if (first && (word.front() == '.' || word.front() == '\'')) out = "\\&";
    for (const char c : word)
        c == '\\' ? out += "\\e" : out += c;
    return out;
}

bool ends_sentence(std::string_view word) {
    return word.back() == '.' || word.back() == '!' || word.back() == '?';
}

// New sentence, new line, as mandoc wants it; no line beyond kWidth.
std::string paragraph(std::string_view text) {
    std::string out;
    std::string line;
    for (const std::string_view word : text::split(text, ' ')) {
        if (word.empty()) continue;
        if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
            out += line + "\n";
            line.clear();
        }
        line += line.empty() ? safe_word(word, true) : " " + safe_word(word, false);
        if (!ends_sentence(word)) continue;
        out += line + "\n";
        line.clear();
    }
    return line.empty() ? out : out + line + "\n";
}

std::string facts(const Directive& directive) {
    std::string out;
    if (!directive.fallback.empty()) out += fmt::format("Default: {}. ", directive.fallback);
    const std::string range = range_text(directive);
    if (!range.empty())
        out += fmt::format("Range: {}{}{}. ", range,
                           directive.unit.empty() || directive.kind == Kind::Duration ? "" : " ",
                           directive.kind == Kind::Duration ? "" : directive.unit);
    if (directive.accumulates) out += "Every occurrence counts. ";
    if (directive.overridable())
        out += fmt::format("A change at run time takes effect {}.",
                           apply_explanation(directive.apply));
    else
        out += fmt::format("Not changed by the control plane; a changed file takes effect {}.",
                           apply_explanation(directive.reload));
    return out;
}

std::string listed(Support support) {
    std::string out;
    for (const Directive& directive : directives()) {
        if (directive.support != support) continue;
        out += fmt::format("{}{}", out.empty() ? "" : ", ", directive.name);
    }
    return out + ".";
}

}  // namespace

std::string directive_reference() {
    std::string out = ".Bl -tag -width Ds\n";
    for (const Directive& directive : directives()) {
        if (directive.support == Support::Known) continue;
        out += fmt::format(".It Ic {} Ar \"{}\"\n{}", directive.name, directive.syntax,
                           paragraph(directive.help));
        if (directive.support == Support::Yes) out += ".Pp\n" + paragraph(facts(directive));
    }
    out += ".El\n.Pp\n";
    for (const OldName& old : old_names())
        out +=
            paragraph(fmt::format("{} is the old name of {}, accepted with a warning{}{}.",
                                  old.name, old.current, old.note.empty() ? "" : ": ", old.note));
    out += ".Pp\n" + paragraph("Known, not supported by this release, and an error in a file: " +
                               listed(Support::Known));
    return out;
}

}  // namespace mpmd::config
