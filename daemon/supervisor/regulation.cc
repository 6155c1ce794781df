#include "daemon/supervisor/regulation.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/mpm/victim.h"
#include "daemon/os/clock.h"
#include "daemon/supervisor/census.h"

namespace mpmd::supervisor {

namespace {

constexpr Seconds kShortageInSight{5};

using log::Level;
using mpm::Branch;
using mpm::Cause;
using scoreboard::RetireReason;

std::uint32_t narrow(std::int64_t value) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(value, 0));
}

std::string_view rule_of(Branch branch) {
    switch (branch) {
        case Branch::Enough:
            return "M-18e";
        case Branch::Surplus:
            return "M-18a";
        case Branch::AtCapacity:
            return "M-18b";
        case Branch::NoFreeSlot:
            return "M-18c";
        case Branch::Spawn:
        case Branch::Cancelled:
            return "M-18d";
        case Branch::Recovering:
        case Branch::GiveUp:
            return "M-17";
    }
    return "";
}

std::string_view kept_text(mpm::Kept kept) {
    switch (kept) {
        case mpm::Kept::Nothing:
            return "";
        case mpm::Kept::StillRetiring:
            return "; none retired: others still leave";
        case mpm::Kept::ListenersBusy:
            return "; none retired: the listeners are busy";
        case mpm::Kept::Rollout:
            return "; none retired: a restart runs";
        case mpm::Kept::LastChild:
            return "; none retired: it is the last one";
    }
    return "";
}

}  // namespace

Episode::Turn Episode::tick(bool present) {
    if (present) {
        absent_ = 0;
        return std::exchange(running_, true) ? Turn::Same : Turn::Begins;
    }
    if (!running_ || ++absent_ < 2) return Turn::Same;
    running_ = false;
    return Turn::Ends;
}

std::string shortage_text(const mpm::Decision& decision,
                          const mpm::Limits& limits,
                          std::int64_t online_cores) {
    switch (decision.shortage) {
        case Cause::None:
            return "";
        case Cause::Workers:
            if (decision.active >= limits.active_limit())
                return fmt::format(
                    "workers: {} idle of {}, and {} children are all that MaxRequestWorkers {} "
                    "allows; raise it if the machine can take more",
                    decision.idle, decision.present, decision.active, limits.max_request_workers);
            return fmt::format("workers: {} idle, MinSpareThreads is {}; {} of {} children run",
                               decision.idle, limits.min_spare_threads, decision.active,
                               limits.active_limit());
        case Cause::Connections:
            return fmt::format(
                "connections: children have idle workers and do not accept; raise "
                "AsyncRequestWorkerFactor (now {:g})",
                static_cast<double>(limits.async_factor_micro) /
                    static_cast<double>(mpm::kFactorUnit));
        case Cause::Listener:
            return fmt::format("listener: saturated in one of {} children; {} of {} may run",
                               decision.active, decision.active, limits.active_limit());
        case Cause::Cpu:
            return fmt::format(
                "cpu: as many saturated listeners as cores ({}); more children would not help",
                online_cores);
    }
    return "";
}

bool Regulation::tick(const Now& now) {
    spawned_ = 0;
    retired_.reset();
    const CensusInputs inputs{core_.slots(), os::online_cores(), core_.revisions.generation(),
                              now.rollout_running, core_.settings().limits.async_factor_micro};
    core_.board.global.online_cores = inputs.online_cores;
    mpm::Census census = take_census(core_.children, core_.board.view(), inputs);
    const mpm::Limits& limits = core_.settings().limits;
    const mpm::Plan plan = mpm::plan_maintenance(census, limits, pace_, inputs.slots);
    pace_ = plan.next;
    if (core_.respawn.may_fork(now.time)) spawn(plan);
    retire(plan);
    say_notices(plan);
    episodes(plan.decision);
    show_shortage(plan.decision, now.time);
    record(plan);
    last_census_ = std::move(census);
    return plan.stop_server;
}

void Regulation::spawn(const mpm::Plan& plan) {
    for (std::size_t i = 0; i < plan.spawn_slots.size(); ++i) {
        const auto uid = children_.start({});
        if (!uid) return;  // said by start(); the next tick asks again
        ++spawned_;
    }
}

void Regulation::retire(const mpm::Plan& plan) {
    if (!plan.retire) return;
    Child* child = core_.children.find(*plan.retire);
    if (child == nullptr || child->leaving()) return;
    retired_ = plan.retire;
    children_.drain(*child, RetireReason::Idle);
}

void Regulation::note_change(const mpm::Limits& before) {
    const mpm::Limits& now = core_.settings().limits;
    if (now.min_spare_threads < before.min_spare_threads ||
        now.max_spare_threads < before.max_spare_threads)
        pace_ = mpm::note_spare_lowered(pace_);
}

std::int64_t Regulation::predict(const mpm::Limits& limits) const {
    const mpm::Plan plan =
        mpm::plan_maintenance(last_census_, limits, pace_, limits.server_limit * 2);
    std::int64_t idle = plan.decision.idle;
    std::int64_t count = 0;
    while (idle < limits.min_spare_threads &&
           plan.decision.active + count < limits.active_limit()) {
        idle += limits.threads_per_child;
        ++count;
    }
    while (idle > limits.max_spare_threads && plan.decision.active + count > 1) {
        idle -= limits.threads_per_child;
        --count;
    }
    return count;
}

