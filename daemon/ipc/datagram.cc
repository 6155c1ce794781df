#include "daemon/ipc/datagram.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace mpmd::ipc {

namespace {

constexpr std::size_t kControlSpace = CMSG_SPACE(kMaxDescriptors * sizeof(int));

void take_descriptors(msghdr& message, std::vector<os::UniqueFd>& files) {
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(int));
            files.emplace_back(fd);
        }
    }
}

}  // namespace

Result<std::pair<os::UniqueFd, os::UniqueFd>> datagram_pair() {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return fail(Error::os("socketpair"));
    os::UniqueFd first(ends[0]);
    os::UniqueFd second(ends[1]);
    if (::fcntl(first.get(), F_SETFL, O_NONBLOCK) < 0) return fail(Error::os("fcntl"));
    return std::pair{std::move(first), std::move(second)};
}

Incoming receive(int fd, std::span<std::byte> buffer) {
    iovec part{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::byte control[kControlSpace];
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
    ssize_t got = 0;
    do {
        got = ::recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    Incoming incoming;
    if (got < 0) {
        incoming.what =
            errno == EAGAIN || errno == EWOULDBLOCK ? Received::WouldBlock : Received::End;
        return incoming;
    }
    take_descriptors(message, incoming.files);
    if (got == 0) return incoming;  // we never send empty datagrams
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        incoming.files.clear();
        incoming.what = Received::Oversized;
        return incoming;
    }
    incoming.what = Received::Datagram;
    incoming.size = static_cast<std::size_t>(got);
    return incoming;
}

Sent send(int fd, std::span<const std::byte> datagram, std::span<const int> files) {
    iovec part{const_cast<std::byte*>(datagram.data()), datagram.size()};
    alignas(cmsghdr) std::byte control[kControlSpace] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (!files.empty() && files.size() <= kMaxDescriptors) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(files.size_bytes());
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(files.size_bytes());
        std::memcpy(CMSG_DATA(head), files.data(), files.size_bytes());
    }
    ssize_t put = 0;
    do {
        put = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    if (put >= 0) return Sent::Whole;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? Sent::WouldBlock
                                                                       : Sent::Gone;
}

}  // namespace mpmd::ipc
