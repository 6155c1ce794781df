#include "daemon/config/value.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::config {
namespace {

constexpr std::int64_t kMaxInt64 = INT64_MAX;
// What httpd's int holds; a file may ask for any of it where an N-rule corrects the value.
constexpr std::int64_t kFileMin = -2147483648LL;
constexpr std::int64_t kFileMax = 2147483647LL;

tl::unexpected<Refusal> refuse(std::string message, std::string suggestion = "") {
    return tl::unexpected<Refusal>(Refusal{std::move(message), std::move(suggestion), 0});
}

std::optional<std::int64_t> multiplied(std::int64_t number, std::int64_t unit) {
    if (number > kMaxInt64 / unit || number < -kMaxInt64 / unit) return std::nullopt;
    return number * unit;
}

// "1.5" -> 1500000, exactly; at most six digits after the point.
std::optional<std::int64_t> parse_factor(std::string_view word) {
    constexpr std::size_t kDigits = 6;
    const bool negative = !word.empty() && word.front() == '-';
    if (negative) word.remove_prefix(1);
    const auto point = word.find('.');
    const auto whole = text::parse_uint(word.substr(0, point));
    if (!whole || *whole > 1'000'000'000) return std::nullopt;
    std::int64_t micro = static_cast<std::int64_t>(*whole) * mpm::kFactorUnit;
    if (point != std::string_view::npos) {
        std::string digits(word.substr(point + 1));
        if (digits.empty() || digits.size() > kDigits) return std::nullopt;
        digits.resize(kDigits, '0');
        const auto fraction = text::parse_uint(digits);
        if (!fraction) return std::nullopt;
        micro += static_cast<std::int64_t>(*fraction);
    }
    return negative ? -micro : micro;
}

struct Unit {
    std::string_view suffix;
    std::int64_t size;
};

// Digits and one of the units (any case); the first unit is that of a bare number.
std::optional<std::int64_t> parse_with_unit(std::string_view word, std::span<const Unit> units) {
    const auto letters = word.find_first_not_of("-0123456789");
    const auto number = text::parse_int(word.substr(0, letters));
    if (!number) return std::nullopt;
    if (letters == std::string_view::npos) return multiplied(*number, units.front().size);
    for (const Unit& unit : units) {
        if (text::iequals(word.substr(letters), unit.suffix)) return multiplied(*number, unit.size);
    }
    return std::nullopt;
}

constexpr Unit kTimes[] = {{"s", 1000}, {"ms", 1}, {"min", 60000}, {"h", 3600000}};
constexpr Unit kSizes[] = {{"", 1}, {"K", 1024}, {"M", 1048576}, {"G", 1073741824}};

std::optional<std::int64_t> parse_choice(const Directive& directive, std::string_view word) {
    const auto words = text::split(directive.choices, '|');
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (text::iequals(words[i], word)) return static_cast<std::int64_t>(i);
    }
    // httpd counts trace1 to trace8; we have one.
    const bool trace = word.size() == 6 && text::iequals(word.substr(0, 5), "trace") &&
                       word[5] >= '1' && word[5] <= '8';
    if (trace && words.back() == "trace") return static_cast<std::int64_t>(words.size() - 1);
    return std::nullopt;
}

std::optional<std::int64_t> parse_switch(std::string_view word) {
    if (text::iequals(word, "on")) return 1;
    if (text::iequals(word, "off")) return 0;
    return std::nullopt;
}

std::optional<std::int64_t> read_number(const Directive& directive, std::string_view word) {
    switch (directive.kind) {
        case Kind::Factor:
            return parse_factor(word);
        case Kind::Duration:
            return parse_with_unit(word, kTimes);
        case Kind::Size:
            return parse_with_unit(word, kSizes);
        case Kind::Switch:
            return parse_switch(word);
        case Kind::Choice:
            return parse_choice(directive, word);
        default:
            return text::parse_int(word);
    }
}

std::string_view noun(Kind kind) {
    switch (kind) {
        case Kind::Factor:
            return "a number ";
        case Kind::Duration:
            return "a time (ms, s, min, h) ";
        case Kind::Size:
            return "a size (K, M, G) ";
        case Kind::Count:
            return "a whole number ";
        default:
            return "";
    }
}

std::string out_of_range(const Directive& directive, std::string_view word, bool number) {
    const bool named = directive.kind == Kind::Switch || directive.kind == Kind::Choice;
    const std::string range = range_text(directive);
    // "must be from 1 to 20", but "must be 0 (never) or 1 to 20".
    const bool plain = directive.zero.empty() && !named;
    const bool raised = directive.kind == Kind::Factor && directive.clamps;
    return fmt::format(
        "{} must be {}{}{}{}, not \"{}\"", directive.name, number ? "" : noun(directive.kind),
        plain ? "from " : (named || number ? "" : "of "), range,
        raised ? " (what is above 0 and less is raised to that)" : "", text::escape(word));
}

bool in_range(const Directive& directive, std::int64_t number) {
    if (number == 0 && !directive.zero.empty()) return true;
    return number >= directive.min && number <= directive.max;
}

bool file_may_ask(const Directive& directive, std::int64_t number) {
    if (!directive.clamps) return false;
    if (directive.kind == Kind::Factor) return number > 0 && number < directive.min;
    return number >= kFileMin && number <= kFileMax;
}

Outcome check_instance(const std::string& word) {
    constexpr std::size_t kLongest = 32;
    const bool good = !word.empty() && word.size() <= kLongest &&
                      std::all_of(word.begin(), word.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '-' || c == '_';
                      });
    if (good) return {};
    return refuse(fmt::format("Instance must be 1 to {} letters, digits, - or _, not \"{}\"",
                              kLongest, text::escape(word)),
                  "main");
}

