#include "daemon/control/filter_value.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::control {
namespace {

using Outcome = tl::expected<void, ValueError>;
using scoreboard::ConnectionState;

Outcome refuse(std::string message, std::string suggestion = "") {
    return tl::unexpected<ValueError>({std::move(message), std::move(suggestion)});
}

bool ordering(Comparison comparison) {
    return comparison >= Comparison::Less && comparison <= Comparison::AtLeast;
}

bool fits(FieldKind kind, Comparison comparison) {
    switch (kind) {
        case FieldKind::Number:
        case FieldKind::Size:
        case FieldKind::Duration:
        case FieldKind::Thread:
            return comparison != Comparison::Like && comparison != Comparison::In;
        case FieldKind::State:
        case FieldKind::Flag:
            return comparison == Comparison::Equal || comparison == Comparison::NotEqual;
        case FieldKind::Text:
            return comparison != Comparison::In && !ordering(comparison);
        case FieldKind::Address:
            return !ordering(comparison);
    }
    return false;
}

std::string_view operators_of(FieldKind kind) {
    switch (kind) {
        case FieldKind::State:
        case FieldKind::Flag:
            return "= !=";
        case FieldKind::Text:
            return "= != ~";
        case FieldKind::Address:
            return "= != ~ in";
        default:
            return "= != < <= > >=";
    }
}

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

// A sum of numbers with units: "1h30m", "1.5k". Nothing when a unit is unknown or the sum is out of
// range.
std::optional<std::int64_t> with_units(std::string_view text, std::span<const Unit> units) {
    double sum = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        double number = 0;
        const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number,
                                                   std::chars_format::fixed);
        if (error != std::errc{} || number < 0) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
        const std::size_t length = std::min(text.find_first_of("0123456789."), text.size());
        const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& candidate) {
            return text::iequals(candidate.name, text.substr(0, length));
        });
        if (unit == units.end()) return std::nullopt;
        sum += number * static_cast<double>(unit->factor);
        text.remove_prefix(length);
    }
    if (sum > 9e17) return std::nullopt;
    return static_cast<std::int64_t>(sum + 0.5);
}

