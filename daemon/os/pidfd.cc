#include "daemon/os/pidfd.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mpmd::os {

// glibc 2.36 has wrappers; the numbers are older than they are.
Result<PidFd> PidFd::open(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return fail(Error::os("pidfd_open"));
    return PidFd(std::move(fd));
}

Result<> PidFd::send(int signal) const {
    if (::syscall(SYS_pidfd_send_signal, fd_.get(), signal, nullptr, 0) < 0)
        return fail(Error::os("pidfd_send_signal"));
    return {};
}

bool PidFd::wait_end(Milliseconds limit) const {
    pollfd poll{fd_.get(), POLLIN, 0};
    return ::poll(&poll, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace mpmd::os
