// How children leave: told to drain, to stop, killed; and the deadlines of each.

#include <algorithm>
#include <csignal>

#include <fmt/format.h>

#include "daemon/os/clock.h"
#include "daemon/supervisor/children.h"
#include "daemon/supervisor/slot_holders.h"

namespace mpmd::supervisor {

namespace {

using log::Level;
using scoreboard::ChildState;
using scoreboard::RetireReason;

constexpr Seconds kDrainGrace{2};  // the child enforces its deadline itself; this is for a sick one

}  // namespace

// A quota was used up, or an order is being obeyed: either way it counts as retiring from here on.
void Children::leaves_by_itself(Child& child) {
    if (child.paused || child.drain.runs() || child.state == ChildState::Stopping) return;
    const MonoTime now = os::mono_now();
    retiring(child, child.leaving() ? child.reason : RetireReason::Quota);
    const config::LiveSettings& live = core_.settings().live;
    child.drain.order(now, Milliseconds(live.child_drain_timeout_ms), false);
    child.told_grace_ms = live.drain_keep_alive_grace_ms;
    note_deadline(child, now);  // it keeps it itself
    core_.board.show(child);
}

void Children::drain(Child& child, RetireReason reason, std::optional<Nanoseconds> limit) {
    if (child.state == ChildState::Stopping || child.state == ChildState::Dead) return;
    const MonoTime now = os::mono_now();
    const Nanoseconds usual = Milliseconds(core_.settings().live.child_drain_timeout_ms);
    child.drain.order(now, limit.value_or(usual), limit.has_value());
    retiring(child, reason);
    child.paused = false;
    if (!send_drain(child, now, false)) return stop(child, reason);
    core_.board.show(child);
}

// From the deadline follows when to be harder, and what is shown.
void Children::note_deadline(Child& child, MonoTime now) {
    const std::optional<MonoTime> deadline = child.drain.deadline();
    child.drain_deadline_wall.reset();
    escalations_.erase(child.uid.value());
    if (!deadline) return;
    child.drain_deadline_wall =
        os::wall_now() + std::chrono::duration_cast<std::chrono::microseconds>(*deadline - now);
    escalate_at(child, *deadline + kDrainGrace);
}

bool Children::send_drain(Child& child, MonoTime now, bool revised) {
    note_deadline(child, now);
    ipc::DrainOrder order;
    order.revised = revised ? 1 : 0;
    order.keep_alive_grace_ms = core_.settings().live.drain_keep_alive_grace_ms;
    child.told_grace_ms = order.keep_alive_grace_ms;
    if (const auto deadline = child.drain.deadline()) {
        const auto left = std::chrono::duration_cast<Milliseconds>(*deadline - now).count();
        order.deadline_ms = left > 0 ? left : 1;
    }
    return child.channel.send_body(ipc::Order::Drain, order);
}

void Children::revise_limits() {
    const MonoTime now = os::mono_now();
    const config::LiveSettings& live = core_.settings().live;
    for (auto& [uid, child] : core_.children.all()) {
        if (child.stopped && !child.killed) escalate_stop(child);
        if (!child.draining()) continue;
        const bool moved = child.drain.revise(Milliseconds(live.child_drain_timeout_ms));
        if (!moved && child.told_grace_ms == live.drain_keep_alive_grace_ms) continue;
        if (!send_drain(child, now, true)) stop(child, child.reason);
        core_.board.show(child);
    }
}

void Children::keep_retiring_limit() {
    const std::int64_t limit = core_.settings().retiring_limit;
    if (static_cast<std::int64_t>(core_.children.size()) <= limit) return;
    std::vector<mpm::Retiring> draining;
    for (const auto& [uid, child] : core_.children.all())
        if (child.draining()) draining.push_back({child.uid, *child.drain.since()});
    const MonoTime now = os::mono_now();
    for (const ChildUid uid : mpm::drains_to_end(draining, limit)) {
        Child& child = *core_.children.find(uid);
        core_.tell(
            Level::Notice, "child.drain_ended",
            fmt::format("child pid {} drains for {} s and is ended: more than RetiringLimit "
                        "({}) would drain{}",
                        child.pid,
                        std::chrono::duration_cast<Seconds>(now - *child.drain.since()).count(),
                        limit, held_by(child, core_.board.view(), now)),
            uid);
        stop(child, child.reason);
    }
}

void Children::retiring(Child& child, RetireReason reason) {
    child.state = ChildState::Draining;
    child.reason = reason;
    if (!child.retire_wall) child.retire_wall = os::wall_now();
}

void Children::pause(Child& child) {
    if (!child.was_ready) return drain(child, RetireReason::Idle);
    retiring(child, RetireReason::Idle);
    child.paused = true;
    child.door_closed = false;
    if (!child.channel.send(ipc::Order::Pause)) return stop(child, RetireReason::Idle);
    core_.board.show(child);
}

void Children::recall(Child& child) {
    child.paused = false;
    child.door_closed = false;
    child.state = ChildState::Running;
    child.reason = RetireReason::None;
    child.retire_wall.reset();
    // Until it opens its door it is not short of anything.
    child.ready_ticks = 0;
    if (!child.channel.send(ipc::Order::Resume)) return stop(child, RetireReason::Idle);
    core_.board.show(child);
}

void Children::stop(Child& child, RetireReason reason) {
    child.state = ChildState::Stopping;
    child.paused = false;
    child.reason = reason;
    if (!child.retire_wall) child.retire_wall = os::wall_now();
    core_.board.show(child);
    if (!child.stopped) child.stopped = os::mono_now();
    escalate_stop(child);
    // A child that takes no order any more is not waited for.
    if (!child.channel.send(ipc::Order::Stop)) kill(child);
}

void Children::escalate_stop(Child& child) {
    escalate_at(child, *child.stopped + Milliseconds(core_.settings().stop_timeout_ms));
}

void Children::kill(Child& child) {
    child.killed = true;
    escalations_.erase(child.uid.value());
    (void)::kill(child.pid, SIGKILL);  // not reaped yet, so the number is still its own
}

void Children::kill_late(Child& child) {
    if (!child.killed)
        core_.tell(
            Level::Error, "child.killed",
            child.was_ready
                ? fmt::format("child pid {} still did not exit, sending a SIGKILL", child.pid)
                : fmt::format("child pid {} was not ready after {} s, sending a SIGKILL", child.pid,
                              kStartLimit.count()),
            child.uid);
    kill(child);
}

void Children::release(Child& child) {
    if (!child.held || child.leaving()) return;
    child.held = false;
    if (child.was_ready && !child.leaving()) child.state = ChildState::Running;
    if (!child.channel.send(ipc::Order::Release)) kill(child);
    core_.board.show(child);
}

std::optional<MonoTime> Children::next_deadline() const {
    std::optional<MonoTime> next;
    for (const auto& [uid, when] : escalations_)
        if (!next || when < *next) next = when;
    return next;
}

void Children::pass_deadlines(MonoTime now) {
    const std::map<std::uint64_t, MonoTime> due = escalations_;
    for (const auto& [uid, when] : due) {
        if (when > now) continue;
        escalations_.erase(uid);
        Child* child = core_.children.find(ChildUid(uid));
        if (child == nullptr) continue;
        if (child->state == ChildState::Draining) {
            stop(*child, child->reason);
            continue;
        }
        kill_late(*child);
    }
}

}  // namespace mpmd::supervisor
