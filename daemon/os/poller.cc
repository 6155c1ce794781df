#include "daemon/os/poller.h"

#include <algorithm>
#include <cerrno>

namespace mpmd::os {

Result<Poller> Poller::create() {
    UniqueFd fd(::epoll_create1(EPOLL_CLOEXEC));
    if (!fd) return fail(Error::os("epoll_create1"));
    return Poller(std::move(fd));
}

Result<void> Poller::add(int fd, std::uint32_t events, std::uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_ADD, fd, &event) < 0)
        return fail(Error::os("epoll_ctl ADD"));
    return {};
}

Result<void> Poller::modify(int fd, std::uint32_t events, std::uint64_t key) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = key;
    if (::epoll_ctl(fd_.get(), EPOLL_CTL_MOD, fd, &event) < 0)
        return fail(Error::os("epoll_ctl MOD"));
    return {};
}

void Poller::remove(int fd) {
    epoll_event unused{};
    ::epoll_ctl(fd_.get(), EPOLL_CTL_DEL, fd, &unused);
}

std::span<const epoll_event> Poller::wait(std::span<epoll_event> into,
                                          std::optional<Nanoseconds> timeout) {
    int milliseconds = -1;
    if (timeout) {
        const auto rounded = (std::max<std::int64_t>(timeout->count(), 0) + 999'999) / 1'000'000;
        milliseconds = static_cast<int>(std::min<std::int64_t>(rounded, 3'600'000));
    }
    const int count =
        ::epoll_wait(fd_.get(), into.data(), static_cast<int>(into.size()), milliseconds);
    return {into.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace mpmd::os
