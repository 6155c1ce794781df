#include "daemon/mpm/rollout.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace mpmd::mpm {

namespace {

constexpr int kAttempts = 2;
constexpr ChildUid kNobody{};

bool is_over(Rollout::Phase phase) {
    return phase == Rollout::Phase::Done || phase == Rollout::Phase::Abandoned;
}

bool is_replaced(const Rollout::Step& step) {
    return step.phase == Rollout::Phase::Draining || step.phase == Rollout::Phase::Done;
}

std::string name_of(const Rollout::Step& step) {
    if (step.old.uid == kNobody) return "the additional child";
    return fmt::format("the successor of child {}", step.old.uid.value());
}

}  // namespace

std::int64_t default_surge(std::int64_t active_limit) {
    return std::max<std::int64_t>(1, active_limit / 4);
}

std::int64_t reload_successors(std::int64_t start_servers,
                               std::int64_t active,
                               std::int64_t active_limit) {
    return std::clamp<std::int64_t>(std::max(start_servers, active), 1,
                                    std::max<std::int64_t>(active_limit, 1));
}

Rollout::Rollout(std::vector<Target> targets, RolloutOptions options) : options_(options) {
    const auto olds = static_cast<std::int64_t>(targets.size());
    const std::int64_t successors = options.successors > 0 ? options.successors : olds;
    for (std::int64_t i = 0; i < std::max(olds, successors); ++i) {
        Step step;
        if (i < olds) step.old = targets[static_cast<std::size_t>(i)];
        step.old_gone = step.old.uid == kNobody;
        step.wants_successor = i < successors;
        steps_.push_back(std::move(step));
    }
    options_.max_surge = std::max<std::int64_t>(options_.max_surge, 1);
}

Rollout::Actions Rollout::begin(MonoTime now) {
    Actions actions;
    begun_ = true;
    start_more(actions);
    settle(now, actions);
    return actions;
}

Rollout::Actions Rollout::started(std::size_t index, ChildUid successor, MonoTime now) {
    Step& step = steps_.at(index);
    if (finished()) {
        if (step.old_gone) return {};
        return {Action{Action::Kind::Kill, index, successor, std::nullopt}};
    }
    step.phase = Phase::Starting;
    step.successor = successor;
    // A second attempt does not get more time: READY within the limit is what the operator was
    // promised.
    if (step.attempts++ == 0) step.ready_deadline = now + options_.ready_timeout;
    return {};
}

Rollout::Actions Rollout::deferred(std::size_t index) {
    Step& step = steps_.at(index);
    if (step.phase == Phase::Starting && step.successor == kNobody) step.phase = Phase::Waiting;
    return {};
}

Rollout::Actions Rollout::ready(ChildUid successor, MonoTime now) {
    Actions actions;
    if (finished() || successor == kNobody) return actions;
    for (std::size_t i = 0; i < steps_.size(); ++i)
        if (steps_[i].successor == successor && steps_[i].phase == Phase::Starting)
            successor_ready(i, now, actions);
    start_more(actions);
    settle(now, actions);
    return actions;
}

void Rollout::successor_ready(std::size_t index, MonoTime now, Actions& actions) {
    steps_[index].phase = Phase::Draining;
    steps_[index].ready_deadline.reset();
    const bool first = !std::exchange(first_ready_, true);
    if (!options_.hard) {
        dismiss_old(index, now, actions);
        return;
    }
    if (!first) return;
    for (std::size_t i = 0; i < steps_.size(); ++i)
        dismiss_old(i, now, actions);
}

void Rollout::dismiss_old(std::size_t index, MonoTime now, Actions& actions) {
    Step& step = steps_[index];
    if (step.old_gone || step.old_dismissed) return;
    step.old_dismissed = true;
    step.dismissed = now;
    set_drain_deadline(step);
    const auto kind = options_.hard ? Action::Kind::Stop : Action::Kind::Drain;
    actions.push_back(Action{kind, index, step.old.uid, step.drain_deadline});
}

void Rollout::set_drain_deadline(Step& step) const {
    step.drain_deadline.reset();
    if (options_.drain_timeout > Nanoseconds::zero() || options_.hard)
        step.drain_deadline = step.dismissed + options_.drain_timeout;
}

