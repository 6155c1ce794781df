#include "daemon/supervisor/decision_log.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpmd::supervisor {

namespace {

using mpm::Branch;
using mpm::Cause;
using mpm::Kept;

std::uint32_t narrow(std::int64_t value) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, 0xffff'ffff));
}

std::string_view kept_text(Kept kept) {
    switch (kept) {
        case Kept::Nothing:
            return "nobody retired";
        case Kept::StillRetiring:
            return "nobody retired while others still leave";
        case Kept::ListenersBusy:
            return "nobody retired: the other listeners would be too busy";
        case Kept::Rollout:
            return "nobody retired while a restart runs";
        case Kept::LastChild:
            return "nobody retired: it is the last child";
    }
    return "";
}

std::string victim_text(const mpm::ChildSummary& child) {
    return fmt::format("child {} retires ({} connections at work, {} kept alive)",
                       child.uid.value(), child.working_connections, child.keep_alive_connections);
}

std::string short_text(const mpm::Decision& decision) {
    const std::string_view what = decision.shortage == Cause::None
                                      ? std::string_view("workers")
                                      : mpm::to_text(decision.shortage);
    return fmt::format("short of {}: {} idle of {} wanted", what, decision.idle, decision.least);
}

std::string surplus_text(const mpm::Decision& decision,
                         const mpm::Limits& limits,
                         const Deeds& deeds) {
    const std::string who =
        deeds.retired ? victim_text(*deeds.retired) : std::string(kept_text(decision.kept));
    if (decision.active > limits.active_limit() && decision.idle <= decision.most)
        return fmt::format("too many children: {} where MaxRequestWorkers {} allows {}; {}",
                           decision.active, limits.max_request_workers, limits.active_limit(), who);
    return fmt::format("too many idle threads: {} where MaxSpareThreads is {}; {}", decision.idle,
                       decision.most, who);
}

std::string spawn_text(const mpm::Decision& decision, const Deeds& deeds) {
    std::string text = short_text(decision);
    if (deeds.recalled > 0)
        text += fmt::format("; {} taken back that were about to leave", deeds.recalled);
    text += fmt::format("; {} started, rate {}", deeds.spawned, decision.rate);
    if (deeds.spawned < deeds.wanted)
        text += fmt::format(", {} wanted: fork is paused or was refused", deeds.wanted);
    if (decision.hold > 0) text += fmt::format(", held for {} ticks", decision.hold);
    return text;
}

}  // namespace

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
        case Branch::Recalled:
            return "M-18d";
        case Branch::Recovering:
        case Branch::GiveUp:
            return "M-17";
    }
    return "";
}

std::string decision_text(const mpm::Decision& decision,
                          const mpm::Limits& limits,
                          const Deeds& deeds) {
    switch (decision.branch) {
        case Branch::Enough:
            return fmt::format("enough: {} idle threads, at least {} and at most {} wanted{}",
                               decision.idle, decision.least, decision.most,
                               decision.shortage == Cause::Cpu ? "; short of cpu" : "");
        case Branch::Surplus:
            return surplus_text(decision, limits, deeds);
        case Branch::AtCapacity:
            return fmt::format("{}; {} threads are all that MaxRequestWorkers {} allows",
                               short_text(decision), decision.present, limits.max_request_workers);
        case Branch::NoFreeSlot:
            return fmt::format("{}; no free process slot: {}", short_text(decision), deeds.holders);
        case Branch::Spawn:
            return spawn_text(decision, deeds);
        case Branch::Cancelled:
            return fmt::format("{}; {} children are all that MaxRequestWorkers {} allows",
                               short_text(decision), decision.active, limits.max_request_workers);
        case Branch::Recalled:
            return fmt::format("{}; {} taken back that were about to leave", short_text(decision),
                               deeds.recalled);
        case Branch::Recovering:
            return "a child could not get its threads; the other buckets are looked at first";
        case Branch::GiveUp:
            return "a child could not get its threads and none ever could: the server stops";
    }
    return "";
}

void DecisionLog::add(const mpm::Decision& decision,
                      const mpm::Limits& limits,
                      const Deeds& deeds,
                      WallTime now) {
    const Reason reason{decision.branch, decision.kept, decision.shortage, deeds.wanted};
    const bool same = deeds.quiet() && quiet_ == reason;
    if (!same) row_ = scoreboard::DecisionRow{};
    row_.idle = narrow(decision.idle);
    row_.present = narrow(decision.present);
    row_.active = narrow(decision.active);
    row_.total = narrow(decision.total);
    row_.free_slots = narrow(decision.free);
    row_.rate = narrow(decision.rate);
    row_.hold = narrow(decision.hold);
    row_.spawned = deeds.spawned;
    row_.recalled = deeds.recalled;
    row_.retired_uid = deeds.retired ? deeds.retired->uid.value() : 0;
    scoreboard::set_text(row_.branch, rule_of(decision.branch));
    scoreboard::set_text(row_.cause, mpm::to_text(decision.shortage));
    scoreboard::set_text(row_.text, decision_text(decision, limits, deeds));
    if (same)
        board_.decision_again(row_, now);
    else
        board_.decision(row_, now);
    quiet_.reset();
    if (deeds.quiet()) quiet_ = reason;
}

void DecisionLog::add_start(std::string_view rule, std::string_view why, WallTime now) {
    row_.spawned = 1;
    row_.recalled = 0;
    row_.retired_uid = 0;
    scoreboard::set_text(row_.branch, rule);
    scoreboard::set_text(row_.cause, "");
    scoreboard::set_text(row_.text, why);
    board_.decision(row_, now);
    quiet_.reset();
}

}  // namespace mpmd::supervisor
