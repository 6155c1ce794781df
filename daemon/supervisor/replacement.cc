#include "daemon/supervisor/replacement.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::supervisor {

namespace {

using mpm::Rollout;
using scoreboard::OperationState;
using scoreboard::StepState;

StepState shown_state(const Rollout::Step& step) {
    switch (step.phase) {
        case Rollout::Phase::Waiting:
            return StepState::Waiting;
        case Rollout::Phase::Starting:
            return StepState::Starting;
        case Rollout::Phase::Draining:
            return StepState::Draining;
        case Rollout::Phase::Done:
            return StepState::Done;
        case Rollout::Phase::Abandoned:
            return StepState::Failed;
    }
    return StepState::Failed;
}

OperationState shown_state(Rollout::State state) {
    switch (state) {
        case Rollout::State::Running:
        case Rollout::State::Paused:
        case Rollout::State::Draining:
            return OperationState::Running;
        case Rollout::State::Succeeded:
            return OperationState::Succeeded;
        case Rollout::State::Failed:
            return OperationState::Failed;
        case Rollout::State::Cancelled:
            return OperationState::Cancelled;
    }
    return OperationState::Failed;
}

std::string_view kind_text(scoreboard::OperationKind kind) {
    switch (kind) {
        case scoreboard::OperationKind::None:
            return "";
        case scoreboard::OperationKind::Restart:
            return "restart";
        case scoreboard::OperationKind::Graceful:
            return "graceful";
        case scoreboard::OperationKind::HardRestart:
            return "hard restart";
        case scoreboard::OperationKind::Change:
            return "change";
        case scoreboard::OperationKind::Reload:
            return "reload";
    }
    return "";
}

std::uint64_t wall_us() {
    return static_cast<std::uint64_t>(to_us(os::wall_now()));
}

}  // namespace

std::uint64_t Replacement::begin(const Order& order) {
    if (running()) perform(rollout_->supersede());
    order_ = order;
    const config::Settings& settings = core_.settings();
    mpm::RolloutOptions options;
    options.max_surge =
        order.max_surge > 0 ? order.max_surge : mpm::default_surge(settings.limits.active_limit());
    options.successors = order.successors;
    options.hard = order.hard;
    options.drain_timeout = drain_timeout();
    std::vector<Rollout::Target> targets;
    for (const ChildUid uid : order.targets)
        if (const Child* child = core_.children.find(uid)) targets.push_back({uid, child->slot});

    head_ = scoreboard::OperationHead{};
    head_.number = core_.board.global.next_operation++;
    head_.kind = order.kind;
    head_.uid = order.uid;
    head_.create_wall_us = wall_us();
    head_.request_id = order.request_id;
    scoreboard::set_text(head_.reason, order.why);
    rollout_.emplace(std::move(targets), options);
    shown_.assign(rollout_->steps().size(), scoreboard::OperationStep{});
    core_.tell(log::Level::Notice, "operation.begin",
               fmt::format("op-{}: {} of {} children begins", head_.number, kind_text(order.kind),
                           rollout_->total()));
    perform(rollout_->begin(os::mono_now()));
    return head_.number;
}

Nanoseconds Replacement::drain_timeout() const {
    const config::Settings& settings = core_.settings();
    return order_.drain_timeout.value_or(Milliseconds(
        order_.hard ? settings.stop_timeout_ms : settings.live.child_drain_timeout_ms));
}

void Replacement::revise_limits() {
    if (!running()) return;
    rollout_->set_drain_timeout(drain_timeout());
    tick(os::mono_now());
}

void Replacement::cancel() {
    if (!running()) return;
    perform(rollout_->replacing() ? rollout_->cancel() : rollout_->supersede());
}

std::optional<MonoTime> Replacement::next_deadline() const {
    return rollout_ ? rollout_->next_deadline() : std::nullopt;
}

void Replacement::ready(ChildUid uid) {
    if (running()) perform(rollout_->ready(uid, os::mono_now()));
}

void Replacement::exited(ChildUid uid) {
    if (running()) perform(rollout_->exited(uid, os::mono_now()));
}

void Replacement::tick(MonoTime now) {
    if (running()) perform(rollout_->tick(now));
}

