#include "daemon/os/timer_fd.h"

#include <algorithm>

#include <sys/timerfd.h>
#include <unistd.h>

namespace mpmd::os {

Result<TimerFd> TimerFd::open() {
    UniqueFd fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!fd) return fail(Error::os("timerfd_create"));
    return TimerFd(std::move(fd));
}

void TimerFd::every(Nanoseconds interval) {
    itimerspec when{};
    when.it_interval.tv_sec = interval.count() / 1'000'000'000;
    when.it_interval.tv_nsec = interval.count() % 1'000'000'000;
    when.it_value = when.it_interval;
    (void)::timerfd_settime(fd_.get(), 0, &when, nullptr);
}

void TimerFd::at(std::optional<MonoTime> when) {
    itimerspec at{};
    if (when) {
        const std::int64_t ns = std::max<std::int64_t>(to_ns(*when), 1);  // 0 would disarm it
        at.it_value.tv_sec = ns / 1'000'000'000;
        at.it_value.tv_nsec = ns % 1'000'000'000;
    }
    (void)::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

bool TimerFd::acknowledge() {
    std::uint64_t expirations = 0;
    return ::read(fd_.get(), &expirations, sizeof(expirations)) ==
           static_cast<ssize_t>(sizeof(expirations));
}

}  // namespace mpmd::os
