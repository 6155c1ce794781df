#include "daemon/child/busy_meter.h"

#include <algorithm>

namespace mpmd::child {

std::optional<std::int32_t> BusyMeter::waited(MonoTime from, MonoTime until) {
    busy_ += from - std::max(busy_since_, window_start_);
    busy_since_ = until;
    const Nanoseconds window = until - window_start_;
    if (window < Seconds(1)) return std::nullopt;
    if (const auto demand = demand_.total()) {
        busy_ = std::max(busy_, *demand - demand_before_);
        demand_before_ = *demand;
    }
    const std::int64_t permille = busy_.count() * 1000 / window.count();
    window_start_ = until;
    busy_ = {};
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(permille, 0, 1000));
}

}  // namespace mpmd::child