// Actions may bring further ones; all are done in order, then the operation is shown once.
void Replacement::perform(Rollout::Actions actions) {
    for (std::size_t i = 0; i < actions.size(); ++i) {
        const Rollout::Action action = actions[i];
        switch (action.kind) {
            case Rollout::Action::Kind::Start:
                start(action.step, actions);
                break;
            case Rollout::Action::Kind::Finish:
                break;  // shown below
            default:
                order_out(action);
                break;
        }
    }
    show();
    const bool over = std::any_of(actions.begin(), actions.end(), [](const auto& action) {
        return action.kind == Rollout::Action::Kind::Finish;
    });
    if (over) finish();
}

void Replacement::start(std::size_t step, Rollout::Actions& more) {
    const MonoTime now = os::mono_now();
    const auto append = [&more](Rollout::Actions further) {
        more.insert(more.end(), further.begin(), further.end());
    };
    if (!core_.respawn.may_fork(now)) return append(rollout_->deferred(step));
    const auto uid =
        children_.start({.operation = head_.number, .instead_of = rollout_->steps()[step].old.uid});
    append(uid ? rollout_->started(step, *uid, now) : rollout_->deferred(step));
}

void Replacement::order_out(const Rollout::Action& action) {
    Child* child = core_.children.find(action.uid);
    if (child == nullptr) return;
    child->operation = head_.number;
    switch (action.kind) {
        case Rollout::Action::Kind::Drain:
            children_.drain(*child, order_.reason, order_.drain_timeout);
            break;
        case Rollout::Action::Kind::Stop:
            children_.stop(*child, order_.reason);
            break;
        default:  // its own timer and ours end at the same moment
            if (child->stopped)
                children_.kill_late(*child);
            else
                children_.kill(*child);
            break;
    }
}

void Replacement::show() {
    const std::vector<Rollout::Step>& steps = rollout_->steps();
    for (std::size_t i = 0; i < steps.size(); ++i) {
        scoreboard::OperationStep& shown = shown_[i];
        const StepState state = shown_state(steps[i]);
        if (state != StepState::Waiting && shown.start_wall_us == 0)
            shown.start_wall_us = wall_us();
        if (state >= StepState::Done && shown.end_wall_us == 0) shown.end_wall_us = wall_us();
        shown.state = static_cast<std::uint8_t>(state);
        shown.old_uid = steps[i].old.uid.value();
        if (const Child* old = core_.children.find(steps[i].old.uid)) {
            shown.old_pid = static_cast<std::uint32_t>(old->pid);
            shown.slot = old->slot.value();
        }
        shown.new_uid = steps[i].successor.value();
        if (const Child* fresh = core_.children.find(steps[i].successor))
            shown.new_pid = static_cast<std::uint32_t>(fresh->pid);
    }
    ++head_.update;
    head_.state = shown_state(rollout_->state());
    head_.done = static_cast<std::uint32_t>(rollout_->replaced());
    head_.draining = static_cast<std::uint32_t>(rollout_->draining());
    head_.revision = core_.revisions.revision().value();
    head_.generation = core_.revisions.generation().value();
    core_.board.show_operation(head_, shown_);
}

// Who was to be replaced and is not serves on, like one of the new generation: regulation must not
// add children beside it that cannot get ready either.
void Replacement::keep_the_old() {
    for (const Rollout::Step& step : rollout_->steps())
        if (Child* old = core_.children.find(step.old.uid); old != nullptr && !old->leaving())
            old->stays = true;
}

void Replacement::finish() {
    head_.end_wall_us = wall_us();
    std::string text = rollout_->progress();
    const bool succeeded = rollout_->state() == Rollout::State::Succeeded;
    if (rollout_->state() == Rollout::State::Failed) keep_the_old();
    if (!succeeded && !rollout_->error().empty()) text += ": " + rollout_->error();
    scoreboard::set_text(head_.result, text);
    ++head_.update;
    core_.board.show_operation(head_, shown_);
    core_.tell(succeeded ? log::Level::Notice : log::Level::Error, "operation.end",
               fmt::format("op-{}: {} {}: {}", head_.number, kind_text(head_.kind),
                           mpm::to_text(rollout_->state()), text));
}

}  // namespace mpmd::supervisor
