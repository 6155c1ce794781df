#pragma once

// Pure. Counters over time become rates. Points are kept for a little over a minute; a new epoch
// (counters cleared) begins anew, so that it shows a gap and not a spike.

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "daemon/base/time.h"

namespace mpmd::control {

struct RatePoint {
    MonoTime time;
    std::uint64_t epoch = 0;
    std::uint64_t requests = 0;
    std::uint64_t bytes_out = 0;
    std::unordered_map<std::uint64_t, std::uint64_t> children;  // requests by child uid
};

struct Rates {
    double requests = 0;  // per second, last second
    double requests_10s = 0;
    double requests_60s = 0;
    double bytes_out = 0;
    std::unordered_map<std::uint64_t, double> children;
};

class RateHistory {
public:
    // Points closer than 200 ms to the last one are not kept. Times must not go back.
    void add(RatePoint point);
    // Rates up to `now`, which need not be in the history.
    [[nodiscard]] Rates rates(const RatePoint& now) const;

private:
    // The newest point at least `window` old, or the oldest there is; null when none is old enough
    // to divide by.
    [[nodiscard]] const RatePoint* base(const RatePoint& now, Nanoseconds window) const;

    std::deque<RatePoint> points_;
};

}  // namespace mpmd::control
