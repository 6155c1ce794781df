#pragma once

// Scripts whose child is gone: that child held their deadlines and would have ended them, now we
// do, at once and with their whole process group. The supervisor's thread.
//
// The kernel gives them to us, their nearest ancestor that asks for orphans. Nothing that a child
// has written is believed (P-11): a group is killed when its leader is a child of ours by the
// kernel's word, not reaped, in our session and none that we have started. Nobody but us reaps it,
// so the number cannot mean another process meanwhile; and a process joins a group by its own will
// or its parent's only, so nobody is in it who did not come from the script. Who has left the
// session, as daemons do, stays.

#include <functional>
#include <set>

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/log/log.h"
#include "daemon/os/process.h"

namespace mpmd::supervisor {

class ScriptOrphans {
public:
    using Started = std::function<bool(pid_t)>;  // by us, and not reaped yet
    ScriptOrphans(const log::Log& log, Started started_by_us)
        : log_(log), started_by_us_(std::move(started_by_us)) {}

    // Before the first child: orphans come to us from here on. Who is our child already (we may
    // have been executed by a shell that has some) is none of them.
    [[nodiscard]] Result<> adopt();
    // A child that may have run scripts has been reaped. They are killed now and, should one have
    // been on its way into its group, at the next ticks again.
    void child_gone();
    void tick();
    // Ends those that are left; the supervisor ends itself.
    void end();
    void reaped(pid_t pid) { inherited_.erase(pid); }

private:
    void kill_all();

    const log::Log& log_;
    const Started started_by_us_;
    std::set<pid_t> inherited_;
    std::set<pid_t> told_;
    int looks_left_ = 0;
};

}  // namespace mpmd::supervisor
