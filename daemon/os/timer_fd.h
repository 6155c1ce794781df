#pragma once

// A periodic timer that can be waited for together with everything else. Monotonic.

#include <optional>

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
    // Once, at that time, or not at all.
    void at(std::optional<MonoTime> when);
    // Makes it unreadable until the next expiry; false when nothing had expired.
    [[nodiscard]] bool acknowledge();

private:
    explicit TimerFd(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace mpmd::os
