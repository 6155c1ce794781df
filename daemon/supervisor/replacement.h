#pragma once

// Runs a rollout (mpm/rollout.h): performs its actions, feeds it what happens, and shows it as an
// operation in the scoreboard, step by step. One at a time. Restart, graceful, hard restart and
// rolling changes all come through here; signals too, so that everything that replaces children has
// a number and an outcome.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "daemon/mpm/rollout.h"
#include "daemon/supervisor/children.h"

namespace mpmd::supervisor {

class Replacement {
public:
    Replacement(Core& core, Children& children) : core_(core), children_(children) {}

    struct Order {
        scoreboard::OperationKind kind = scoreboard::OperationKind::Restart;
        scoreboard::RetireReason reason = scoreboard::RetireReason::Restart;
        std::vector<ChildUid> targets;
        std::int64_t successors = 0;  // in all; 0 = one for each target
        std::int64_t max_surge = 0;   // 0 = a quarter of the active limit
        bool hard = false;
        std::optional<Milliseconds> drain_timeout;  // nothing: ChildDrainTimeout
        std::uint32_t uid = 0;                      // of the person; our own for a signal
        std::array<std::uint8_t, 16> request_id{};
        std::string why;  // as given by the person
    };
    // Returns the number of the operation. Requires: !replacing().
    std::uint64_t begin(const Order& order);
    void cancel();
    // Stopping: only drains are left, nothing of it matters any more.
    [[nodiscard]] bool replacing() const { return rollout_ && rollout_->replacing(); }
    [[nodiscard]] bool running() const { return rollout_ && !rollout_->finished(); }
    [[nodiscard]] bool owns(ChildUid uid) const { return rollout_ && rollout_->owns(uid); }
    [[nodiscard]] std::uint64_t number() const { return head_.number; }
    [[nodiscard]] bool failed() const {
        return rollout_ && rollout_->state() == mpm::Rollout::State::Failed;
    }
    [[nodiscard]] std::string progress() const { return rollout_ ? rollout_->progress() : ""; }
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;

    void ready(ChildUid uid);
    void exited(ChildUid uid);
    void tick(MonoTime now);
    // ChildDrainTimeout or StopTimeout may have been changed.
    void revise_limits();

private:
    [[nodiscard]] Nanoseconds drain_timeout() const;
    void perform(mpm::Rollout::Actions actions);
    void start(std::size_t step, mpm::Rollout::Actions& more);
    void order_out(const mpm::Rollout::Action& action);
    void finish();
    void keep_the_old();
    void show();

    Core& core_;
    Children& children_;
    std::optional<mpm::Rollout> rollout_;
    Order order_;
    scoreboard::OperationHead head_{};
    std::vector<scoreboard::OperationStep> shown_;
};

}  // namespace mpmd::supervisor
