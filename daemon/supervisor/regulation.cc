#include "daemon/supervisor/regulation.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/os/clock.h"
#include "daemon/supervisor/census.h"
#include "daemon/supervisor/slot_holders.h"

namespace mpmd::supervisor {

namespace {

constexpr Seconds kShortageInSight{5};

using log::Level;
using mpm::Branch;
using mpm::Cause;
using scoreboard::RetireReason;

std::string_view event_of(scoreboard::EpisodeCause cause) {
    switch (cause) {
        case scoreboard::EpisodeCause::Cpu:
            return "cpu";
        case scoreboard::EpisodeCause::Slots:
            return "slots";
        default:
            return "limit";
    }
}

// Of the buckets of a tick the operator hears of the one with the greatest.
int gravity(const mpm::Decision& decision) {
    switch (decision.branch) {
        case Branch::GiveUp:
        case Branch::Recovering:
            return 5;
        case Branch::NoFreeSlot:
            return 4;
        case Branch::AtCapacity:
        case Branch::Cancelled:
            return 3;
        case Branch::Spawn:
        case Branch::Recalled:
            return 2;
        case Branch::Surplus:
            return 1;
        case Branch::Enough:
            break;
    }
    return 0;
}

Load load_of(const mpm::Census& census, std::size_t backlog) {
    Load load;
    load.backlog = static_cast<std::uint32_t>(backlog);
    for (const mpm::ChildSummary& child : census.children) {
        load.busy += static_cast<std::uint32_t>(child.busy_threads);
        load.queued += static_cast<std::uint32_t>(child.queued);
    }
    return load;
}

}  // namespace

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

std::string past_shortage_text(std::string_view text, Nanoseconds ago) {
    constexpr std::size_t kMost = sizeof(scoreboard::Global::shortage_text) - 40;
    return fmt::format("{} ({} s ago; enough since)", text.substr(0, kMost),
                       std::max<std::int64_t>(std::chrono::ceil<Seconds>(ago).count(), 1));
}

bool Regulation::tick(const Now& now) {
    CensusInputs inputs{core_.slots(), os::online_cores(), core_.revisions.generation(),
                        now.rollout_running, core_.settings().limits.async_factor_micro};
    inputs.buckets = static_cast<std::uint32_t>(core_.listeners.buckets());
    core_.board.global.online_cores = inputs.online_cores;
    mpm::Census census = take_census(core_.children, core_.board.view(), inputs);
    last_census_ = census;
    const mpm::Limits& limits = core_.settings().limits;
    buckets_.resize(inputs.buckets);
    std::vector<Outcome> outcomes;
    for (; census.bucket < census.buckets; ++census.bucket) {
        outcomes.push_back(regulate(census, now.time));
        census = mpm::assume_done(std::move(census), outcomes.back().plan, limits);
    }
    const Outcome& worst = *std::max_element(
        outcomes.begin(), outcomes.end(), [](const Outcome& one, const Outcome& other) {
            return gravity(one.plan.decision) < gravity(other.plan.decision);
        });
    short_text_ = shortage_text(worst.plan.decision, limits, inputs.online_cores);
    if (!worst.deeds.holders.empty()) short_text_ = "no free process slot: " + worst.deeds.holders;
    keep_episodes(worst.plan.decision, last_census_);
    show_shortage(worst.plan.decision, now.time);
    bool stop = false;
    for (const Outcome& outcome : outcomes) {
        stop = stop || outcome.plan.stop_server;
        if (&outcome == &worst || !outcome.deeds.quiet())
            log_.add(outcome.plan.decision, limits, outcome.deeds, os::wall_now());
    }
    return stop;
}

Regulation::Outcome Regulation::regulate(const mpm::Census& census, MonoTime now) {
    BucketPace& own = buckets_[static_cast<std::size_t>(census.bucket)];
    pace_.rate = own.rate;
    pace_.settling = own.settling;
    Outcome outcome;
    outcome.plan = mpm::plan_maintenance(census, core_.settings().limits, pace_, core_.slots());
    pace_ = outcome.plan.next;
    own = {pace_.rate, pace_.settling};
    const bool paused = !core_.respawn.may_fork(now);
    outcome.deeds = perform(outcome.plan, census, now);
    if (paused && outcome.deeds.wanted > 0) {
        own.rate = 1;  // M-10: after a pause growth begins with one child again
        std::erase_if(outcome.plan.notices, [](const mpm::Notice& notice) {
            return notice.kind == mpm::NoticeKind::BusySpawning;
        });
    }
    if (outcome.plan.decision.branch == Branch::NoFreeSlot)
        outcome.deeds.holders =
            slot_holders(core_.children, core_.board.view(), core_.slots(), now);
    say_notices(outcome.plan);
    say_deeds(outcome.plan.decision, outcome.deeds);
    return outcome;
}

Deeds Regulation::perform(const mpm::Plan& plan, const mpm::Census& census, MonoTime now) {
    Deeds deeds;
    for (const ChildUid uid : plan.recall) {
        Child* child = core_.children.find(uid);
        if (child == nullptr || !child->recallable()) continue;
        children_.recall(*child);
        ++deeds.recalled;
    }
    for (auto& [uid, child] : core_.children.all()) {
        const bool dismissed = std::count(plan.dismiss.begin(), plan.dismiss.end(), child.uid) > 0;
        const bool ours = child.slot.value() % census.buckets == census.bucket;
        // One that has not even closed its door since the last tick is not waited for.
        if (ours && child.paused && (dismissed || !child.door_closed))
            children_.drain(child, RetireReason::Idle);
    }
    deeds.wanted = static_cast<std::uint32_t>(plan.spawn_slots.size());
    if (core_.respawn.may_fork(now)) deeds.spawned = spawn(plan);
    deeds.retired = retire(plan, census);
    return deeds;
}

std::uint32_t Regulation::spawn(const mpm::Plan& plan) {
    std::uint32_t spawned = 0;
    for (const SlotIndex slot : plan.spawn_slots) {
        const auto uid = children_.start({.slot = slot});
        if (!uid) break;  // said by start(); the next tick asks again
        ++spawned;
    }
    return spawned;
}

std::optional<mpm::ChildSummary> Regulation::retire(const mpm::Plan& plan,
                                                    const mpm::Census& census) {
    if (!plan.retire) return std::nullopt;
    Child* child = core_.children.find(*plan.retire);
    if (child == nullptr || child->leaving()) return std::nullopt;
    children_.pause(*child);
    const auto summary =
        std::find_if(census.children.begin(), census.children.end(),
                     [&](const mpm::ChildSummary& seen) { return seen.uid == *plan.retire; });
    return *summary;
}

void Regulation::note_change(const mpm::Limits& before) {
    const mpm::Limits& now = core_.settings().limits;
    if (now.min_spare_threads < before.min_spare_threads ||
        now.max_spare_threads < before.max_spare_threads) {
        pace_ = mpm::note_spare_lowered(pace_);
        for (BucketPace& bucket : buckets_)
            bucket.settling = true;
    }
}

std::int64_t Regulation::predict(const mpm::Limits& limits) const {
    mpm::Census whole = last_census_;
    whole.buckets = 1;
    const mpm::Plan plan = mpm::plan_maintenance(whole, limits, pace_, core_.slots());
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

void Regulation::keep_episodes(const mpm::Decision& decision, const mpm::Census& census) {
    const auto met = limit_met(decision);
    const Load load = load_of(census, met ? core_.listeners.waiting() : 0);
    for (const LimitEpisodes::Change& change : episodes_.tick(met, load, os::wall_now())) {
        const std::string kind(event_of(change.cause));
        if (change.begins)
            core_.tell(Level::Warn, kind + ".begin", short_text_);
        else
            core_.tell(Level::Notice, kind + ".end", episodes_.end_text(change.cause));
    }
    core_.board.global.episodes = episodes_.rows();
}

// What was short stays in sight for a while: the child that cures it comes within a tick, and the
// operator who asks a second later wants to know why it came.
void Regulation::show_shortage(const mpm::Decision& decision, MonoTime now) {
    scoreboard::Global& global = core_.board.global;
    if (decision.shortage == mpm::Cause::None) {
        if (global.shortage == scoreboard::Shortage::None) return;
        if (now - short_at_ < kShortageInSight) {
            scoreboard::set_text(global.shortage_text,
                                 past_shortage_text(last_short_text_, now - short_at_));
            return;
        }
        global.shortage = scoreboard::Shortage::None;
        scoreboard::set_text(global.shortage_text, "");
        return;
    }
    short_at_ = now;
    last_short_text_ = short_text_;
    global.shortage = static_cast<scoreboard::Shortage>(decision.shortage);
    scoreboard::set_text(global.shortage_text, short_text_);
}

void Regulation::say_deeds(const mpm::Decision& decision, const Deeds& deeds) {
    const std::string text = decision_text(decision, core_.settings().limits, deeds);
    if (deeds.spawned > 0) core_.tell(Level::Info, "regulation.spawn", text);
    if (deeds.recalled > 0) core_.tell(Level::Info, "regulation.recall", text);
    if (deeds.retired) core_.tell(Level::Info, "regulation.retire", text, deeds.retired->uid);
}

}  // namespace mpmd::supervisor
