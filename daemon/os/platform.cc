#include "daemon/os/platform.h"

#include <cerrno>
#include <csignal>
#include <cstddef>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/mapped_memory.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

namespace {

// Each returns what the call returned: negative, and errno says why.
struct Need {
    const char* call;
    const char* since;  // the kernel that brought it
    int (*attempt)();
};

int descriptor(long result) {
    const UniqueFd fd(static_cast<int>(result));
    return fd ? 0 : -1;
}

int seal_memory() {
    const UniqueFd fd(::memfd_create("mpmd-start", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return -1;
    const auto sealed = seal_for_readers(fd.get());
    if (sealed) return 0;
    errno = sealed.error().os_errno;
    return -1;
}

int open_beneath() {
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_IN_ROOT;
    return descriptor(::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)));
}

int close_nothing() {
    // The range above all descriptors that can be.
    return static_cast<int>(::syscall(SYS_close_range, ~0U, ~0U, 0U));
}

int signal_descriptor() {
    sigset_t none;
    ::sigemptyset(&none);
    return descriptor(::signalfd(-1, &none, SFD_CLOEXEC));
}

constexpr Need kNeeds[] = {
    {"epoll_create1", "2.6.27", [] { return descriptor(::epoll_create1(EPOLL_CLOEXEC)); }},
    {"signalfd", "2.6.22", signal_descriptor},
    {"timerfd_create", "2.6.25",
     [] { return descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)); }},
    {"eventfd", "2.6.22", [] { return descriptor(::eventfd(0, EFD_CLOEXEC)); }},
    {"memfd_create with seals", "5.1", seal_memory},
    {"pidfd_open", "5.3", [] { return descriptor(::syscall(SYS_pidfd_open, ::getpid(), 0U)); }},
    {"openat2", "5.6", open_beneath},
    {"close_range", "5.9", close_nothing},
};

}  // namespace

Result<> check_platform() {
    for (const Need& need : kNeeds) {
        if (need.attempt() >= 0) continue;
        const Error why = Error::os(need.call);
        return fail(Error::text(
            fmt::format("{}: mpmd needs this call, which is there since Linux {}; run it on {} or "
                        "later, and without a filter that forbids it",
                        why.message, need.since, kKernelNeeded)));
    }
    return {};
}

}  // namespace mpmd::os