void Rollout::set_drain_timeout(Nanoseconds timeout) {
    options_.drain_timeout = timeout;
    for (Step& step : steps_) {
        // Hard: without a deadline it was killed already.
        const bool waits = step.drain_deadline || !options_.hard;
        if (step.old_dismissed && !step.old_gone && !is_over(step.phase) && waits)
            set_drain_deadline(step);
    }
}

Rollout::Actions Rollout::exited(ChildUid uid, MonoTime now) {
    Actions actions;
    if (finished() || uid == kNobody) return actions;
    for (std::size_t i = 0; i < steps_.size() && !finished(); ++i) {
        Step& step = steps_[i];
        if (step.old.uid == uid) {
            step.old_gone = true;
            step.drain_deadline.reset();
        } else if (step.successor == uid && step.phase == Phase::Starting) {
            successor_lost(i, "died before it was ready", actions);
        }
    }
    start_more(actions);
    settle(now, actions);
    return actions;
}

void Rollout::successor_lost(std::size_t index, std::string note, Actions& actions) {
    Step& step = steps_[index];
    step.successor = kNobody;
    step.note = std::move(note);
    if (step.attempts < kAttempts) {
        step.phase = Phase::Waiting;
        return;
    }
    step.ready_deadline.reset();
    step.phase = Phase::Abandoned;
    const std::string reason = fmt::format("{} {}", name_of(step), step.note);
    // A hard restart has stopped the old children already: going on is all that is left.
    if (options_.hard && first_ready_) {
        if (error_.empty()) error_ = reason;
        return;
    }
    give_up(State::Failed, reason, actions);
}

Rollout::Actions Rollout::tick(MonoTime now) {
    Actions actions;
    if (finished()) return actions;
    pass_deadlines(now, actions);
    start_more(actions);
    settle(now, actions);
    return actions;
}

void Rollout::pass_deadlines(MonoTime now, Actions& actions) {
    for (std::size_t i = 0; i < steps_.size() && !finished(); ++i) {
        Step& step = steps_[i];
        if (step.ready_deadline && now >= *step.ready_deadline) {
            const ChildUid late = step.successor;
            step.attempts = kAttempts;
            if (late != kNobody)
                actions.push_back(Action{Action::Kind::Kill, i, late, std::nullopt});
            const auto limit = std::chrono::duration_cast<Seconds>(options_.ready_timeout).count();
            successor_lost(i, fmt::format("was not ready after {} s", limit), actions);
        }
        if (step.drain_deadline && now >= *step.drain_deadline) {
            step.drain_deadline.reset();
            if (options_.hard) {
                actions.push_back(Action{Action::Kind::Kill, i, step.old.uid, std::nullopt});
            } else if (step.phase == Phase::Draining) {
                step.note = "still draining at its limit";
                step.phase = Phase::Done;
            }
        }
    }
}

std::int64_t Rollout::starting() const {
    return std::count_if(steps_.begin(), steps_.end(),
                         [](const Step& step) { return step.phase == Phase::Starting; });
}

std::optional<std::size_t> Rollout::next_to_start() const {
    const auto waits = [](const Step& step) {
        return step.phase == Phase::Waiting && step.wants_successor;
    };
    for (std::size_t i = 0; i < steps_.size(); ++i)  // repair: nobody serves in its place
        if (waits(steps_[i]) && steps_[i].old_gone && steps_[i].old.uid != kNobody) return i;
    const bool unlimited = options_.hard && first_ready_;
    if (state_ != State::Running || (!unlimited && starting() >= options_.max_surge))
        return std::nullopt;
    for (std::size_t i = 0; i < steps_.size(); ++i)
        if (waits(steps_[i])) return i;
    return std::nullopt;
}

void Rollout::start_more(Actions& actions) {
    if (finished() || !begun_) return;
    while (const auto index = next_to_start()) {
        steps_[*index].phase = Phase::Starting;
        actions.push_back(Action{Action::Kind::Start, *index, kNobody, std::nullopt});
    }
}

Rollout::Actions Rollout::pause() {
    if (state_ == State::Running) state_ = State::Paused;
    return {};
}

Rollout::Actions Rollout::resume(MonoTime now) {
    Actions actions;
    if (state_ != State::Paused) return actions;
    state_ = State::Running;
    start_more(actions);
    settle(now, actions);
    return actions;
}

Rollout::Actions Rollout::cancel() {
    Actions actions;
    if (replacing()) give_up(State::Cancelled, "cancelled", actions);
    return actions;
}

