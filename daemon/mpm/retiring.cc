#include "daemon/mpm/retiring.h"

#include <algorithm>
#include <tuple>

namespace mpmd::mpm {

namespace {

std::optional<MonoTime> deadline_after(MonoTime since, Nanoseconds limit) {
    if (limit <= Nanoseconds::zero()) return std::nullopt;
    return since + limit;
}

}  // namespace

void DrainClock::order(MonoTime now, Nanoseconds limit, bool fixed) {
    const std::optional<MonoTime> wanted = deadline_after(now, limit);
    if (!since_) {
        since_ = now;
    } else if (!wanted || (deadline_ && *deadline_ <= *wanted)) {
        return;
    }
    deadline_ = wanted;
    fixed_ = fixed;
}

bool DrainClock::revise(Nanoseconds limit) {
    if (!since_ || fixed_) return false;
    const std::optional<MonoTime> wanted = deadline_after(*since_, limit);
    if (wanted == deadline_) return false;
    deadline_ = wanted;
    return true;
}

std::vector<ChildUid> drains_to_end(std::span<const Retiring> draining, std::int64_t limit) {
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(limit, 0));
    if (draining.size() <= most) return {};
    std::vector<Retiring> oldest_first(draining.begin(), draining.end());
    std::sort(oldest_first.begin(), oldest_first.end(), [](const Retiring& a, const Retiring& b) {
        return std::tie(a.since, a.uid) < std::tie(b.since, b.uid);
    });
    std::vector<ChildUid> ended;
    for (std::size_t i = 0; i < oldest_first.size() - most; ++i)
        ended.push_back(oldest_first[i].uid);
    return ended;
}

}  // namespace mpmd::mpm
