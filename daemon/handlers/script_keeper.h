#pragma once

// The scripts of a child that no worker waits for: those that have said everything and still run,
// and those that must end. Ends a whole process group (TERM, and KILL after a while), logs the rest
// of its standard error, reaps it.
//
// One per child. Any thread gives scripts away; the child's main thread watches fd() and calls
// tend(). It also knows of every script that a worker waits for, so that none outlives the child.

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/handlers/script.h"
#include "daemon/os/mutex.h"
#include "daemon/os/poller.h"
#include "daemon/os/timer_fd.h"

namespace mpmd::handlers {

class ScriptKeeper {
public:
    static constexpr Milliseconds kTermGrace{3000};  // from TERM to KILL

    [[nodiscard]] static Result<std::unique_ptr<ScriptKeeper>> create();

    // Any thread: a script that was just started. False: the child is leaving, it has been killed.
    [[nodiscard]] bool admit(const Script& script) EXCLUDES(mutex_);
    // It may finish what it does; who is still there at `until` is ended.
    void let_finish(std::unique_ptr<Script> script, MonoTime until) EXCLUDES(mutex_);
    void end(std::unique_ptr<Script> script) EXCLUDES(mutex_);
    // The owner has reaped it.
    void forget(const Script& script) EXCLUDES(mutex_);

    // The main thread.
    [[nodiscard]] int fd() const { return poller_.fd(); }
    void tend() EXCLUDES(mutex_);
    // The child leaves: ends every script, those of workers too, within `limit`.
    void end_all(Nanoseconds limit) EXCLUDES(mutex_);

    [[nodiscard]] std::size_t running() EXCLUDES(mutex_);  // not yet reaped

private:
    struct Kept {
        std::unique_ptr<Script> script;
        MonoTime until;     // then TERM, or KILL
        bool told = false;  // TERM was sent
        bool killed = false;
        bool hears = true;    // its standard error is watched
        bool watched = true;  // its end is
    };
    ScriptKeeper(os::Poller poller, os::TimerFd timer)
        : poller_(std::move(poller)), timer_(std::move(timer)) {}
    void keep(std::unique_ptr<Script> script, MonoTime until, bool told) EXCLUDES(mutex_);
    [[nodiscard]] bool look_after(Kept& kept, MonoTime now) REQUIRES(mutex_);
    void set_timer() REQUIRES(mutex_);

    os::Poller poller_;
    os::TimerFd timer_;
    os::Mutex mutex_;
    std::set<pid_t> groups_ GUARDED_BY(mutex_);  // not yet reaped
    std::vector<Kept> kept_ GUARDED_BY(mutex_);
    bool leaving_ GUARDED_BY(mutex_) = false;
    MonoTime leave_until_ GUARDED_BY(mutex_){};
};

}  // namespace mpmd::handlers
