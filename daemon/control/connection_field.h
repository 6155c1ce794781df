#pragma once

// Pure. The fields of a connection by name, as the contract lists them: what a filter compares and
// a list is ordered by. Ages are taken at `now_ns`. The text of a row is untrusted; text() gives it
// escaped, as it is shown.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/scoreboard/layout.h"

namespace mpmd::control {

struct ConnectionFacts {
    std::uint64_t epoch = 0;
    std::uint64_t child_uid = 0;
    std::uint32_t pid = 0;
    std::int64_t now_ns = 0;
    scoreboard::ConnectionRow row{};

    [[nodiscard]] std::int64_t age_ms() const;
    [[nodiscard]] std::int64_t state_age_ms() const;
    [[nodiscard]] std::int64_t script_age_ms() const;
    [[nodiscard]] std::string id() const;    // epoch.child.number
    [[nodiscard]] std::string peer() const;  // 198.51.100.7:51122, [2001:db8::1]:80
    [[nodiscard]] std::string local() const;
    [[nodiscard]] std::string method() const;
    [[nodiscard]] std::string vhost() const;
    [[nodiscard]] std::string target() const;
};

enum class FieldKind : std::uint8_t {
    Number,
    Size,      // bytes: 4096, 64k, 2M
    Duration,  // milliseconds: 500ms, 5s, 2m, 1h30m
    Thread,    // a number, or "none" for a parked connection
    State,     // a word; R W K C as on the board
    Flag,      // true false yes no on off
    Address,   // address with or without port; in CIDR
    Text,
};

struct Endpoint {
    std::array<std::uint8_t, 16> address{};
    std::uint16_t port = 0;
};

struct Field {
    std::string_view name;
    FieldKind kind = FieldKind::Text;
    std::int64_t (*number)(const ConnectionFacts&) = nullptr;
    std::string (*text)(const ConnectionFacts&) = nullptr;
    // Order of rows; for ages the moment they began, so that a page token stays true.
    std::int64_t (*order)(const ConnectionFacts&) = nullptr;
    Endpoint (*endpoint)(const ConnectionFacts&) = nullptr;  // Address
};

[[nodiscard]] std::span<const Field> fields();
// Also by the short names age, state_age, child. Any case; null when there is none.
[[nodiscard]] const Field* find_field(std::string_view name);
// The nearest name, "" when nothing is near.
[[nodiscard]] std::string_view suggest_field(std::string_view wrong);

[[nodiscard]] std::string_view state_word(scoreboard::ConnectionState state);
// "198.51.100.7", "2001:db8::1" (no port, no brackets).
[[nodiscard]] std::string address_text(std::uint8_t family,
                                       const std::array<std::uint8_t, 16>& bytes);

}  // namespace mpmd::control
