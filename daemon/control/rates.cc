#include "daemon/control/rates.h"

namespace mpmd::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kSpacing = milliseconds(200);
constexpr auto kKept = seconds(61);
constexpr auto kChildrenKept = seconds(3);  // only the last second of each child is asked for
constexpr auto kTolerance = milliseconds(50);

double per_second(std::uint64_t now, std::uint64_t then, Nanoseconds elapsed) {
    if (now <= then) return 0;
    return static_cast<double>(now - then) / std::chrono::duration<double>(elapsed).count();
}

}  // namespace

void RateHistory::add(RatePoint point) {
    if (!points_.empty()) {
        if (point.epoch != points_.back().epoch)
            points_.clear();
        else if (point.time - points_.back().time < kSpacing)
            return;
    }
    const MonoTime now = point.time;
    points_.push_back(std::move(point));
    while (now - points_.front().time > kKept)
        points_.pop_front();
    for (RatePoint& old : points_) {
        if (now - old.time <= kChildrenKept) break;
        old.children.clear();
    }
}

const RatePoint* RateHistory::base(const RatePoint& now, Nanoseconds window) const {
    const RatePoint* found = nullptr;
    for (const RatePoint& point : points_) {
        if (point.epoch != now.epoch) continue;
        if (now.time - point.time < kSpacing) break;
        if (found != nullptr && now.time - point.time < window - kTolerance) break;
        found = &point;
    }
    return found;
}

Rates RateHistory::rates(const RatePoint& now) const {
    Rates rates;
    if (const RatePoint* then = base(now, seconds(1))) {
        const Nanoseconds elapsed = now.time - then->time;
        rates.requests = per_second(now.requests, then->requests, elapsed);
        rates.bytes_out = per_second(now.bytes_out, then->bytes_out, elapsed);
        for (const auto& [uid, requests] : now.children) {
            const auto before = then->children.find(uid);
            // A child younger than the point began at zero.
            rates.children[uid] =
                per_second(requests, before == then->children.end() ? 0 : before->second, elapsed);
        }
    }
    if (const RatePoint* then = base(now, seconds(10)))
        rates.requests_10s = per_second(now.requests, then->requests, now.time - then->time);
    if (const RatePoint* then = base(now, seconds(60)))
        rates.requests_60s = per_second(now.requests, then->requests, now.time - then->time);
    return rates;
}

}  // namespace mpmd::control
