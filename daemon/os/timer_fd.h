#pragma once

// A periodic timer that can be waited for together with everything else. Monotonic.

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class TimerFd {
public:
    [[nodiscard]] static Result<TimerFd> open();
    [[nodiscard]] int fd() const { return fd_.get(); }
    // First expiry one interval from now. Requires: interval > 0.
    void every(Nanoseconds interval);
    // Makes it unreadable until the next expiry; false when nothing had expired.
    [[nodiscard]] bool acknowledge();

private:
    explicit TimerFd(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace mpmd::os
