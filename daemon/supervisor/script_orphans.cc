#include "daemon/supervisor/script_orphans.h"

#include <csignal>
#include <utility>

#include <unistd.h>

namespace mpmd::supervisor {

namespace {

constexpr int kLooks = 3;  // at ticks after a child's end

}  // namespace

Result<> ScriptOrphans::adopt() {
    for (const os::OwnChild& child : os::own_children())
        inherited_.insert(child.pid);
    return os::adopt_orphans();
}

void ScriptOrphans::child_gone() {
    looks_left_ = kLooks;
    kill_all();
}

void ScriptOrphans::tick() {
    if (looks_left_ == 0) return;
    if (--looks_left_ == 0) told_.clear();
    kill_all();
}

void ScriptOrphans::end() {
    if (std::exchange(looks_left_, 0) > 0) kill_all();
}

void ScriptOrphans::kill_all() {
    const pid_t session = ::getsid(0);
    for (const os::OwnChild& child : os::own_children()) {
        if (child.pid != child.group || child.session != session) continue;
        if (inherited_.count(child.pid) > 0 || started_by_us_(child.pid)) continue;
        // A leader that has ended still holds the number of its group, and others may be in it.
        (void)::kill(-child.group, SIGKILL);
        if (!child.ended && told_.insert(child.pid).second)
            log_.say(
                log::Level::Notice, "cgi",
                "script pid {} is killed with its process group: the child that ran it is gone",
                child.pid);
    }
}

}  // namespace mpmd::supervisor
