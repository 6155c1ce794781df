#pragma once

// A bound, listening TCP socket: non-blocking, close-on-exec, SO_REUSEADDR, IPv6 only when it is
// IPv6. TCP_NODELAY is set here because accepted sockets inherit it, which saves them a call each.
//
// The supervisor opens it and keeps it for its whole life; children inherit the description and
// poll it. A child closes its descriptor and never shuts the socket down: the queue behind it
// belongs to all. The supervisor does so with one that is not needed any more.

#include <cstdint>

#include "daemon/base/result.h"
#include "daemon/net/address.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::net {

class ListenSocket {
public:
    // Port 0: the kernel chooses; address() tells. Shared: one of several sockets of that address,
    // between which the kernel divides the clients (SO_REUSEPORT).
    enum class Sharing : std::uint8_t { Alone, Shared };
    [[nodiscard]] static Result<ListenSocket> open(const Address& address,
                                                   int backlog,
                                                   Sharing sharing = Sharing::Alone);
    // Whether this system can have several sockets of one address.
    [[nodiscard]] static bool can_share();
    // A descriptor that listens already.
    [[nodiscard]] static Result<ListenSocket> adopt(os::UniqueFd fd);

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const Address& address() const { return address_; }
    // ListenBacklog at run time: listen() again on the same socket; nobody in the queue is lost.
    [[nodiscard]] Result<void> set_backlog(int backlog);
    // Clients that the kernel has connected and nobody has accepted yet.
    [[nodiscard]] std::size_t waiting() const;
    // From now on others of ours may be opened beside it.
    [[nodiscard]] Result<void> share() const;
    // Of several sockets of that address, those that were opened first get all new clients; 0: all
    // of them again. Who is on his way to another one, or in its queue, stays there.
    [[nodiscard]] Result<void> steer_to_first(std::size_t sockets) const;
    // For every process that has it: nobody can be accepted any more, the queue is lost. accept()
    // then says EINVAL.
    void shut_down() const;
    void close() { fd_.reset(); }

private:
    ListenSocket(os::UniqueFd fd, const Address& address) : fd_(std::move(fd)), address_(address) {}

    os::UniqueFd fd_;
    Address address_;
};

}  // namespace mpmd::net
