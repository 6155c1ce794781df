#include "daemon/supervisor/succession.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::supervisor {

using mpm::Handover;
using scoreboard::RetireReason;

void Succession::near_quota(Child& old) {
    const auto [entry, fresh] =
        pairs_.try_emplace(old.uid.value(), Pair{Handover(old.uid), RetireReason::Quota});
    if (fresh) start(entry->second);
}

void Succession::start(Pair& pair) {
    if (!core_.respawn.may_fork(os::mono_now())) return;
    const bool held = pair.reason == RetireReason::Quota && pair.handover.old_accepts();
    const auto uid = children_.start({.held = held, .instead_of = pair.handover.old()});
    if (!uid) return;  // asked again at the next tick
    pair.handover.started(*uid);
    const std::string why = fmt::format(
        "child {} is started to take over from child {} ({})", uid->value(),
        pair.handover.old().value(),
        pair.reason == RetireReason::Quota ? "its quota is nearly used up" : "MaxChildRSS");
    core_.tell(log::Level::Info, "child.successor", why, *uid);
    regulation_.note_start(pair.reason == RetireReason::Quota ? "E-20" : "U-14", why);
}

void Succession::perform(Handover::Action action, Pair& pair) {
    switch (action) {
        case Handover::Action::Nothing:
            break;
        case Handover::Action::StartHeld:
        case Handover::Action::Start:
            start(pair);
            break;
        case Handover::Action::Release:
            if (Child* successor = core_.children.find(pair.handover.successor()))
                children_.release(*successor);
            break;
    }
}

void Succession::stopped_accepting(const Child& old) {
    auto entry = pairs_.find(old.uid.value());
    if (entry == pairs_.end()) {
        if (old.reason != RetireReason::Quota) return;  // by order
        entry = pairs_.emplace(old.uid.value(), Pair{Handover(old.uid), RetireReason::Quota}).first;
    }
    Pair& pair = entry->second;
    perform(pair.handover.stopped_accepting(old.uid), pair);
    if (!pair.has_successor()) start(pair);
}

void Succession::ready(const Child& child) {
    for (auto& [uid, pair] : pairs_) {
        if (pair.handover.successor() != child.uid) continue;
        perform(pair.handover.ready(child.uid), pair);
        if (pair.reason != RetireReason::Memory) continue;
        next_recycling_ = os::mono_now() + mpm::recycling_pause(uid);
        Child* old = core_.children.find(ChildUid(uid));
        if (old != nullptr && !old->leaving()) children_.drain(*old, RetireReason::Memory);
    }
}

void Succession::exited(ChildUid uid) {
    for (auto entry = pairs_.begin(); entry != pairs_.end();) {
        Pair& pair = entry->second;
        if (pair.handover.owns(uid)) perform(pair.handover.exited(uid), pair);
        // An old child that went before it had a successor is regulation's affair.
        const bool over =
            pair.handover.over() || (uid.value() == entry->first && !pair.has_successor());
        entry = over ? pairs_.erase(entry) : std::next(entry);
    }
}

void Succession::tick(MonoTime now) {
    // The old one was gone before its successor was ready, which is now.
    for (auto entry = pairs_.begin(); entry != pairs_.end();)
        entry = entry->second.handover.over() ? pairs_.erase(entry) : std::next(entry);
    for (auto& [uid, pair] : pairs_)
        if (!pair.has_successor()) start(pair);
    if (core_.respawn.may_fork(now)) check_memory(now);
}

void Succession::check_memory(MonoTime now) {
    const auto limit = static_cast<std::uint64_t>(core_.settings().max_child_rss);
    if (limit == 0 || now < next_recycling_) return;
    for (const auto& [uid, pair] : pairs_)
        if (pair.reason == RetireReason::Memory && pair.handover.old_accepts()) return;
    for (auto& [uid, child] : core_.children.all()) {
        if (!child.active() || !child.was_ready || child.rss_bytes <= limit ||
            pairs_.count(uid) > 0)
            continue;
        core_.tell(log::Level::Notice, "child.memory",
                   fmt::format("child pid {} uses {} bytes, MaxChildRSS is {}: it is replaced",
                               child.pid, child.rss_bytes, limit),
                   child.uid);
        return start(
            pairs_.emplace(uid, Pair{Handover(child.uid), RetireReason::Memory}).first->second);
    }
}

bool Succession::owns(ChildUid uid) const {
    return std::any_of(pairs_.begin(), pairs_.end(), [uid](const auto& entry) {
        // A successor that was released is a child like any other.
        const Handover& handover = entry.second.handover;
        return entry.second.has_successor() &&
               (uid == handover.old() || (uid == handover.successor() && handover.holding()));
    });
}

}  // namespace mpmd::supervisor
