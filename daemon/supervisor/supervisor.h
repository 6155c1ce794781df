#pragma once

// The supervisor: one thread, always. It binds, forks, regulates, replaces, reaps, and holds what
// must outlive everything else. It reads no client's byte and links neither gRPC nor a database.
//
//   loop    signals, SIGCHLD, child channels, command channel, the tick
//   decide  daemon/mpm: lifecycle, maintenance, respawn, rollout (pure)
//   do      children, replacement, succession, control_process, reload
//
// Nothing that a child or control does may stop or block it. It waits for the disk when it starts,
// reads its configuration again or ends, and for a line of its log; state that must be safe on disk
// is written by a process of its own (file_writer.h).

#include <memory>
#include <optional>
#include <string>

#include "daemon/mpm/lifecycle.h"
#include "daemon/os/signals.h"
#include "daemon/os/timer_fd.h"
#include "daemon/supervisor/command_server.h"
#include "daemon/supervisor/control_process.h"
#include "daemon/supervisor/pid_file.h"
#include "daemon/supervisor/reload.h"
#include "daemon/supervisor/run_status.h"
#include "daemon/supervisor/script_orphans.h"
#include "daemon/supervisor/service_notify.h"
#include "daemon/supervisor/spawn.h"
#include "daemon/supervisor/succession.h"

namespace mpmd::supervisor {

class Supervisor {
public:
    // What a start has made (start.cc).
    struct Equipment {
        std::unique_ptr<Core> core;
        PidFile pid_file;
        RunStatusPage run_status;
        ServiceNotify notify;
        os::SignalFd signals;
        os::TimerFd timer;
        std::optional<Detached> detached;  // nothing in the foreground
        Marks marks;                       // as kept on disk
    };
    explicit Supervisor(Equipment equipment);
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Serves until it is told to end; the exit status.
    [[nodiscard]] int run();

private:
    struct RestartWish {
        bool hard = false;
        CommandServer::ReloadWish by;
    };
    [[nodiscard]] Children::Hooks hooks();
    [[nodiscard]] Result<> begin();
    void note_accept_mutex();
    void start_first_children();
    [[nodiscard]] std::optional<Nanoseconds> time_to_wait() const;
    void read_signals();
    void tick();
    void regulate(MonoTime now);
    void pass_deadlines();
    void advance();
    void perform(mpm::Effect effect);
    void drain_children();
    void name_left_behind();
    [[nodiscard]] Result<std::uint64_t> restart(const RestartWish& wish);
    std::uint64_t replace_all(const RestartWish& wish);
    void reopen_logs();

    [[nodiscard]] bool has_dropped_root(Child& child);
    void child_ready(Child& child);
    void child_exited(const Children::Exit& exit);
    void replace_dead(const Children::Exit& exit);
    void speak_of(const mpm::Verdict& verdict, const Children::Exit& exit);
    void announce_ready();
    void show();
    [[nodiscard]] scoreboard::ServerState shown_state() const;
    void keep_marks();
    void end();

    std::unique_ptr<Core> core_owner_;
    Core& core_;
    PidFile pid_file_;
    RunStatusPage run_status_;
    ServiceNotify notify_;
    os::SignalFd signals_;
    os::TimerFd timer_;
    std::optional<Detached> detached_;
    Marks kept_marks_;
    bool writing_marks_ = false;
    bool told_marks_ = false;  // that they cannot be written

    FileWriter writer_;
    Children children_;
    Regulation regulation_;
    Succession succession_;
    Replacement replacement_;
    ControlProcess control_;
    CommandServer commands_;
    ScriptOrphans orphans_;
    mpm::Lifecycle lifecycle_;
    RunStatus status_;
    bool announced_ = false;
    std::string told_rights_;  // of the children
    bool done_ = false;
};

}  // namespace mpmd::supervisor
