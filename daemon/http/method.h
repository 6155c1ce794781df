#pragma once

// Pure. Request methods. `Other` is any well-formed token that we do not know: 501 (RFC 9110 9.1).
// Plain values.

#include <cstdint>
#include <string_view>

namespace mpmd::http {

enum class Method : std::uint8_t {
    Get,
    Head,
    Post,
    Put,
    Delete,
    Connect,
    Options,
    Trace,
    Patch,
    Other
};

// Case-sensitive, as the protocol is.
[[nodiscard]] Method method_of(std::string_view token);

}  // namespace mpmd::http
