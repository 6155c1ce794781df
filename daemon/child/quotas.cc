#include "daemon/child/quotas.h"

#include <algorithm>

#include "daemon/mpm/quota.h"

namespace mpmd::child {

void Quotas::set(const config::LiveSettings& live) {
    most_clients_ = mpm::jittered_quota(live.max_connections_per_child, uid_.value());
    most_requests_ = mpm::jittered_quota(live.max_requests_served_per_child, uid_.value());
}

std::optional<std::int64_t> Quotas::clients_left() const {
    return mpm::quota_left(clients_, most_clients_);
}

bool Quotas::used_up(bool draining) {
    if (most_clients_ == 0 && most_requests_ == 0) return false;
    const auto answered =
        static_cast<std::int64_t>(status_.requests_on_listener.load(std::memory_order_relaxed) +
                                  status_.requests_on_workers.load(std::memory_order_relaxed));
    const mpm::QuotaStep step = std::max(mpm::quota_step(clients_, most_clients_),
                                         mpm::quota_step(answered, most_requests_));
    if (step == mpm::QuotaStep::Serve) return false;
    if (!told_ && !draining) {
        told_ = true;
        reports_.raise(Reports::kNearQuota);
    }
    return step == mpm::QuotaStep::StopAccepting;
}

}  // namespace mpmd::child