constexpr Unit kDurations[] = {{"ms", 1},       {"s", 1000},      {"m", 60'000},
                               {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizes[] = {{"", 1},          {"b", 1},        {"k", 1 << 10},  {"kb", 1 << 10},
                           {"kib", 1 << 10}, {"m", 1 << 20},  {"mb", 1 << 20}, {"mib", 1 << 20},
                           {"g", 1 << 30},   {"gb", 1 << 30}, {"gib", 1 << 30}};

Outcome read_number(Term& term, std::string_view value) {
    const auto number = text::parse_uint(value);
    if (!number || *number > 0x7fff'ffff'ffff'ffffU)
        return refuse(fmt::format("\"{}\" is not a number, and {} is one", text::escape(value),
                                  term.field->name));
    term.number = static_cast<std::int64_t>(*number);
    return {};
}

Outcome read_size(Term& term, std::string_view value) {
    const auto size = with_units(value, kSizes);
    if (!size)
        return refuse(
            fmt::format("\"{}\" is not a size such as 4096, 64k or 2M", text::escape(value)));
    term.number = *size;
    return {};
}

// A bare number is milliseconds, as in the field's name.
Outcome read_duration(Term& term, std::string_view value) {
    if (const auto plain = text::parse_uint(value); plain && *plain < 1'000'000'000'000'000U) {
        term.number = static_cast<std::int64_t>(*plain);
        return {};
    }
    const auto duration = with_units(value, kDurations);
    if (!duration)
        return refuse(fmt::format("\"{}\" is not a duration such as 500ms, 5s, 2m or 1h30m",
                                  text::escape(value)));
    term.number = *duration;
    return {};
}

Outcome read_thread(Term& term, std::string_view value) {
    if (!text::iequals(value, "none")) return read_number(term, value);
    if (ordering(term.comparison))
        return refuse("\"none\" has no order; a connection without a thread is thread = none");
    term.number = -1;
    return {};
}

// The words of the list, and the letters that operators know from the board: W is any connection
// whose answer is being made or sent.
Outcome read_state(Term& term, std::string_view value) {
    for (std::size_t i = 1; i < scoreboard::kConnectionStates; ++i) {
        if (text::iequals(value, state_word(static_cast<ConnectionState>(i))))
            term.states = 1U << i;
    }
    const auto bit = [](ConnectionState state) { return 1U << static_cast<unsigned>(state); };
    if (text::iequals(value, "R")) term.states = bit(ConnectionState::Reading);
    if (text::iequals(value, "W"))
        term.states = bit(ConnectionState::Running) | bit(ConnectionState::Writing);
    if (text::iequals(value, "K") || text::iequals(value, "keep-alive") ||
        text::iequals(value, "keepalive"))
        term.states = bit(ConnectionState::KeepAlive);
    if (text::iequals(value, "C")) term.states = bit(ConnectionState::Closing);
    if (term.states != 0) return {};
    return refuse(
        fmt::format("\"{}\" is no state; states are reading, running, wait_io, writing, "
                    "keep_alive and closing",
                    text::escape(value)));
}

Outcome read_flag(Term& term, std::string_view value) {
    for (const std::string_view yes : {"true", "yes", "on", "1"})
        if (text::iequals(value, yes)) {
            term.number = 1;
            return {};
        }
    for (const std::string_view no : {"false", "no", "off", "0"})
        if (text::iequals(value, no)) return {};
    return refuse(fmt::format("\"{}\" is neither true nor false", text::escape(value)));
}

std::optional<std::array<std::uint8_t, 16>> ipv4(std::string_view text) {
    std::array<std::uint8_t, 16> bytes{};
    const auto parts = text::split(text, '.');
    if (parts.size() != 4) return std::nullopt;
    for (std::size_t i = 0; i < 4; ++i) {
        const auto part = text::parse_uint(parts[i]);
        if (!part || *part > 255 || parts[i].size() > 3) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*part);
    }
    return bytes;
}

// The groups of one side of "::".
bool read_groups(std::string_view text, std::vector<std::uint16_t>& groups) {
    if (text.empty()) return true;
    for (const std::string_view part : text::split(text, ':')) {
        if (part.empty() || part.size() > 4) return false;
        std::uint16_t group = 0;
        const auto [stop, error] =
            std::from_chars(part.data(), part.data() + part.size(), group, 16);
        if (error != std::errc{} || stop != part.data() + part.size()) return false;
        groups.push_back(group);
    }
    return true;
}

std::optional<std::array<std::uint8_t, 16>> ipv6(std::string_view text) {
    const std::size_t gap = text.find("::");
    std::vector<std::uint16_t> head;
    std::vector<std::uint16_t> tail;
    if (!read_groups(text.substr(0, gap), head)) return std::nullopt;
    if (gap == std::string_view::npos) {
        if (head.size() != 8) return std::nullopt;
    } else {
        if (!read_groups(text.substr(gap + 2), tail) || head.size() + tail.size() > 7)
            return std::nullopt;
    }
    std::array<std::uint8_t, 16> bytes{};
    const auto put = [&bytes](std::size_t index, std::uint16_t group) {
        bytes[2 * index] = static_cast<std::uint8_t>(group >> 8U);
        bytes[2 * index + 1] = static_cast<std::uint8_t>(group & 0xffU);
    };
    for (std::size_t i = 0; i < head.size(); ++i)
        put(i, head[i]);
    for (std::size_t i = 0; i < tail.size(); ++i)
        put(8 - tail.size() + i, tail[i]);
    return bytes;
}

bool read_bare_address(Term& term, std::string_view text) {
    if (const auto four = ipv4(text)) {
        term.family = 4;
        term.address = *four;
        return true;
    }
    if (const auto six = ipv6(text)) {
        term.family = 6;
        term.address = *six;
        return true;
    }
    return false;
}

bool read_port(Term& term, std::string_view text) {
    const auto port = text::parse_uint(text);
    if (!port || *port > 65535) return false;
    term.port = static_cast<std::int32_t>(*port);
    return true;
}

Outcome read_address(Term& term, std::string_view value) {
    if (read_bare_address(term, value)) return {};
    if (value.starts_with('[')) {
        const std::size_t close = value.find(']');
        const std::string_view rest =
            close == std::string_view::npos ? "" : value.substr(close + 1);
        if (close != std::string_view::npos &&
            read_bare_address(term, value.substr(1, close - 1)) &&
            (rest.empty() || (rest.starts_with(':') && read_port(term, rest.substr(1)))))
            return {};
    } else if (const std::size_t colon = value.rfind(':'); colon != std::string_view::npos) {
        if (read_bare_address(term, value.substr(0, colon)) && term.family == 4 &&
            read_port(term, value.substr(colon + 1)))
            return {};
    }
    return refuse(
        fmt::format("\"{}\" is no address such as 198.51.100.7, 198.51.100.7:51122 or "
                    "2001:db8::1",
                    text::escape(value)));
}

Outcome read_network(Term& term, std::string_view value) {
    const std::size_t slash = value.find('/');
    const auto bits =
        slash == std::string_view::npos ? std::nullopt : text::parse_uint(value.substr(slash + 1));
    if (!read_bare_address(term, value.substr(0, slash)))
        return refuse(fmt::format("\"{}\" is no network such as 10.0.0.0/8 or 2001:db8::/32",
                                  text::escape(value)));
    const std::uint64_t most = term.family == 4 ? 32 : 128;
    if (slash == std::string_view::npos)
        return refuse(fmt::format("\"{}\" has no mask length", text::escape(value)),
                      fmt::format("{}/{}", value, most));
    if (!bits || *bits > most)
        return refuse(fmt::format("\"{}\" is no mask length; 0 to {} is",
                                  text::escape(value.substr(slash + 1)), most));
    term.prefix = static_cast<std::uint8_t>(*bits);
    return {};
}

// One piece between stars, at exactly `at`.
bool piece_at(std::string_view text, std::size_t at, std::string_view piece) {
    if (at + piece.size() > text.size()) return false;
    for (std::size_t i = 0; i < piece.size(); ++i)
        if (piece[i] != '?' && piece[i] != text[at + i]) return false;
    return true;
}

}  // namespace

tl::expected<void, ValueError> read_value(Term& term, std::string_view value) {
    const FieldKind kind = term.field->kind;
    if (!fits(kind, term.comparison))
        return refuse(fmt::format("this operator does not apply to {}; use one of {}",
                                  term.field->name, operators_of(kind)));
    if (term.comparison == Comparison::In) return read_network(term, value);
    if (term.comparison == Comparison::Like) {
        term.text = text::lower(value);
        return {};
    }
    switch (kind) {
        case FieldKind::Number:
            return read_number(term, value);
        case FieldKind::Size:
            return read_size(term, value);
        case FieldKind::Duration:
            return read_duration(term, value);
        case FieldKind::Thread:
            return read_thread(term, value);
        case FieldKind::State:
            return read_state(term, value);
        case FieldKind::Flag:
            return read_flag(term, value);
        case FieldKind::Address:
            return read_address(term, value);
        case FieldKind::Text:
            term.text = value;
            return {};
    }
    return {};
}

bool like(std::string_view text, std::string_view pattern) {
    const bool from_start = pattern.starts_with('^');
    if (from_start) pattern.remove_prefix(1);
    const bool to_end = pattern.ends_with('$');
    if (to_end) pattern.remove_suffix(1);
    const auto pieces = text::split(pattern, '*');
    std::size_t at = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const std::string_view piece = pieces[i];
        const bool last = i + 1 == pieces.size();
        if (last && to_end) {
            if (piece.size() > text.size() || text.size() - piece.size() < at) return false;
            if (from_start && i == 0 && piece.size() != text.size()) return false;
            return piece_at(text, text.size() - piece.size(), piece);
        }
        if (i == 0 && from_start) {
            if (!piece_at(text, 0, piece)) return false;
            at = piece.size();
            continue;
        }
        while (at + piece.size() <= text.size() && !piece_at(text, at, piece))
            ++at;
        if (at + piece.size() > text.size()) return false;
        at += piece.size();
    }
    return true;
}

}  // namespace mpmd::control
