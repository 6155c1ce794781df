#pragma once

// The roles in force: what the supervisor's HELLO said, with names turned into numbers. Looked at
// for every call, so that a role taken away by a reload is gone at once, also for connections that
// are open. Any thread.

#include <string>
#include <vector>

#include "daemon/control/authorization.h"
#include "daemon/control/peer.h"
#include "daemon/ipc/command.h"
#include "daemon/os/mutex.h"

namespace mpmd::control {

// "admin user:alice\noperator group:wheel\nviewer uid:1000". `problems`: lines that name nobody
// here, sentences.
[[nodiscard]] RoleRules resolve_roles(const ipc::HelloReply& hello,
                                      std::vector<std::string>& problems);

class RoleBook {
public:
    void set(RoleRules rules) EXCLUDES(mutex_);
    [[nodiscard]] Role role(const Peer& peer) const EXCLUDES(mutex_);

private:
    mutable os::Mutex mutex_;
    RoleRules rules_ GUARDED_BY(mutex_);
    bool known_ GUARDED_BY(mutex_) = false;
};

}  // namespace mpmd::control
