#pragma once

// The child's end of the listening sockets: in epoll while the child accepts, out of it while it
// does not. Listener only.
//
// Level-triggered EPOLLIN|EPOLLEXCLUSIVE: one child is woken per client. Left alone, the child that
// waited longest is woken last, and one child gets nearly everything; so after kStepBack accepts we
// leave the queue and join it again at the end (decisions.md 2). A woken child that does not accept
// would leave its client waiting: the listener therefore accepts before it does anything else with
// a wake-up, and tries once a second without being asked.

#include <cstdint>
#include <span>
#include <vector>

#include "daemon/config/settings.h"
#include "daemon/net/address.h"
#include "daemon/net/listen_socket.h"
#include "daemon/os/poller.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::child {

inline constexpr int kAcceptsPerWakeup = 8;
inline constexpr int kStepBack = 8;

enum class Knock : std::uint8_t {
    Client,
    Nobody,
    Passing,   // that client is gone already: try the next
    Shortage,  // no descriptors or memory: wait a little
    Gone,      // the supervisor has shut that socket: no client will ever come by it
    Unusable,  // the network is down, or the socket will not give us clients any more
};
// E-9: what a failed accept() means.
[[nodiscard]] Knock classify_accept(int os_errno);

struct Guest {
    os::UniqueFd fd;
    net::Address peer;
    int os_errno = 0;
};

// SendBufferSize and ReceiveBufferSize, where they are set.
void set_buffers(int fd, const config::LiveSettings& live);

class Door {
public:
    // Event keys of the sockets are first_key, first_key + 1 ...
    Door(os::Poller& poller, std::vector<net::ListenSocket>& sockets, std::uint64_t first_key)
        : poller_(poller), sockets_(sockets), first_key_(first_key) {}

    [[nodiscard]] std::size_t sockets() const { return sockets_.size(); }
    [[nodiscard]] const net::Address& address(std::size_t socket) const {
        return sockets_[socket].address();
    }
    [[nodiscard]] bool is_open() const { return open_; }
    void open();
    void close();
    // For good: gives the sockets up, so that an address nobody else holds refuses clients at once
    // (6.1) instead of letting them wait for the end of this process.
    void leave();
    // Gone: given up here as well; of the last socket that is Unusable.
    [[nodiscard]] Knock accept(std::size_t socket, Guest& guest);
    [[nodiscard]] bool has(std::size_t socket) const { return sockets_[socket].fd() >= 0; }
    // After accepting: lets the siblings come first when it is their turn.
    void step_back(std::size_t socket, int accepted);
    // Clients that wait in the kernel for somebody to accept them.
    [[nodiscard]] std::size_t waiting() const;

private:
    [[nodiscard]] Knock give_up(std::size_t socket);

    os::Poller& poller_;
    std::vector<net::ListenSocket>& sockets_;
    const std::uint64_t first_key_;
    bool open_ = false;
    int since_step_back_ = 0;
};

}  // namespace mpmd::child
