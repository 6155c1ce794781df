#include "daemon/child/door.h"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace mpmd::child {

namespace {

constexpr std::uint32_t kInterest = EPOLLIN | EPOLLEXCLUSIVE;

void set_buffer(int fd, int name, std::int64_t bytes) {
    if (bytes <= 0) return;
    const int value = static_cast<int>(std::min<std::int64_t>(bytes, 1 << 30));
    ::setsockopt(fd, SOL_SOCKET, name, &value, sizeof value);
}

}  // namespace

Knock classify_accept(int os_errno) {
    switch (os_errno) {
        case EAGAIN:
#if EWOULDBLOCK != EAGAIN
        case EWOULDBLOCK:
#endif
            return Knock::Nobody;
        case EINTR:
        case ECONNABORTED:
        case ECONNRESET:
        case EPROTO:
        case ETIMEDOUT:
        case EHOSTUNREACH:
        case ENETUNREACH:
        case ENOPROTOOPT:
        case EHOSTDOWN:
        case ENONET:
        case EOPNOTSUPP:
        case EPERM:
            return Knock::Passing;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            return Knock::Shortage;
        default:
            return Knock::Unusable;
    }
}

void set_buffers(int fd, const config::LiveSettings& live) {
    set_buffer(fd, SO_SNDBUF, live.send_buffer_size);
    set_buffer(fd, SO_RCVBUF, live.receive_buffer_size);
}

void Door::open() {
    if (open_) return;
    open_ = true;
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        // Refused only without memory; the once-a-second attempt still accepts then.
        if (has(i)) [[maybe_unused]]
            const auto added = poller_.add(sockets_[i].fd(), kInterest, first_key_ + i);
}

void Door::close() {
    if (!open_) return;
    open_ = false;
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        if (has(i)) poller_.remove(sockets_[i].fd());
}

void Door::leave() {
    close();
    for (net::ListenSocket& socket : sockets_)
        socket.close();
}

Knock Door::accept(std::size_t socket, Guest& guest) {
    if (!has(socket)) return Knock::Nobody;
    sockaddr_storage raw;
    socklen_t size = sizeof raw;
    guest.fd.reset(::accept4(sockets_[socket].fd(), reinterpret_cast<sockaddr*>(&raw), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!guest.fd) {
        guest.os_errno = errno;
        if (guest.os_errno == EINVAL) return give_up(socket);
        return classify_accept(guest.os_errno);
    }
    guest.peer = net::Address::from(raw);
    return Knock::Client;
}

Knock Door::give_up(std::size_t socket) {
    if (open_) poller_.remove(sockets_[socket].fd());
    sockets_[socket].close();
    for (std::size_t i = 0; i < sockets_.size(); ++i)
        if (has(i)) return Knock::Gone;
    return Knock::Unusable;
}

void Door::step_back(std::size_t socket, int accepted) {
    since_step_back_ += accepted;
    if (!open_ || since_step_back_ < kStepBack || !has(socket)) return;
    since_step_back_ = 0;
    poller_.remove(sockets_[socket].fd());
    [[maybe_unused]] const auto added =
        poller_.add(sockets_[socket].fd(), kInterest, first_key_ + socket);
}

std::size_t Door::waiting() const {
    std::size_t count = 0;
    for (const net::ListenSocket& socket : sockets_)
        if (socket.fd() >= 0) count += socket.waiting();
    return count;
}

}  // namespace mpmd::child
