#pragma once

// Pure. What a request may be at most. Units are bytes unless the name says otherwise.

#include <cstdint>

namespace mpmd::http {

struct RequestLimits {
    std::uint32_t line = 8190;        // LimitRequestLine, without CRLF: 414 above
    std::uint32_t fields = 100;       // LimitRequestFields, count, 0 = unlimited: 431 above
    std::uint32_t field_size = 8190;  // LimitRequestFieldSize, one field line: 431 above
    std::uint64_t body = 1073741824;  // LimitRequestBody, 0 = unlimited: 413 above
    bool operator==(const RequestLimits&) const = default;
};

}  // namespace mpmd::http
