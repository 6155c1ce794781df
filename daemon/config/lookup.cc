// Reading the table of directives.cc: by name, by nearness, and its facts as text.

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/directives.h"
#include "daemon/config/lexer.h"
#include "daemon/config/sections.h"

namespace mpmd::config {
namespace {

constexpr std::size_t kLongestName = 64;  // no name is longer; a hostile word costs nothing

// The table of edit distances, three rows of it: of a[0..i) to every beginning of b.
struct Distances {
    using Row = std::array<std::size_t, kLongestName + 1>;
    Row before{};
    Row last{};
    Row row{};

    void next_row(std::string_view a, std::string_view b, std::size_t i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, change});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
    }
};

// Changes of one letter that turn a into b; swapping two neighbours counts as one.
// Requires: b.size() <= kLongestName.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    Distances distances;
    for (std::size_t j = 0; j <= b.size(); ++j) {
        distances.last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        distances.next_row(a, b, i);
    }
    return distances.last[b.size()];
}

std::string decimal_text(std::int64_t micro) {
    std::string out = std::to_string(micro / mpm::kFactorUnit);
    std::int64_t rest = micro % mpm::kFactorUnit;
    if (rest == 0) return out;
    std::string digits = fmt::format("{:06}", rest);
    digits.erase(digits.find_last_not_of('0') + 1);
    return out + "." + digits;
}

std::string duration_text(std::int64_t ms) {
    return ms % 1000 == 0 ? std::to_string(ms / 1000) : fmt::format("{}ms", ms);
}

std::string alternatives(std::string_view choices) {
    const auto words = text::split(choices, '|');
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

// The name that takes the fewest changes, and not too many; empty when there is none.
template <class Table>
std::string_view nearest(const Table& table, std::string_view wrong) {
    if (wrong.empty() || wrong.size() > kLongestName) return {};
    const std::string lower = text::lower(wrong);
    std::size_t best = std::max<std::size_t>(1, wrong.size() / 4) + 1;
    std::string_view found;
    for (const auto& entry : table) {
        const std::string_view name = entry.name;
        const std::size_t longer = std::max(name.size(), lower.size());
        if (longer - std::min(name.size(), lower.size()) >= best) continue;
        const std::size_t distance = edit_distance(text::lower(name), lower);
        if (distance >= best) continue;
        best = distance;
        found = name;
    }
    return found;
}

}  // namespace

const Directive* find_directive(std::string_view name) {
    for (const Directive& directive : directives()) {
        if (text::iequals(directive.name, name)) return &directive;
    }
    return nullptr;
}

const OldName* find_old_name(std::string_view name) {
    for (const OldName& old : old_names()) {
        if (text::iequals(old.name, name)) return &old;
    }
    return nullptr;
}

std::string_view suggest_directive(std::string_view wrong) {
    return nearest(directives(), wrong);
}

std::string_view suggest_section(std::string_view wrong) {
    return nearest(sections(), wrong);
}

std::string number_text(const Directive& directive, std::int64_t number) {
    switch (directive.kind) {
        case Kind::Factor:
            return decimal_text(number);
        case Kind::Duration:
            return duration_text(number);
        case Kind::Switch:
            return number != 0 ? "On" : "Off";
        case Kind::Choice: {
            const auto words = text::split(directive.choices, '|');
            const auto index = static_cast<std::size_t>(number);
            return index < words.size() ? std::string(words[index]) : std::string();
        }
        default:
            return std::to_string(number);
    }
}

std::string range_text(const Directive& directive) {
    switch (directive.kind) {
        case Kind::Switch:
            return "On or Off";
        case Kind::Choice:
            return alternatives(directive.choices);
        case Kind::Text:
        case Kind::Path:
        case Kind::Words:
            return "";
        default:
            break;
    }
    const bool seconds = directive.kind == Kind::Duration;
    const auto shown = [&](std::int64_t number) {
        const std::string text = number_text(directive, number);
        return seconds && text.back() != 's' ? text + "s" : text;
    };
    std::string range = fmt::format("{} to {}", shown(directive.min), shown(directive.max));
    if (directive.zero.empty()) return range;
    const std::int64_t from = std::max<std::int64_t>(directive.min, 1);
    if (directive.min < 0) return fmt::format("{}; 0 is {}", range, directive.zero);
    return fmt::format("0 ({}) or {} to {}", directive.zero, shown(from), shown(directive.max));
}

std::string value_text(const Directive& directive, const Settings& settings) {
    const Binding& binding = directive.binding;
    if (binding.number != nullptr) return number_text(directive, binding.number(settings));
    if (binding.text != nullptr) {
        const std::string& text = binding.text(settings);
        return text.empty() ? "" : join_words(Arguments(&text, 1));
    }
    return binding.shown != nullptr ? binding.shown(settings) : "";
}

std::string_view kind_name(Kind kind) {
    switch (kind) {
        case Kind::Count:
            return "integer";
        case Kind::Factor:
            return "decimal";
        case Kind::Duration:
            return "duration";
        case Kind::Size:
            return "size";
        case Kind::Switch:
            return "on/off";
        case Kind::Choice:
            return "choice";
        case Kind::Text:
            return "text";
        case Kind::Path:
            return "path";
        case Kind::Words:
            break;
    }
    return "list";
}

std::string_view apply_name(Apply apply) {
    switch (apply) {
        case Apply::Immediate:
            return "IMMEDIATE";
        case Apply::Rolling:
            return "ROLLING";
        case Apply::NextStart:
            return "NEXT_START";
        case Apply::Never:
            break;
    }
    return "NEVER";
}

std::string_view apply_explanation(Apply apply) {
    switch (apply) {
        case Apply::Immediate:
            return "at once, in living children too";
        case Apply::Rolling:
            return "by replacing the children one after the other, successor first";
        case Apply::NextStart:
            return "at the next start of the server";
        case Apply::Never:
            break;
    }
    return "not while the server runs under the control plane; edit the file";
}

}  // namespace mpmd::config
