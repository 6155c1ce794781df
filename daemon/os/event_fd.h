#pragma once

// A bell between threads: any thread rings, one thread polls the descriptor and clears it.

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class EventFd {
public:
    [[nodiscard]] static Result<EventFd> create();
    void ring() const;
    void clear() const;
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    explicit EventFd(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace mpmd::os
