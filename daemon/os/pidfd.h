#pragma once

// A process that cannot be mistaken for its successor by number: how `mpmd -k` signals and waits.

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class PidFd {
public:
    // Error with os_errno ESRCH: there is no such process.
    [[nodiscard]] static Result<PidFd> open(pid_t pid);
    [[nodiscard]] Result<> send(int signal) const;
    // True when the process has ended within `limit`; a negative one is none.
    [[nodiscard]] bool wait_end(Milliseconds limit) const;

private:
    explicit PidFd(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace mpmd::os
