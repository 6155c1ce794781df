#pragma once

// epoll, owned. A key comes back with each event; what it means is the owner's business. wait() is
// for one thread; add, modify and remove for any.
//
// A descriptor that another process may hold too (a listening socket) must be removed before it is
// closed: epoll watches the description, not the number.

#include <cstdint>
#include <optional>
#include <span>

#include <sys/epoll.h>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class Poller {
public:
    [[nodiscard]] static Result<Poller> create();

    [[nodiscard]] Result<void> add(int fd, std::uint32_t events, std::uint64_t key);
    [[nodiscard]] Result<void> modify(int fd, std::uint32_t events, std::uint64_t key);
    void remove(int fd);  // of a descriptor that is not there: nothing
    // Events that are there, at most into.size(). `timeout` is rounded up to the millisecond;
    // nothing: for ever. An interrupted wait returns nothing.
    [[nodiscard]] std::span<const epoll_event> wait(std::span<epoll_event> into,
                                                    std::optional<Nanoseconds> timeout);
    [[nodiscard]] int fd() const { return fd_.get(); }

private:
    explicit Poller(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

}  // namespace mpmd::os
