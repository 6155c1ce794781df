#include "daemon/net/plain_stream.h"

#include <cerrno>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mpmd::net {

namespace {

Io refused(Want would_block) {
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {would_block, 0, 0};
    return {Want::Failed, 0, errno};
}

}  // namespace

Io PlainStream::read(std::span<char> into) {
    const long got = ::syscall(SYS_recvfrom, fd_.get(), into.data(), into.size(), MSG_DONTWAIT,
                               nullptr, nullptr);
    if (got > 0) return {Want::Nothing, static_cast<std::size_t>(got), 0};
    if (got == 0) return {Want::End, 0, 0};
    return refused(Want::Read);
}

Io PlainStream::write(std::span<const iovec> parts, More more) {
    const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more == More::Yes ? MSG_MORE : 0);
    long sent = 0;
    if (parts.size() == 1) {
        sent = ::syscall(SYS_sendto, fd_.get(), parts.front().iov_base, parts.front().iov_len,
                         flags, nullptr, 0);
    } else {
        msghdr message{};
        message.msg_iov = const_cast<iovec*>(parts.data());
        message.msg_iovlen = parts.size();
        sent = ::syscall(SYS_sendmsg, fd_.get(), &message, flags);
    }
    if (sent >= 0) return {Want::Nothing, static_cast<std::size_t>(sent), 0};
    return refused(Want::Write);
}

Io PlainStream::send_file(int file, std::uint64_t offset, std::size_t length) {
    auto position = static_cast<off_t>(offset);
    const ssize_t sent = ::sendfile(fd_.get(), file, &position, length);
    if (sent > 0) return {Want::Nothing, static_cast<std::size_t>(sent), 0};
    if (sent == 0) return {Want::End, 0, 0};
    return refused(Want::Write);
}

Io PlainStream::shut_writing() {
    if (::shutdown(fd_.get(), SHUT_WR) < 0) return {Want::Failed, 0, errno};
    return {};
}

std::size_t PlainStream::unread() const {
    int count = 0;
    if (::ioctl(fd_.get(), SIOCINQ, &count) < 0 || count < 0) return 0;
    return static_cast<std::size_t>(count);
}

}  // namespace mpmd::net
