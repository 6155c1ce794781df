#pragma once

// Pure. HTTP dates (RFC 9110 5.6.7): writes IMF-fixdate, reads all three forms. Seconds since 1970,
// UTC.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mpmd::http {

inline constexpr std::size_t kDateSize = 29;

// "Sun, 06 Nov 1994 08:49:37 GMT", no terminating zero. Years 0 to 9999.
[[nodiscard]] std::array<char, kDateSize> format_date(std::int64_t seconds);
// IMF-fixdate, RFC 850 and asctime. Two-digit years: below 70 are 20xx. Nothing on anything else.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text);

// Text of the current second, rendered when the second changes. The listener's, or one per worker.
class DateCache {
public:
    [[nodiscard]] std::string_view text(std::int64_t seconds) {
        if (seconds != seconds_) render(seconds);
        return {text_.data(), text_.size()};
    }

private:
    void render(std::int64_t seconds);
    std::int64_t seconds_ = -1;
    std::array<char, kDateSize> text_{};
};

}  // namespace mpmd::http
