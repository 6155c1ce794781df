#pragma once

// Pure. RequestReadTimeout: within what time a request's head, or its body, must have arrived
// (U-12). Whoever sends at MinRate gets a second more for each so many bytes, up to `longest`.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "daemon/base/time.h"

namespace mpmd::mpm {

struct ReadBound {
    Milliseconds initial{0};    // 0 = no bound
    Milliseconds longest{0};    // 0 = no end while min_rate is kept
    std::int64_t min_rate = 0;  // bytes that are worth one second; 0 = the bound does not grow
};

// `since`: when the wait began; `received`: bytes that have come since then.
[[nodiscard]] constexpr std::optional<MonoTime> read_deadline(const ReadBound& bound,
                                                              MonoTime since,
                                                              std::uint64_t received) {
    if (bound.initial <= Milliseconds::zero()) return std::nullopt;
    Milliseconds allowed = bound.initial;
    if (bound.min_rate > 0) {
        constexpr std::uint64_t kMost = std::uint64_t{1} << 50;  // far away, and no overflow
        const auto bytes = static_cast<std::int64_t>(std::min(received, kMost));
        allowed += Milliseconds(bytes / bound.min_rate * 1000 +
                                bytes % bound.min_rate * 1000 / bound.min_rate);
        if (bound.longest > Milliseconds::zero())
            allowed = std::min(allowed, std::max(bound.longest, bound.initial));
    }
    return since + std::min<Milliseconds>(allowed, std::chrono::hours(24 * 365));
}

}  // namespace mpmd::mpm
