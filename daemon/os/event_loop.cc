#include "daemon/os/event_loop.h"

#include <algorithm>
#include <array>
#include <limits>

namespace mpmd::os {

namespace {

std::uint64_t tag(int fd, std::uint32_t serial) {
    return (std::uint64_t{serial} << 32U) | static_cast<std::uint32_t>(fd);
}

int milliseconds_up(Nanoseconds wait) {
    if (wait.count() <= 0) return 0;
    const std::int64_t ms = (wait.count() + 999'999) / 1'000'000;
    return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

}  // namespace

Result<EventLoop> EventLoop::open() {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll) return fail(Error::os("epoll_create1"));
    return EventLoop(std::move(epoll));
}

Result<> EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
    const std::uint32_t serial = next_serial_++;
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag(fd, serial);
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0)
        return fail(Error::os("epoll_ctl"));
    entries_[fd] = Entry{serial, std::make_shared<Handler>(std::move(handler))};
    return {};
}

void EventLoop::change(int fd, std::uint32_t events) {
    const auto entry = entries_.find(fd);
    if (entry == entries_.end()) return;
    epoll_event event{};
    event.events = events;
    event.data.u64 = tag(fd, entry->second.serial);
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void EventLoop::forget(int fd) {
    if (entries_.erase(fd) > 0) (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::turn(std::optional<Nanoseconds> timeout) {
    std::array<epoll_event, 64> ready{};
    const int wait = timeout ? milliseconds_up(*timeout) : -1;
    const int count =
        ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), wait);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = ready[static_cast<std::size_t>(i)];
        const int fd = static_cast<int>(event.data.u64 & 0xffffffffU);
        const auto entry = entries_.find(fd);
        if (entry == entries_.end() || tag(fd, entry->second.serial) != event.data.u64) continue;
        const std::shared_ptr<Handler> handler = entry->second.handler;  // it may forget itself
        (*handler)(event.events);
    }
}

}  // namespace mpmd::os