// "" is none. What a name may be made of is a matter of its owner.
Outcome check_server_name(const std::string& word) {
    const ServerNameParts parts = server_name_parts(word);
    bool good = parts.name.find_first_of(" \t\"'<>/\\") == std::string_view::npos;
    if (parts.port) {
        const auto port = text::parse_uint(*parts.port);
        good = good && port && *port > 0 && *port <= 65535;
    }
    if (good) return {};
    return refuse(
        fmt::format("ServerName must be a name or an address, and may have a port, not "
                    "\"{}\"",
                    text::escape(word)));
}

Outcome refuse_root(const Directive& directive) {
    return refuse(
        fmt::format("{} must not be root: children that serve strangers have no rights to lose",
                    directive.name));
}

// P-9 as far as it needs no look-up; load.cc resolves names.
Outcome check_identity(const Directive& directive, const std::string& word) {
    if (word.empty()) return refuse(fmt::format("{} must have a name", directive.name));
    if (word.front() == '#') {
        const auto id = text::parse_uint(std::string_view(word).substr(1));
        if (!id || *id > 4294967294U) {
            return refuse(
                fmt::format("{} must be a name or # and a number from 1 to 4294967294, not \"{}\"",
                            directive.name, text::escape(word)));
        }
        if (*id == 0) return refuse_root(directive);
    }
    if (word == "root") return refuse_root(directive);
    return {};
}

// Names and paths end up in logs, headers and overrides.conf; nobody means a control character
// there.
bool has_control_character(const std::string& word) {
    return std::any_of(word.begin(), word.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20U || byte == 0x7FU;
    });
}

Outcome check_text(const Directive& directive, const std::string& word) {
    if (has_control_character(word)) {
        return refuse(fmt::format("{} must not have control characters", directive.name));
    }
    if (directive.kind == Kind::Path && word.empty()) {
        return refuse(fmt::format("{} must name a {}", directive.name, directive.syntax));
    }
    if (directive.kind == Kind::Path && word.front() == '|') {
        return refuse(fmt::format(
            "{} takes a file; programs are known, not supported by this release", directive.name));
    }
    if (directive.name == "ErrorLog" &&
        (text::iequals(word, "syslog") || text::lower(word).starts_with("syslog:"))) {
        return refuse(
            "ErrorLog takes a file; syslog is known, not supported by this release (a file of that "
            "name: ./syslog)");
    }
    if (directive.name == "Instance") return check_instance(word);
    if (directive.name == "ServerName") return check_server_name(word);
    if (directive.name == "User" || directive.name == "Group") {
        return check_identity(directive, word);
    }
    return {};
}

// httpd's `LogLevel info ssl:warn`.
Outcome check_level(Arguments arguments) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        Refusal refusal{
            fmt::format("LogLevel takes one level, not also \"{}\"", text::escape(arguments[i])),
            "", i};
        if (arguments[i].find(':') != std::string::npos) {
            refusal.message = fmt::format(
                "LogLevel {}: levels of single modules are known, not supported by this release; "
                "write one level for all",
                text::escape(arguments[i]));
        } else if (i == 0) {
            continue;
        }
        return tl::unexpected<Refusal>(std::move(refusal));
    }
    return {};
}

}  // namespace

tl::expected<std::int64_t, Refusal> parse_number(const Directive& directive,
                                                 std::string_view word,
                                                 Strictness strictness) {
    const auto number = read_number(directive, word);
    if (!number) {
        return refuse(out_of_range(directive, word, false), std::string(directive.fallback));
    }
    if (in_range(directive, *number)) return *number;
    if (strictness == Strictness::File && file_may_ask(directive, *number)) return *number;
    const std::int64_t nearest = std::clamp(*number, directive.min, directive.max);
    return refuse(out_of_range(directive, word, true), number_text(directive, nearest));
}

Outcome assign(const Directive& directive,
               Settings& settings,
               Arguments arguments,
               Strictness strictness) {
    const Binding& binding = directive.binding;
    if (directive.name == "LogLevel") {
        Outcome good = check_level(arguments);
        if (!good) return good;
    }
    if (binding.set_number != nullptr) {
        const auto number = parse_number(directive, arguments[0], strictness);
        if (!number) return tl::unexpected<Refusal>(number.error());
        binding.set_number(settings, *number);
        return {};
    }
    if (binding.set_text != nullptr) {
        Outcome good = check_text(directive, arguments[0]);
        if (!good) return good;
        binding.set_text(settings, arguments[0]);
        return {};
    }
    return binding.add(settings, arguments);
}

ServerNameParts server_name_parts(std::string_view text) {
    if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
        text.remove_prefix(scheme + 3);
    const std::size_t colon = text.rfind(':');
    const std::size_t bracket = text.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        return {text, std::nullopt};
    return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace mpmd::config
