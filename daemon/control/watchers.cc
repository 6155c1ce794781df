#include "daemon/control/watchers.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpmd::control {

Outcome<std::unique_ptr<Watchers::Pass>> Watchers::enter(std::uint32_t uid) {
    {
        const os::Lock lock(mutex_);
        const std::size_t each = std::max<std::size_t>(1, most_ / 4);
        const auto mine = by_uid_.find(uid);
        const bool one_too_many = mine != by_uid_.end() && mine->second >= each;
        if (count_ >= most_ || one_too_many) {
            const std::size_t limit = one_too_many ? each : most_;
            return refuse(
                {Code::ResourceExhausted,
                 "WATCHER_LIMIT",
                 fmt::format("{} streams are open{}; close one, or raise ControlMaxWatchers", limit,
                             one_too_many ? " by this user" : ""),
                 {{"limit", fmt::format("{}", limit)}, {"retry_seconds", "5"}},
                 {}});
        }
        ++count_;
        ++by_uid_[uid];
    }
    return std::make_unique<Pass>(*this, uid);
}

void Watchers::leave(std::uint32_t uid) {
    const os::Lock lock(mutex_);
    --count_;
    const auto mine = by_uid_.find(uid);
    if (--mine->second == 0) by_uid_.erase(mine);
}

void Watchers::limit(std::size_t most) {
    const os::Lock lock(mutex_);
    most_ = std::max<std::size_t>(1, most);
}

std::size_t Watchers::count() const {
    const os::Lock lock(mutex_);
    return count_;
}

}  // namespace mpmd::control
