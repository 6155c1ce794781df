#include "daemon/net/listen_socket.h"

#include <array>

#include <linux/filter.h>
#include <netinet/tcp.h>

namespace mpmd::net {

namespace {

Result<void> set_option(int fd, int level, int name, int value, std::string_view what) {
    if (::setsockopt(fd, level, name, &value, sizeof value) < 0) return fail(Error::os(what));
    return {};
}

Result<os::UniqueFd> bound_socket(const Address& address, bool shared) {
    os::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fail(Error::os("socket"));
    TRY_VOID(set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR"));
    if (shared) TRY_VOID(set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT"));
    if (address.family() == AF_INET6)
        TRY_VOID(set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY"));
    TRY_VOID(set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY"));
    sockaddr_storage raw;
    const socklen_t size = address.write_to(raw);
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&raw), size) < 0)
        return fail(Error::os("bind"));
    return fd;
}

}  // namespace

Result<ListenSocket> ListenSocket::open(const Address& address, int backlog, Sharing sharing) {
    auto fd = bound_socket(address, sharing == Sharing::Shared);
    if (fd && ::listen(fd->get(), backlog) < 0) fd = fail(Error::os("listen"));
    if (!fd) return fail(fd.error().context("cannot listen on " + address.text()));
    return adopt(std::move(*fd));
}

bool ListenSocket::can_share() {
    const os::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return fd && set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT").has_value();
}

Result<ListenSocket> ListenSocket::adopt(os::UniqueFd fd) {
    sockaddr_storage raw{};
    socklen_t size = sizeof raw;
    if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&raw), &size) < 0)
        return fail(Error::os("getsockname").context("listening socket"));
    return ListenSocket(std::move(fd), Address::from(raw));
}

Result<void> ListenSocket::share() const {
    return set_option(fd_.get(), SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
}

// A classic BPF program of the group (socket(7), SO_ATTACH_REUSEPORT_CBPF): a random number modulo
// `sockets` is the index of the socket, in the order in which they began to listen.
Result<void> ListenSocket::steer_to_first(std::size_t sockets) const {
    if (sockets == 0) return set_option(fd_.get(), SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, 0, "BPF");
    constexpr auto kRandom = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM);
    std::array<sock_filter, 3> code{
        sock_filter{BPF_LD | BPF_W | BPF_ABS, 0, 0, kRandom},
        sock_filter{BPF_ALU | BPF_MOD | BPF_K, 0, 0, static_cast<std::uint32_t>(sockets)},
        sock_filter{BPF_RET | BPF_A, 0, 0, 0}};
    const sock_fprog program{code.size(), code.data()};
    if (::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) < 0)
        return fail(Error::os("SO_ATTACH_REUSEPORT_CBPF"));
    return {};
}

void ListenSocket::shut_down() const {
    (void)::shutdown(fd_.get(), SHUT_RD);
}

Result<void> ListenSocket::set_backlog(int backlog) {
    if (::listen(fd_.get(), backlog) < 0)
        return fail(Error::os("listen").context("changing the backlog of " + address_.text()));
    return {};
}

std::size_t ListenSocket::waiting() const {
    tcp_info info{};
    socklen_t size = sizeof info;
    // For a listening socket tcpi_unacked is the length of its accept queue.
    return ::getsockopt(fd_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_unacked
                                                                             : 0;
}

}  // namespace mpmd::net
