#include "daemon/supervisor/service_notify.h"

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>

#include "daemon/base/text.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::supervisor {

ServiceNotify ServiceNotify::from_environment() {
    ServiceNotify notify;
    if (const char* path = std::getenv("NOTIFY_SOCKET"); path != nullptr) notify.socket_ = path;
    (void)::unsetenv("NOTIFY_SOCKET");
    if (const char* limit = std::getenv("WATCHDOG_USEC"); limit != nullptr)
        notify.watchdog_ = std::chrono::microseconds(text::parse_int(limit).value_or(0)) / 2;
    (void)::unsetenv("WATCHDOG_USEC");
    (void)::unsetenv("WATCHDOG_PID");
    return notify;
}

void ServiceNotify::pass_time(MonoTime now) {
    if (watchdog_ <= Nanoseconds::zero() || now < next_sign_) return;
    say("WATCHDOG=1");
    next_sign_ = now + watchdog_;
}

void ServiceNotify::say(std::string_view lines) const {
    sockaddr_un address{};
    if (socket_.size() < 2 || socket_.size() >= sizeof(address.sun_path)) return;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.data(), socket_.size());
    if (socket_[0] == '@') address.sun_path[0] = '\0';  // abstract
    const os::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
    (void)::sendto(fd.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&address), length);
}

}  // namespace mpmd::supervisor
