#pragma once

// Pure. A rolling restart: every target child gets a successor first, and is told to drain when
// that one is ready (decisions.md 4; ). One at a time; supervisor
// state.
//
//   step:  Waiting --Start--> Starting --READY--> Draining --exit or past its deadline--> Done
//                                |
//                                +-- not READY in time, or dead twice: the rollout FAILS, the old
//                                child stays
//
// At most `max_surge` successors are on their way at once; the next one waits for READY, never for
// a drain. SUCCEEDED: all successors were ready and every old child is gone or past its drain
// deadline; until then the progress reads "16/16 replaced, 1 draining".
//
// Hard (`restart --hard`, HUP): as soon as the first successor is ready, every old child gets STOP,
// and all other successors start at once; what lives after StopTimeout is killed.
//
// The supervisor reports what happens, and performs the Actions each report returns, in order. It
// replaces no child that owns() claims. An old child that dies by itself gets its successor at
// once, ahead of the others, even while paused: that is repair. Cancel and failure kill successors
// that are not ready yet, unless their old child is gone.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/strong_type.h"
#include "daemon/base/time.h"

namespace mpmd::mpm {

inline constexpr Seconds kReadyTimeout{10};
[[nodiscard]] std::int64_t default_surge(std::int64_t active_limit);  // max(1, A / 4)
// How many children a new generation begins with: max(StartServers, `active` before it) within what
// may be active; at least one. (M-20 as decisions.md 4 has it: none waits for an old one to leave.)
[[nodiscard]] std::int64_t reload_successors(std::int64_t start_servers,
                                             std::int64_t active,
                                             std::int64_t active_limit);

struct RolloutOptions {
    std::int64_t max_surge = 1;
    // Successors in all: max(StartServers, children active before) for a reload, within A. More
    // than targets: pure additions. Fewer: the surplus old children drain at the end. 0 = one for
    // each target.
    std::int64_t successors = 0;
    bool hard = false;
    Nanoseconds ready_timeout = kReadyTimeout;
    Nanoseconds drain_timeout{};  // ChildDrainTimeout, 0 = unlimited; hard: StopTimeout
};

class Rollout {
public:
    enum class State : std::uint8_t { Running, Paused, Draining, Succeeded, Failed, Cancelled };
    enum class Phase : std::uint8_t { Waiting, Starting, Draining, Done, Abandoned };

    struct Target {
        ChildUid uid;
        SlotIndex slot;
    };
    struct Step {
        Target old;          // uid 0: an addition
        ChildUid successor;  // uid 0: none yet, or none wanted
        Phase phase = Phase::Waiting;
        bool wants_successor = true;
        bool old_dismissed = false;  // DRAIN or STOP was given
        MonoTime dismissed{};
        bool old_gone = false;
        int attempts = 0;
        std::optional<MonoTime> ready_deadline;
        std::optional<MonoTime> drain_deadline;
        std::string note;  // "not ready after 10 s"
    };
    struct Action {
        enum class Kind : std::uint8_t {
            Start,   // fork the successor of `step` (lowest free slot); answer started() or
                     // deferred()
            Drain,   // DRAIN to `uid`, with `deadline` if there is one
            Stop,    // STOP to `uid`
            Kill,    // SIGKILL to `uid`
            Finish,  // the rollout is over: state(), error()
        };
        Kind kind;
        std::size_t step = 0;
        ChildUid uid;
        std::optional<MonoTime> deadline;
        bool operator==(const Action&) const = default;
    };
    using Actions = std::vector<Action>;

    Rollout(std::vector<Target> targets, RolloutOptions options);

    // Reports. Times must not go back.
    [[nodiscard]] Actions begin(MonoTime now);
    [[nodiscard]] Actions started(std::size_t step, ChildUid successor, MonoTime now);  // forked
    [[nodiscard]] Actions deferred(
        std::size_t step);  // no free slot, or fork paused: asked again at the next tick
    [[nodiscard]] Actions ready(ChildUid successor, MonoTime now);
    [[nodiscard]] Actions exited(ChildUid uid,
                                 MonoTime now);  // any child; those not ours are ignored
    [[nodiscard]] Actions tick(MonoTime now);    // at every tick and at next_deadline()
    [[nodiscard]] Actions pause();
    [[nodiscard]] Actions resume(MonoTime now);
    [[nodiscard]] Actions cancel();
    // The operator changed ChildDrainTimeout (hard: StopTimeout): holds for those that drain, too.
    // The caller ticks next.
    void set_drain_timeout(Nanoseconds timeout);
    // A newer restart begins while only drains are left: over, succeeded, "N still draining".
    // Requires: !replacing().
    [[nodiscard]] Actions supersede();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] bool finished() const { return state_ >= State::Succeeded; }
    [[nodiscard]] bool replacing() const { return state_ <= State::Paused; }
    // Whether its death or replacement is this rollout's business.
    [[nodiscard]] bool owns(ChildUid uid) const;
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;
    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] std::int64_t total() const { return static_cast<std::int64_t>(steps_.size()); }
    [[nodiscard]] std::int64_t replaced() const;
    [[nodiscard]] std::int64_t draining() const;
    [[nodiscard]] const std::string& error() const {
        return error_;
    }                                            // of a FAILED one, one clause
    [[nodiscard]] std::string progress() const;  // "3/16 replaced, 1 draining, paused"

private:
    [[nodiscard]] std::int64_t starting() const;
    [[nodiscard]] bool all_replaced() const;
    [[nodiscard]] std::optional<std::size_t> next_to_start() const;
    void start_more(Actions& actions);
    void dismiss_old(std::size_t index, MonoTime now, Actions& actions);
    void set_drain_deadline(Step& step) const;
    void successor_ready(std::size_t index, MonoTime now, Actions& actions);
    void successor_lost(std::size_t index, std::string note, Actions& actions);
    void pass_deadlines(MonoTime now, Actions& actions);
    void give_up(State state, std::string reason, Actions& actions);
    void settle(MonoTime now, Actions& actions);
    void finish(State state, Actions& actions);

    RolloutOptions options_;
    std::vector<Step> steps_;
    State state_ = State::Running;
    bool begun_ = false;
    bool first_ready_ = false;
    std::string error_;
};

[[nodiscard]] std::string_view to_text(Rollout::State state);  // "running", ...
[[nodiscard]] std::string_view to_text(Rollout::Phase phase);

}  // namespace mpmd::mpm
