#include "tests/scenario/simulated_server.h"

#include <algorithm>
#include <set>

namespace mpmd::scenario {

namespace {
constexpr Milliseconds kUntilReady{50};
constexpr Milliseconds kUntilGone{10};
}  // namespace

SimulatedServer::SimulatedServer(const mpm::Limits& requested, std::int64_t retiring_limit)
    : limits_(mpm::normalise(requested).limits),
      slots_(limits_.server_limit + retiring_limit),
      next_tick_(now_ + Seconds(1)) {
    for (std::int64_t i = 0; i < mpm::initial_children(limits_); ++i)
        fork_child({});
    lifecycle_.started();
}

void SimulatedServer::after(Milliseconds delay, std::function<void()> event) {
    events_.emplace(now_ + delay, std::move(event));
}

void SimulatedServer::run(Seconds length) {
    const MonoTime end = now_ + length;
    while (true) {
        const bool event_first = !events_.empty() && events_.begin()->first <= next_tick_;
        const MonoTime due = event_first ? events_.begin()->first : next_tick_;
        if (due > end) break;
        now_ = due;
        if (event_first) {
            const auto event = std::move(events_.begin()->second);
            events_.erase(events_.begin());
            event();
        } else {
            tick();
            next_tick_ += Seconds(1);
        }
        most_draining_ = std::max(most_draining_, draining());
    }
    now_ = end;
}

void SimulatedServer::tick() {
    std::optional<MonoTime> proven;
    for (const auto& [uid, child] : children_)
        if (child.ready && now_ - child.born >= mpm::kEarlyLife)
            proven = std::max(proven.value_or(child.born), child.born);
    respawn_.tick(proven);
    if (rollout_) perform(rollout_->tick(now_));
    spread_demand();

    const mpm::Plan plan = mpm::plan_maintenance(census(), limits_, pace_, slots_);
    pace_ = plan.next;
    plans_.push_back(plan);
    retire(plan);
    for (const SlotIndex slot : plan.spawn_slots)
        fork_child(slot);
}

void SimulatedServer::retire(const mpm::Plan& plan) {
    for (const ChildUid uid : plan.recall)
        children_.at(uid).draining = children_.at(uid).paused = false;
    for (const ChildUid uid : plan.dismiss) {
        children_.at(uid).paused = false;
        drain(uid);
    }
    if (!plan.retire) return;
    Child& victim = children_.at(*plan.retire);
    victim.draining = victim.paused = true;  // its door is closed, and that is all
}

std::vector<SlotIndex> SimulatedServer::free_slots() const {
    std::set<SlotIndex> used;
    for (const auto& [uid, child] : children_)
        used.insert(child.slot);
    std::vector<SlotIndex> free;
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(slots_); ++i)
        if (used.count(SlotIndex(i)) == 0) free.emplace_back(i);
    return free;
}

std::optional<ChildUid> SimulatedServer::fork_child(std::optional<SlotIndex> slot) {
    const auto free = free_slots();
    if (!respawn_.may_fork(now_) || free.empty()) return std::nullopt;
    const ChildUid uid(next_uid_++);
    Child child;
    child.slot = slot.value_or(free.front());
    child.generation = generation_;
    child.born = now_;
    child.threads = limits_.threads_per_child;
    children_.emplace(uid, child);
    forks_.push_back(now_);
    if (crash_at_start_) {
        after(kUntilReady, [this, uid] { died(uid, 11); });
        return uid;
    }
    after(kUntilReady, [this, uid] {
        const auto found = children_.find(uid);
        if (found == children_.end()) return;
        found->second.ready = true;
        if (rollout_) perform(rollout_->ready(uid, now_));
        spread_demand();
    });
    return uid;
}

mpm::Census SimulatedServer::census() const {
    mpm::Census census;
    census.free_slots = free_slots();
    census.rollout_running = rollout_ && rollout_->replacing();
    for (const auto& [uid, child] : children_) {
        mpm::ChildSummary summary;
        summary.uid = uid;
        summary.slot = child.slot;
        summary.generation = child.generation;
        summary.current_generation = child.generation == generation_;
        summary.quiescing = child.draining;
        summary.recallable = child.paused;
        summary.threads = child.threads;
        summary.idle_threads = child.threads - child.busy;
        summary.present_threads = child.ready ? child.threads : 0;
        summary.working_connections = child.busy;
        census.children.push_back(summary);
    }
    return census;
}