Rollout::Actions Rollout::supersede() {
    Actions actions;
    if (state_ == State::Draining) finish(State::Succeeded, actions);
    return actions;
}

void Rollout::give_up(State state, std::string reason, Actions& actions) {
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        Step& step = steps_[i];
        if (step.phase != Phase::Starting && step.phase != Phase::Waiting) continue;
        const bool needed = step.old_gone && step.old.uid != kNobody;
        if (step.successor != kNobody && !needed)
            actions.push_back(Action{Action::Kind::Kill, i, step.successor, std::nullopt});
        step.phase = Phase::Abandoned;
        step.ready_deadline.reset();
    }
    error_ = std::move(reason);
    finish(state, actions);
}

bool Rollout::all_replaced() const {
    return std::all_of(steps_.begin(), steps_.end(), [](const Step& step) {
        return !step.wants_successor || is_replaced(step) || step.phase == Phase::Abandoned;
    });
}

// After any report: surplus old children go once all successors stand, and the end is noticed.
void Rollout::settle(MonoTime now, Actions& actions) {
    if (finished() || !begun_) return;
    for (Step& step : steps_)
        if (step.phase == Phase::Draining && step.old_gone) step.phase = Phase::Done;
    if (!all_replaced()) return;
    if (state_ == State::Running || state_ == State::Paused) state_ = State::Draining;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
        Step& step = steps_[i];
        if (step.phase != Phase::Waiting) continue;
        dismiss_old(i, now, actions);
        step.phase = step.old_gone ? Phase::Done : Phase::Draining;
    }
    const bool over = std::all_of(steps_.begin(), steps_.end(),
                                  [](const Step& step) { return is_over(step.phase); });
    if (!over) return;
    finish(error_.empty() ? State::Succeeded : State::Failed, actions);
}

void Rollout::finish(State state, Actions& actions) {
    state_ = state;
    actions.push_back(Action{Action::Kind::Finish, 0, kNobody, std::nullopt});
}

bool Rollout::owns(ChildUid uid) const {
    if (finished() || uid == kNobody) return false;
    return std::any_of(steps_.begin(), steps_.end(), [uid](const Step& step) {
        const bool old = step.old.uid == uid && !step.old_gone && !is_over(step.phase);
        return old || (step.successor == uid && step.phase == Phase::Starting);
    });
}

std::optional<MonoTime> Rollout::next_deadline() const {
    std::optional<MonoTime> next;
    if (finished()) return next;
    for (const Step& step : steps_)
        for (const auto& deadline : {step.ready_deadline, step.drain_deadline})
            if (deadline && (!next || *deadline < *next)) next = deadline;
    return next;
}

std::int64_t Rollout::replaced() const {
    return std::count_if(steps_.begin(), steps_.end(), is_replaced);
}

std::int64_t Rollout::draining() const {
    return std::count_if(steps_.begin(), steps_.end(),
                         [](const Step& step) { return step.old_dismissed && !step.old_gone; });
}

std::string Rollout::progress() const {
    std::string text = fmt::format("{}/{} replaced", replaced(), total());
    // Its last words stay when they have long gone.
    if (draining() > 0)
        text += finished() ? fmt::format(" ({} {} still draining)", draining(),
                                         draining() == 1 ? "was" : "were")
                           : fmt::format(", {} draining", draining());
    if (state_ == State::Paused) text += ", paused";
    return text;
}

std::string_view to_text(Rollout::State state) {
    switch (state) {
        case Rollout::State::Running:
            return "running";
        case Rollout::State::Paused:
            return "paused";
        case Rollout::State::Draining:
            return "draining";
        case Rollout::State::Succeeded:
            return "succeeded";
        case Rollout::State::Failed:
            return "failed";
        case Rollout::State::Cancelled:
            return "cancelled";
    }
    return "failed";
}

std::string_view to_text(Rollout::Phase phase) {
    switch (phase) {
        case Rollout::Phase::Waiting:
            return "waiting";
        case Rollout::Phase::Starting:
            return "starting";
        case Rollout::Phase::Draining:
            return "draining";
        case Rollout::Phase::Done:
            return "done";
        case Rollout::Phase::Abandoned:
            return "abandoned";
    }
    return "abandoned";
}

}  // namespace mpmd::mpm
