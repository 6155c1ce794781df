#pragma once

// Tells systemd how the service is (sd_notify's datagram, without its library). Does nothing when
// NOTIFY_SOCKET is unset; never fails.

#include <string>
#include <string_view>

namespace mpmd::supervisor {

class ServiceNotify {
public:
    // Takes NOTIFY_SOCKET out of the environment: children shall not speak for us.
    [[nodiscard]] static ServiceNotify from_environment();
    // "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=..." lines.
    void say(std::string_view lines) const;

private:
    std::string socket_;
};

}  // namespace mpmd::supervisor
