#include "daemon/child/drain.h"

namespace mpmd::child {

bool Drain::retire(const config::LiveSettings& live, MonoTime now) {
    if (ordered()) return false;
    std::optional<MonoTime> deadline;
    if (live.child_drain_timeout_ms > 0) deadline = now + Milliseconds(live.child_drain_timeout_ms);
    orders_.drain(deadline, Milliseconds(live.drain_keep_alive_grace_ms));
    return true;
}

void Drain::begin(MonoTime now) {
    began_ = now;
    status_.draining.store(1, std::memory_order_relaxed);
    status_.accepting.store(0, std::memory_order_relaxed);
    reports_.raise(Reports::kDraining);
    ready_.announce();
}

bool Drain::over(std::uint32_t open, MonoTime now) {
    if (orders_.stopping()) return true;
    if (!begun()) return false;
    ready_.keep(open);
    const auto deadline = orders_.drain_deadline();
    return open == 0 || (deadline && now >= *deadline);
}

}  // namespace mpmd::child