void SimulatedServer::set_demand(std::int64_t requests) {
    demand_ = requests;
    for (auto& [uid, child] : children_)
        child.busy = child.endless;
    spread_demand();
    std::vector<ChildUid> uids;
    for (const auto& [uid, child] : children_)
        uids.push_back(uid);
    for (const ChildUid uid : uids)
        leave_if_done(uid);
}

void SimulatedServer::spread_demand() {
    std::int64_t running = 0;
    for (const auto& [uid, child] : children_)
        running += child.busy - child.endless;
    for (; running < demand_; ++running) {
        Child* least = nullptr;
        for (auto& [uid, child] : children_) {
            const bool may = child.ready && !child.draining && child.busy < child.threads;
            if (may && (least == nullptr || child.busy < least->busy)) least = &child;
        }
        if (least == nullptr) return;
        ++least->busy;
    }
}

void SimulatedServer::pin_endless_requests() {
    for (auto& [uid, child] : children_) {
        if (!child.ready || child.draining || child.busy == child.threads) continue;
        ++child.busy;
        ++child.endless;
    }
}

void SimulatedServer::drain(ChildUid uid) {
    children_.at(uid).draining = true;
    leave_if_done(uid);
}

void SimulatedServer::leave_if_done(ChildUid uid) {
    const Child& child = children_.at(uid);
    if (!child.draining || child.paused || child.busy > 0) return;
    after(kUntilGone, [this, uid] { died(uid, {}); });
}

void SimulatedServer::kill(ChildUid uid, int signal) {
    died(uid, signal);
}

void SimulatedServer::died(ChildUid uid, std::optional<int> signal) {
    const auto found = children_.find(uid);
    if (found == children_.end()) return;
    mpm::Death death;
    death.signal = signal;
    death.current_generation = found->second.generation == generation_;
    death.was_ready = found->second.ready;
    death.retiring = found->second.draining;
    death.replaced_elsewhere = rollout_ && rollout_->owns(uid);
    death.born = found->second.born;
    const SlotIndex slot = found->second.slot;
    children_.erase(found);

    const mpm::Verdict verdict = respawn_.child_died(death, now_);
    if (verdict.alarm) ++alarms_;
    if (verdict.sick) pace_ = mpm::note_sick(pace_);
    if (rollout_) perform(rollout_->exited(uid, now_));
    if (verdict.action == mpm::Verdict::Action::ReplaceNow) fork_child(slot);
}

void SimulatedServer::graceful_restart() {
    lifecycle_.request(mpm::Command::GracefulRestart);
    const bool replacing = rollout_ && rollout_->replacing();
    const auto effects = lifecycle_.advance({now_, living(), replacing, {}});
    if (effects.empty()) return;
    if (rollout_ && !rollout_->finished()) perform(rollout_->supersede());
    generation_ = Generation(generation_.value() + 1);
    std::vector<mpm::Rollout::Target> targets;
    for (const auto& [uid, child] : children_)
        if (!child.draining) targets.push_back({uid, child.slot});
    mpm::RolloutOptions options;
    options.max_surge = mpm::default_surge(limits_.active_limit());
    options.successors =
        mpm::reload_successors(limits_.start_servers, std::ssize(targets), limits_.active_limit());
    rollout_.emplace(std::move(targets), options);
    perform(rollout_->begin(now_));
}

void SimulatedServer::perform(const mpm::Rollout::Actions& actions) {
    for (const mpm::Rollout::Action& action : actions)
        perform(action);
}

void SimulatedServer::perform(const mpm::Rollout::Action& action) {
    using Kind = mpm::Rollout::Action::Kind;
    switch (action.kind) {
        case Kind::Start:
            if (const auto uid = fork_child({})) {
                perform(rollout_->started(action.step, *uid, now_));
            } else {
                perform(rollout_->deferred(action.step));
            }
            break;
        case Kind::Drain:
            drain(action.uid);
            break;
        case Kind::Stop:
        case Kind::Kill:
            died(action.uid, 9);
            break;
        case Kind::Finish:
            break;
    }
}

std::int64_t SimulatedServer::draining() const {
    return std::count_if(children_.begin(), children_.end(),
                         [](const auto& entry) { return entry.second.draining; });
}

std::int64_t SimulatedServer::serving() const {
    return std::count_if(children_.begin(), children_.end(), [](const auto& entry) {
        return entry.second.ready && !entry.second.draining;
    });
}

std::int64_t SimulatedServer::idle_threads() const {
    std::int64_t idle = 0;
    for (const auto& [uid, child] : children_)
        if (child.ready && !child.draining) idle += child.threads - child.busy;
    return idle;
}

}  // namespace mpmd::scenario
