#pragma once

// Tells systemd how the service is (sd_notify's datagram, without its library). Does nothing when
// NOTIFY_SOCKET is unset; never fails.

#include <string>
#include <string_view>

#include "daemon/base/time.h"

namespace mpmd::supervisor {

class ServiceNotify {
public:
    // Takes NOTIFY_SOCKET out of the environment: children shall not speak for us.
    [[nodiscard]] static ServiceNotify from_environment();
    // "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=..." lines.
    void say(std::string_view lines) const;
    // Once a tick: a sign of life, twice in each WATCHDOG_USEC when there is one.
    void pass_time(MonoTime now);

private:
    std::string socket_;
    Nanoseconds watchdog_{};  // half of what is allowed; 0 = nobody watches
    MonoTime next_sign_{};
};

}  // namespace mpmd::supervisor
