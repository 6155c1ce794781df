#pragma once

// Pure. Start, restart and stop of the whole server: states x commands -> effects
// (mpm-behaviour 6.1 to 6.3, L-1, L-3, M-6; ). How an effect is done is the
// supervisor's; how a restart goes on is rollout.h's.
//
//   Starting --started()--> Running --GracefulStop--> Draining --deadline--> Stopping --> Finished
//                              |                          \___ last child gone ____________^ ^
//                              \--Stop-----------------------------------------> Stopping ---/
//
// Commands merge (L-1): GracefulRestart < HardRestart < GracefulStop < FatalStop < Stop; the
// stronger one replaces a weaker one that still waits, a weaker one after a stronger one is
// ignored. Reopening logs is independent of all that.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"

namespace mpmd::mpm {

enum class Command : std::uint8_t {
    GracefulRestart,  // USR1
    HardRestart,      // HUP
    GracefulStop,     // QUIT; WINCH without a controlling terminal (L-3)
    FatalStop,  // a child ended FATAL, or nobody gets well (M-6, M-17): graceful for kFatalGrace,
                // exit status 1
    Stop,       // TERM, INT
    ReopenLogs,
};

// What a signal to the supervisor asks for; nothing for all others.
[[nodiscard]] std::optional<Command> command_for_signal(int signal, bool controlling_terminal);

enum class ServerState : std::uint8_t { Starting, Running, Draining, Stopping, Finished };
[[nodiscard]] std::string_view to_text(ServerState state);  // "starting", "running", ...

enum class Effect : std::uint8_t {
    ReopenLogs,
    BeginGracefulRestart,  // load the configuration; a bad one changes nothing (6.5); then a
                           // rollout
    BeginHardRestart,      // the same, hard; a running rollout is given up
    StopListening,         // close the listening sockets
    RemovePidFile,
    CancelRollout,  // before every stop
    DrainChildren,  // DRAIN to all, nobody is replaced from here on
    StopChildren,   // STOP to all
    KillChildren,   // SIGKILL to all that live
    LeaveBehind,    // some live in spite of that: name them; Exit follows, with status 1
    Exit,           // leave with exit_code()
};

inline constexpr Seconds kFatalGrace{10};
inline constexpr Seconds kGiveUpAfterKill{1};  // a child that even KILL does not end is left behind

class Lifecycle {
public:
    struct Timeouts {
        Nanoseconds graceful{};  // GracefulShutdownTimeout, 0 = wait for ever
        Nanoseconds stop{};      // StopTimeout: from STOP to KILL
    };
    struct Situation {
        MonoTime now{};
        std::int64_t children_alive = 0;  // every process, retiring ones included
        // A rollout still starts successors. A graceful restart waits for its end, drains do not
        // hold it up.
        bool replacing = false;
        Timeouts timeouts;
    };

    void started() {
        if (state_ == ServerState::Starting) state_ = ServerState::Running;
    }
    void request(Command command);
    // What to do now, in this order. Call after every event, and at next_deadline().
    [[nodiscard]] std::vector<Effect> advance(const Situation& situation);

    [[nodiscard]] ServerState state() const { return state_; }
    [[nodiscard]] std::optional<Command> pending() const { return pending_; }
    [[nodiscard]] std::optional<MonoTime> next_deadline() const { return deadline_; }
    [[nodiscard]] bool stopping() const { return state_ >= ServerState::Draining; }
    [[nodiscard]] bool finished() const { return state_ == ServerState::Finished; }
    [[nodiscard]] int exit_code() const { return exit_code_; }

private:
    using Effects = std::vector<Effect>;
    void begin_restart(const Situation& situation, Effects& effects);
    void begin_stop(const Situation& situation, Effects& effects);
    void enter_stopping(const Situation& situation, Effects& effects);
    void pass_deadline(const Situation& situation, Effects& effects);
    void remove_pid_file(Effects& effects);

    ServerState state_ = ServerState::Starting;
    std::optional<Command> pending_;  // asked for, not begun
    std::optional<Command> acting_;   // the stop in force
    bool reopen_logs_ = false;
    bool pid_file_ = true;
    bool killed_ = false;
    std::optional<MonoTime> deadline_;
    int exit_code_ = 0;
};

}  // namespace mpmd::mpm
