#pragma once

// Pure. What to do about a dead child: replace it now, leave it to regulation, wait, or stop the
// server (M-6 to M-10, M-19; ).
//
// A child that dies of a signal is replaced at once, but only the first two between two ticks.
// *Early* deaths (a child that never became ready, or died badly within kEarlyLife) also count up
// without end until a child born after the first of them has lived that long; from the third on
// nobody, regulation included, may fork before a pause of 1, 2, 4 ... 30 s is over, and the tenth
// raises an alarm. fork(2) refused pauses the same way, and nothing here blocks the loop.
//
// One object in the supervisor; told the time. A child that is a target or a successor of a running
// rollout is the rollout's business (rollout.h): report its death here with `replaced_elsewhere`.

#include <cstdint>
#include <optional>

#include "daemon/base/time.h"

namespace mpmd::mpm {

inline constexpr int kExitSick = 7;
inline constexpr int kExitFatal = 15;
inline constexpr Seconds kEarlyLife{1};
inline constexpr Seconds kLongestPause{30};
inline constexpr int kAlarmAfterEarlyDeaths = 10;
inline constexpr int kImmediateReplacements = 2;

struct Death {
    std::optional<int> signal;  // killed by it; otherwise exit_status counts
    int exit_status = 0;
    bool current_generation = true;
    bool was_ready = false;
    bool retiring = false;            // told to drain or stop: nobody waits for it
    bool replaced_elsewhere = false;  // rollout or quota handover cares for the successor
    MonoTime born{};
};

struct Verdict {
    enum class Action : std::uint8_t {
        Leave,       // free the slot; regulation decides at the next tick
        ReplaceNow,  // in the same slot
        StopServer,  // M-6: FATAL from the current generation
    };
    Action action = Action::Leave;
    bool sick = false;     // note_sick() the Pace (M-7, M-8)
    bool warn = false;     // "children keep dying": the 3rd, 13th, 23rd ... signal death in a row
    bool alarm = false;    // the 10th, 20th ... early death in a row
    int early_deaths = 0;  // in a row, this one included
    std::optional<MonoTime> paused_until;
    bool operator==(const Verdict&) const = default;
};

class Respawn {
public:
    [[nodiscard]] Verdict child_died(const Death& death, MonoTime now);
    // fork(2) refused; returns when to try again.
    [[nodiscard]] MonoTime fork_failed(MonoTime now);
    void fork_succeeded() { fork_failures_ = 0; }
    // Once a tick, before regulation. `proven` = latest birth among ready children that live since
    // kEarlyLife.
    void tick(std::optional<MonoTime> proven);

    // Whether anybody may fork now (regulation, rollout, replacement).
    [[nodiscard]] bool may_fork(MonoTime now) const { return now >= paused_until_; }
    [[nodiscard]] std::optional<MonoTime> paused_until(MonoTime now) const;

private:
    [[nodiscard]] bool early(const Death& death, MonoTime now) const;
    void pause(MonoTime now, int failures);

    int signal_deaths_ = 0;  // in a row without a tick
    int early_deaths_ = 0;   // in a row without a survivor
    int fork_failures_ = 0;
    MonoTime first_early_death_{};
    MonoTime paused_until_{};
};

}  // namespace mpmd::mpm
