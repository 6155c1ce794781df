#include "daemon/control/peer.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::control {
namespace {

constexpr std::size_t kMaxGroups = 65536;

std::string read_proc(std::uint32_t pid, const char* name) {
    const os::UniqueFd fd(
        ::open(fmt::format("/proc/{}/{}", pid, name).c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return {};
    std::array<char, 1024> buffer;
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    return got <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(got));
}

// The seventh field of /proc/PID/stat; the second may hold blanks and brackets.
std::string tty_name(std::string_view stat) {
    const std::size_t close = stat.rfind(')');
    if (close == std::string_view::npos) return {};
    const auto fields = text::split(text::trim(stat.substr(close + 1)), ' ');
    if (fields.size() < 5) return {};
    const auto number = text::parse_int(fields[4]);
    if (!number || *number == 0) return {};
    const auto device = static_cast<std::uint64_t>(*number);
    const std::uint64_t major = (device >> 8U) & 0xfffU;
    const std::uint64_t minor = (device & 0xffU) | ((device >> 12U) & 0xfff00U);
    if (major >= 136 && major <= 143) return fmt::format("pts/{}", (major - 136) * 256 + minor);
    if (major == 4)
        return minor < 64 ? fmt::format("tty{}", minor) : fmt::format("ttyS{}", minor - 64);
    return fmt::format("{}:{}", major, minor);
}

std::vector<std::uint32_t> read_groups(int fd) {
    std::vector<gid_t> groups(64);
    for (;;) {
        auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
        if (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) == 0) {
            groups.resize(length / sizeof(gid_t));
            return {groups.begin(), groups.end()};
        }
        if (errno != ERANGE || groups.size() >= kMaxGroups) return {};
        groups.resize(std::max(groups.size() * 2, length / sizeof(gid_t)));
    }
}

}  // namespace

Result<Peer> read_peer(int fd) {
    ucred credentials{};
    socklen_t length = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        return fail(Error::os("getsockopt(SO_PEERCRED)"));
    if (length != sizeof credentials || credentials.pid <= 0)
        return fail(Error::text("the peer of the control socket has no identity"));
    Peer peer;
    peer.uid = credentials.uid;
    peer.gid = credentials.gid;
    peer.pid = static_cast<std::uint32_t>(credentials.pid);
    peer.groups = read_groups(fd);
    peer.groups.push_back(peer.gid);
    peer.command = text::escape(text::trim(read_proc(peer.pid, "comm")));
    if (const auto login = text::parse_uint(text::trim(read_proc(peer.pid, "loginuid"))))
        peer.login_uid = static_cast<std::uint32_t>(*login);
    peer.tty = tty_name(read_proc(peer.pid, "stat"));
    return peer;
}

}  // namespace mpmd::control
