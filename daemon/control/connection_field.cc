#include "daemon/control/connection_field.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::control {
namespace {

template <std::size_t N>
std::string shown(const std::array<char, N>& field) {
    const auto end = std::find(field.begin(), field.end(), '\0');
    return text::escape({field.data(), static_cast<std::size_t>(end - field.begin())});
}

// A child writes these clocks: a moment in the future is no age.
std::int64_t since(std::int64_t now_ns, std::uint64_t then_ns) {
    const auto then = static_cast<std::int64_t>(then_ns);
    if (then <= 0 || then > now_ns) return 0;
    return (now_ns - then) / 1'000'000;
}

std::string with_port(std::uint8_t family, const std::string& address, std::uint16_t port) {
    return family == 6 ? fmt::format("[{}]:{}", address, port)
                       : fmt::format("{}:{}", address, port);
}

std::string ipv6_text(const std::array<std::uint8_t, 16>& bytes) {
    std::array<std::uint32_t, 8> groups;
    for (std::size_t i = 0; i < 8; ++i)
        groups[i] = std::uint32_t{bytes[2 * i]} << 8U | bytes[2 * i + 1];
    std::size_t best = 8;
    std::size_t best_length = 1;  // RFC 5952: a single zero group is written out
    for (std::size_t i = 0; i < 8;) {
        std::size_t end = i;
        while (end < 8 && groups[end] == 0)
            ++end;
        if (end - i > best_length) {
            best = i;
            best_length = end - i;
        }
        i = end + 1;
    }
    std::string out;
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == best) {
            out += "::";
            i += best_length - 1;
            continue;
        }
        if (!out.empty() && out.back() != ':') out += ':';
        out += fmt::format("{:x}", groups[i]);
    }
    return out;
}

using Facts = ConnectionFacts;

std::int64_t as_number(std::uint64_t value) {
    return static_cast<std::int64_t>(value & 0x7fff'ffff'ffff'ffffU);
}

// clang-format off
constexpr Field kFields[] = {
    {"id", FieldKind::Text, nullptr, [](const Facts& c) { return c.id(); }, nullptr},
    {"child_uid", FieldKind::Number, [](const Facts& c) { return as_number(c.child_uid); }, nullptr, nullptr},
    {"pid", FieldKind::Number, [](const Facts& c) { return std::int64_t{c.pid}; }, nullptr, nullptr},
    {"thread", FieldKind::Thread, [](const Facts& c) { return std::int64_t{c.row.thread}; }, nullptr, nullptr},
    {"state", FieldKind::State, [](const Facts& c) { return static_cast<std::int64_t>(c.row.state); }, nullptr, nullptr},
    {"state_age_ms", FieldKind::Duration, [](const Facts& c) { return c.state_age_ms(); }, nullptr,
        [](const Facts& c) { return -as_number(c.row.since_ns); }},
    {"age_ms", FieldKind::Duration, [](const Facts& c) { return c.age_ms(); }, nullptr,
        [](const Facts& c) { return -as_number(c.row.accepted_ns); }},
    {"peer", FieldKind::Address, nullptr, [](const Facts& c) { return c.peer(); }, nullptr,
        [](const Facts& c) { return Endpoint{c.row.peer_address, c.row.peer_port}; }},
    {"local", FieldKind::Address, nullptr, [](const Facts& c) { return c.local(); }, nullptr,
        [](const Facts& c) { return Endpoint{c.row.local_address, c.row.local_port}; }},
    {"vhost", FieldKind::Text, nullptr, [](const Facts& c) { return c.vhost(); }, nullptr},
    {"method", FieldKind::Text, nullptr, [](const Facts& c) { return c.method(); }, nullptr},
    {"target", FieldKind::Text, nullptr, [](const Facts& c) { return c.target(); }, nullptr},
    {"status", FieldKind::Number, [](const Facts& c) { return std::int64_t{c.row.status}; }, nullptr, nullptr},
    {"requests", FieldKind::Number, [](const Facts& c) { return std::int64_t{c.row.requests}; }, nullptr, nullptr},
    {"bytes_in", FieldKind::Size, [](const Facts& c) { return as_number(c.row.bytes_in); }, nullptr, nullptr},
    {"bytes_out", FieldKind::Size, [](const Facts& c) { return as_number(c.row.bytes_out); }, nullptr, nullptr},
    {"script_pid", FieldKind::Number, [](const Facts& c) { return std::int64_t{c.row.script_pid}; }, nullptr, nullptr},
    {"script_age_ms", FieldKind::Duration, [](const Facts& c) { return c.script_age_ms(); }, nullptr,
        [](const Facts& c) { return -as_number(c.row.script_ns); }},
    {"tls", FieldKind::Flag, [](const Facts& c) { return std::int64_t{c.row.tls != 0}; }, nullptr, nullptr},
};
struct Short {
    std::string_view name;
    std::string_view field;
};
constexpr Short kShort[] = {{"age", "age_ms"}, {"state_age", "state_age_ms"}, {"child", "child_uid"},
                              {"script_age", "script_age_ms"}};
// clang-format on

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
        }
    }
    return row[b.size()];
}

}  // namespace

std::int64_t ConnectionFacts::age_ms() const {
    return since(now_ns, row.accepted_ns);
}
std::int64_t ConnectionFacts::state_age_ms() const {
    return since(now_ns, row.since_ns);
}
std::int64_t ConnectionFacts::script_age_ms() const {
    return since(now_ns, row.script_ns);
}
std::string ConnectionFacts::id() const {
    return fmt::format("{}.{}.{}", epoch, child_uid, row.number);
}
std::string ConnectionFacts::peer() const {
    return with_port(row.family, address_text(row.family, row.peer_address), row.peer_port);
}
std::string ConnectionFacts::local() const {
    return with_port(row.family, address_text(row.family, row.local_address), row.local_port);
}
std::string ConnectionFacts::method() const {
    return shown(row.method);
}
std::string ConnectionFacts::vhost() const {
    return shown(row.vhost);
}
std::string ConnectionFacts::target() const {
    return shown(row.target);
}

std::span<const Field> fields() {
    return kFields;
}

const Field* find_field(std::string_view name) {
    for (const Short& brief : kShort)
        if (text::iequals(brief.name, name)) name = brief.field;
    for (const Field& field : kFields)
        if (text::iequals(field.name, name)) return &field;
    return nullptr;
}

std::string_view suggest_field(std::string_view wrong) {
    if (wrong.size() > 40) return "";
    const std::string lower = text::lower(wrong);
    std::string_view best;
    std::size_t least = std::min<std::size_t>(3, lower.size() / 2 + 1);
    const auto consider = [&](std::string_view name) {
        const std::size_t d =
            lower.size() >= 3 && name.starts_with(lower) ? 1 : distance(lower, name);
        if (d < least) {
            least = d;
            best = name;
        }
    };
    for (const Field& field : kFields)
        consider(field.name);
    for (const Short& brief : kShort)
        consider(brief.name);
    return best;
}

std::string_view state_word(scoreboard::ConnectionState state) {
    static constexpr std::array<std::string_view, scoreboard::kConnectionStates> kWords = {
        "free", "reading", "running", "wait_io", "writing", "keep_alive", "closing"};
    const auto index = static_cast<std::size_t>(state);
    return index < kWords.size() ? kWords[index] : "unknown";
}

std::string address_text(std::uint8_t family, const std::array<std::uint8_t, 16>& bytes) {
    if (family == 6) return ipv6_text(bytes);
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
}

}  // namespace mpmd::control
