#include "daemon/os/event_fd.h"

#include <cstdint>

#include <sys/eventfd.h>
#include <unistd.h>

namespace mpmd::os {

Result<EventFd> EventFd::create() {
    UniqueFd fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!fd) return fail(Error::os("eventfd"));
    return EventFd(std::move(fd));
}

void EventFd::ring() const {
    const std::uint64_t one = 1;
    // EAGAIN: the bell has been rung 2^64 times and is heard anyway.
    [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

void EventFd::clear() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace mpmd::os
