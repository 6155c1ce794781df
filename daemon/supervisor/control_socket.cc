#include "daemon/supervisor/control_socket.h"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/credentials.h"
#include "daemon/supervisor/state_dir.h"

namespace mpmd::supervisor {

namespace {

constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;  // 107

Result<> clear_way(const std::string& path) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) < 0) {
        if (errno == ENOENT) return {};
        return fail(Error::os("stat"));
    }
    if (!S_ISSOCK(about.st_mode))
        return fail(Error::text("something that is no socket is in the way"));
    if (::unlink(path.c_str()) < 0) return fail(Error::os("unlink"));
    return {};
}

Result<os::UniqueFd> bound(const std::string& path, unsigned mode) {
    if (const std::size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0)
        TRY_VOID(make_directories(path.substr(0, slash)));
    TRY_VOID(clear_way(path));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    os::UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fail(Error::os("socket"));
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0)
        return fail(Error::os("bind"));
    if (::chmod(path.c_str(), mode) < 0) return fail(Error::os("chmod"));
    if (::listen(fd.get(), 128) < 0) return fail(Error::os("listen"));
    return fd;
}

}  // namespace

Result<ControlSocket> ControlSocket::open(const std::string& path,
                                          unsigned mode,
                                          const std::string& group) {
    const std::string what = fmt::format("control socket \"{}\"", path);
    if (path.size() > kMaxPath)
        return fail(Error::text(fmt::format(
            "{} has {} bytes, a unix socket path may have {}: set ControlSocket to a shorter one",
            what, path.size(), kMaxPath)));
    auto fd = bound(path, mode);
    if (!fd) return fail(fd.error().context(what));
    if (!group.empty())
        if (const auto gid = os::group_id(group))
            (void)!::chown(path.c_str(), static_cast<uid_t>(-1), *gid);
    return ControlSocket(path, std::move(*fd));
}

void ControlSocket::remove() {
    if (!fd_) return;
    (void)::unlink(path_.c_str());
    fd_.reset();
}

}  // namespace mpmd::supervisor