void Regulation::say_notices(const mpm::Plan& plan) {
    const mpm::Limits& limits = core_.settings().limits;
    for (const mpm::Notice& notice : plan.notices) {
        switch (notice.kind) {
            case mpm::NoticeKind::NoHealthyChild:
                core_.tell(Level::Alert, "server.sick",
                           "no child could get the threads it needs; the server stops");
                break;
            case mpm::NoticeKind::BusySpawning:
                core_.note(Level::Info,
                           fmt::format("server seems busy: spawning {} children, {} idle threads, "
                                       "{} children",
                                       notice.count, plan.decision.idle, plan.decision.total));
                break;
            case mpm::NoticeKind::LimitReached:
                core_.note(Level::Error,
                           fmt::format("server reached MaxRequestWorkers setting ({}), consider "
                                       "raising it",
                                       limits.max_request_workers));
                break;
            case mpm::NoticeKind::NearLimit:
                core_.note(Level::Error,
                           fmt::format("server is within MinSpareThreads of MaxRequestWorkers "
                                       "({}), consider raising it",
                                       limits.max_request_workers));
                break;
            // Each tick: told as episodes.
            case mpm::NoticeKind::ScoreboardFull:
            case mpm::NoticeKind::CpuBound:
                break;
        }
    }
}

void Regulation::episodes(const mpm::Decision& decision) {
    const std::string text =
        shortage_text(decision, core_.settings().limits, core_.board.global.online_cores);
    const auto turn = [&](Episode& episode, bool present, std::string_view kind,
                          const std::string& begins, std::string_view ends) {
        switch (episode.tick(present)) {
            case Episode::Turn::Same:
                break;
            case Episode::Turn::Begins:
                core_.tell(Level::Warn, std::string(kind) + ".begin", begins);
                break;
            case Episode::Turn::Ends:
                core_.tell(Level::Notice, std::string(kind) + ".end", ends);
                break;
        }
    };
    const bool at_limit =
        decision.branch == Branch::AtCapacity || decision.branch == Branch::Cancelled;
    turn(at_limit_, at_limit, "limit", text, "workers: enough idle threads again");
    turn(no_slot_, decision.branch == Branch::NoFreeSlot, "slots",
         fmt::format("no free process slot though the limit is not reached: {} children, {} of "
                     "them still leave; raise RetiringLimit or lower ChildDrainTimeout",
                     decision.total, decision.total - decision.active),
         "process slots: free again");
    turn(cpu_, decision.shortage == Cause::Cpu, "cpu", text, "cpu: listeners have time again");
}

// What was short stays in sight for a while: the child that cures it comes within a tick, and the
// operator who asks a second later wants to know why it came.
void Regulation::show_shortage(const mpm::Decision& decision, MonoTime now) {
    scoreboard::Global& global = core_.board.global;
    if (decision.shortage == mpm::Cause::None) {
        if (now - short_at_ < kShortageInSight) return;
        global.shortage = scoreboard::Shortage::None;
        scoreboard::set_text(global.shortage_text, "");
        return;
    }
    short_at_ = now;
    global.shortage = static_cast<scoreboard::Shortage>(decision.shortage);
    scoreboard::set_text(global.shortage_text,
                         shortage_text(decision, core_.settings().limits, global.online_cores));
}

void Regulation::record(const mpm::Plan& plan) {
    const mpm::Decision& seen = plan.decision;
    const bool quiet = seen.branch == Branch::Enough && spawned_ == 0 && !retired_;
    if (quiet && std::exchange(quiet_, true)) return;
    quiet_ = quiet;
    scoreboard::DecisionRow row{};
    row.idle = narrow(seen.idle);
    row.present = narrow(seen.present);
    row.active = narrow(seen.active);
    row.total = narrow(seen.total);
    row.free_slots = narrow(seen.free);
    row.rate = narrow(seen.rate);
    row.hold = narrow(seen.hold);
    row.spawned = spawned_;
    row.retired_uid = retired_ ? retired_->value() : 0;
    scoreboard::set_text(row.branch, rule_of(seen.branch));
    scoreboard::set_text(row.cause, mpm::to_text(seen.shortage));
    const std::string text =
        fmt::format("{}: {} idle of {} in {} children{}", mpm::to_text(seen.branch), seen.idle,
                    seen.present, seen.active, kept_text(seen.kept));
    scoreboard::set_text(row.text, text);
    core_.board.decision(row, os::wall_now());
    if (spawned_ > 0)
        core_.tell(Level::Info, "regulation.spawn",
                   fmt::format("{} more children: {} idle threads, MinSpareThreads {}, short of {}",
                               spawned_, seen.idle, core_.settings().limits.min_spare_threads,
                               mpm::to_text(seen.shortage)));
    if (retired_)
        core_.tell(Level::Info, "regulation.retire",
                   fmt::format("one child less: {} idle threads, MaxSpareThreads {}", seen.idle,
                               core_.settings().limits.max_spare_threads),
                   *retired_);
}

}  // namespace mpmd::supervisor
