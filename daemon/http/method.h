#pragma once

// Pure. Request methods. `Other` is any well-formed token that we do not know: 501 (RFC 9110 9.1).
// Plain values.

#include <cstdint>

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

}  // namespace mpmd::http
