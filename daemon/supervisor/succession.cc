#include "daemon/supervisor/succession.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::supervisor {

using scoreboard::RetireReason;

void Succession::near_quota(Child& old) {
    const auto [entry, fresh] = pairs_.try_emplace(old.uid.value());
    if (fresh) start(old.uid, entry->second);
}

void Succession::start(ChildUid old, Pair& pair) {
    if (!core_.respawn.may_fork(os::mono_now())) return;
    const bool held = pair.reason == RetireReason::Quota && !pair.old_stopped;
    const auto uid = children_.start({.held = held, .instead_of = old});
    if (!uid) return;  // asked again at the next tick
    pair.successor = *uid;
    core_.tell(
        log::Level::Info, "child.successor",
        fmt::format(
            "child {} is started to take over from child {} ({})", uid->value(), old.value(),
            pair.reason == RetireReason::Quota ? "its quota is nearly used up" : "MaxChildRSS"),
        *uid);
}

void Succession::stopped_accepting(const Child& old) {
    if (old.reason != RetireReason::Quota && !owns(old.uid)) return;  // by order
    Pair& pair = pairs_[old.uid.value()];
    pair.old_stopped = true;
    if (!pair.successor) return start(old.uid, pair);
    pair.done = true;
    if (Child* successor = core_.children.find(*pair.successor)) children_.release(*successor);
}

void Succession::ready(const Child& child) {
    for (auto& [uid, pair] : pairs_) {
        if (pair.successor != child.uid) continue;
        if (pair.old_stopped) pair.done = true;
        if (pair.reason != RetireReason::Memory) continue;
        pair.done = true;
        Child* old = core_.children.find(ChildUid(uid));
        if (old != nullptr && !old->leaving()) children_.drain(*old, RetireReason::Memory);
    }
}

void Succession::exited(ChildUid uid) {
    if (const auto entry = pairs_.find(uid.value()); entry != pairs_.end()) {
        // It may have died before it said that it stopped.
        if (entry->second.successor)
            if (Child* successor = core_.children.find(*entry->second.successor))
                children_.release(*successor);
        pairs_.erase(entry);
    }
    for (auto& [old, pair] : pairs_)
        if (pair.successor == uid && !pair.done)
            pair.successor.reset();  // before its time: tick() starts another
}

void Succession::tick(MonoTime now) {
    for (auto& [uid, pair] : pairs_)
        if (!pair.successor) start(ChildUid(uid), pair);
    if (core_.respawn.may_fork(now)) check_memory();
}

void Succession::check_memory() {
    const auto limit = static_cast<std::uint64_t>(core_.settings().max_child_rss);
    if (limit == 0) return;
    for (const auto& [uid, pair] : pairs_)
        if (pair.reason == RetireReason::Memory) return;
    for (auto& [uid, child] : core_.children.all()) {
        if (!child.active() || !child.was_ready || child.rss_bytes <= limit ||
            pairs_.count(uid) > 0)
            continue;
        core_.tell(log::Level::Notice, "child.memory",
                   fmt::format("child pid {} uses {} bytes, MaxChildRSS is {}: it is replaced",
                               child.pid, child.rss_bytes, limit),
                   child.uid);
        Pair pair;
        pair.reason = RetireReason::Memory;
        Pair& kept = pairs_.emplace(uid, pair).first->second;
        return start(ChildUid(uid), kept);
    }
}

bool Succession::owns(ChildUid uid) const {
    const auto entry = pairs_.find(uid.value());
    return entry != pairs_.end() && entry->second.successor.has_value();
}

}  // namespace mpmd::supervisor
