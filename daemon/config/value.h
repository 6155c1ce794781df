#pragma once

// Pure. Words to values and back, strictly: whole word or refusal with the allowed range (D-4).

#include <optional>
#include <string>
#include <string_view>

#include "daemon/config/directives.h"

namespace mpmd::config {

// A file may ask for what the N-rules then correct with a warning (Directive::clamps); the API may
// not.
enum class Strictness : std::uint8_t { File, Api };

// Sets `directive` in `settings` from its arguments; leaves `settings` alone when it refuses.
// Requires: directive.support == Support::Yes.
[[nodiscard]] Outcome assign(const Directive& directive,
                             Settings& settings,
                             Arguments arguments,
                             Strictness strictness);

// The number in its base unit. Requires: directive.numeric().
[[nodiscard]] tl::expected<std::int64_t, Refusal> parse_number(const Directive& directive,
                                                               std::string_view word,
                                                               Strictness strictness);

// Of "[scheme://]name[:port]", as ServerName has it; an IPv6 address stands in brackets. Nothing is
// checked.
struct ServerNameParts {
    std::string_view name;
    std::optional<std::string_view> port;
};
[[nodiscard]] ServerNameParts server_name_parts(std::string_view text);

}  // namespace mpmd::config
