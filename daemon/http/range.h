#pragma once

// Pure. Range requests (RFC 9110 14): one range of bytes is answered as such. Several ranges in one
// request are answered with the whole, which the RFC leaves to us: multipart answers cost the
// server more than the client and nobody but download managers, which ask again, wants them.
// Anything malformed, or in another unit, is ignored.

#include <cstdint>
#include <string_view>

namespace mpmd::http {

struct RangeChoice {
    enum class Kind : std::uint8_t { Whole, Part, Unsatisfiable };  // 200, 206, 416
    Kind kind = Kind::Whole;
    std::uint64_t first = 0;  // Part
    std::uint64_t length = 0;
};

// `value` of the Range field against `size` bytes.
[[nodiscard]] RangeChoice choose_range(std::string_view value, std::uint64_t size);

}  // namespace mpmd::http
