#pragma once

// The only fork and the only exec of the product. Requires of every function: the calling process
// has one thread.
//
// A child keeps what Heritage names and nothing else: other descriptors are closed, shared memory
// that it could write outside its extent is unmapped, root is given up for good; whatever of this
// fails ends it with kExitFatal before it has served a byte (P-10).

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/child/heritage.h"
#include "daemon/os/credentials.h"
#include "daemon/scoreboard/segment.h"
#include "daemon/supervisor/listen_set.h"

namespace mpmd::supervisor {

struct ChildPlan {
    child::Heritage heritage;        // without extent and listeners, which are the fork's own
    ListenSet* listeners = nullptr;  // its sockets are moved from, in the child alone
    std::size_t bucket = 0;          // of them
    scoreboard::Segment* segment = nullptr;
    std::uint64_t extent_offset = 0;
    const os::Identity* identity = nullptr;  // null: stay who we are
};
// The parent's copies of heritage.channel and of the log descriptors are closed on return.
[[nodiscard]] Result<pid_t> fork_child(ChildPlan plan);

struct ControlPlan {
    std::string program;
    std::vector<int> descriptors;            // become 3, 4, 5 ...; -1: that number stays closed
    int error_log = -1;                      // standard error
    const os::Identity* identity = nullptr;  // null: stay who we are
};
// exec of mpmd-control with an empty environment; it ends with us. Exit status 127: could not be
// executed, 126: could not change its user.
[[nodiscard]] Result<pid_t> execute_control(const ControlPlan& plan);

// A short-lived process that runs `work` and exits with what it returns (0 = well): a slow disk
// stops it and not us. It keeps standard error and closes everything else.
[[nodiscard]] Result<pid_t> fork_writer(const std::function<int()>& work);

// Detaches: the caller goes on in a new session, in a background process, with its working
// directory at "/" (1.2 step 6). `ready` in it must be written one byte or closed; the original
// process exits with 0 on that byte and with 1 without, or when it has waited for half a minute.
struct Detached {
    os::UniqueFd ready;
};
[[nodiscard]] Result<Detached> detach();

}  // namespace mpmd::supervisor
