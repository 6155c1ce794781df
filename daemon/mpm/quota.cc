#include "daemon/mpm/quota.h"

#include <algorithm>

namespace mpmd::mpm {

namespace {

constexpr std::int64_t kJitterFrom = 1000;
constexpr std::int64_t kJitterPart = 10;  // at most a tenth

// splitmix64: neighbouring uids get unrelated numbers.
std::uint64_t scatter(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

}  // namespace

std::int64_t jittered_quota(std::int64_t quota, std::uint64_t seed) {
    if (quota < kJitterFrom) return quota;
    const auto span = static_cast<std::uint64_t>(quota / kJitterPart) + 1;
    return quota - static_cast<std::int64_t>(scatter(seed) % span);
}

Milliseconds recycling_pause(std::uint64_t seed) {
    constexpr std::int64_t kShortest = 5000;
    return Milliseconds(kShortest + static_cast<std::int64_t>(scatter(seed) % kShortest));
}

QuotaStep quota_step(std::int64_t used, std::int64_t quota) {
    if (quota <= 0) return QuotaStep::Serve;
    if (used >= quota) return QuotaStep::StopAccepting;
    // used >= ceil(0.9 x quota), without overflow
    return used >= quota - quota / 10 ? QuotaStep::StartSuccessor : QuotaStep::Serve;
}

std::optional<std::int64_t> quota_left(std::int64_t used, std::int64_t quota) {
    if (quota <= 0) return std::nullopt;
    return std::max<std::int64_t>(quota - used, 0);
}

void Handover::started(ChildUid successor) {
    successor_ = successor;
    ready_ = false;
}

Handover::Action Handover::release() {
    if (!ready_ || !door_closed_ || released_) return Action::Nothing;
    released_ = true;
    return Action::Release;
}

Handover::Action Handover::ready(ChildUid uid) {
    if (uid != successor_) return Action::Nothing;
    ready_ = true;
    return release();
}

Handover::Action Handover::stopped_accepting(ChildUid uid) {
    if (uid != old_) return Action::Nothing;
    door_closed_ = true;
    return release();
}

Handover::Action Handover::exited(ChildUid uid) {
    if (uid == old_) {
        old_gone_ = true;
        return stopped_accepting(uid);
    }
    if (uid != successor_ || released_) return Action::Nothing;
    successor_ = ChildUid{};
    // Its old child may still accept: another one may be held. Else clients wait: it must serve at
    // once.
    if (!door_closed_) return Action::StartHeld;
    released_ = true;
    return Action::Start;
}

}  // namespace mpmd::mpm
