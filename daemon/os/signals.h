#pragma once

// Signals as something to read: no handlers, hence nothing async-signal-unsafe.

#include <initializer_list>
#include <optional>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class SignalFd {
public:
    // Blocks the signals in this thread (and in those it starts, and children it forks) and makes
    // them readable.
    [[nodiscard]] static Result<SignalFd> open(std::initializer_list<int> signals);
    [[nodiscard]] int fd() const { return fd_.get(); }
    // The next pending one; nothing when there is none.
    [[nodiscard]] std::optional<int> next();

private:
    explicit SignalFd(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// What a forked child begins with: everything blocked (L-2) but the five that mean a bug; a blocked
// one of those would not even die of kill -SEGV. All dispositions default, SIGPIPE ignored.
void block_all_but_fatal();
// What an executed program begins with: nothing blocked, every disposition default.
void unblock_all();

}  // namespace mpmd::os
