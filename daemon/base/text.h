#pragma once

// Text without locale: comparison, strict numbers, escaping of what strangers sent. Pure; any
// thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mpmd::text {

[[nodiscard]] bool iequals(std::string_view a, std::string_view b);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text);
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
// Whole text as a decimal integer (sign allowed in parse_int); nothing on garbage or overflow
// (D-4).
[[nodiscard]] std::optional<std::int64_t> parse_int(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_uint(std::string_view text);
// Printable ASCII unchanged; everything else, and backslash and double quote, as \xNN, \\ or \".
// For logs and terminals.
[[nodiscard]] std::string escape(std::string_view untrusted);

}  // namespace mpmd::text
