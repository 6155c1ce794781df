#include "ctl/endpoint.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/format.h>

#include "ctl/exit_code.h"

namespace mpmd::ctl {
namespace {

Failure unreachable(std::string message) {
    return Failure{kExitUnreachable, "UNAVAILABLE", "NOT_RUNNING", std::move(message), {}};
}

std::vector<std::string> run_directories() {
    std::vector<std::string> places{"/run/mpmd"};
    if (const char* user = std::getenv("XDG_RUNTIME_DIR"); user != nullptr && *user != '\0')
        places.push_back(std::string(user) + "/mpmd");
    return places;
}

std::vector<std::string> sockets_in(const std::string& directory, const std::string& instance) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        if (!instance.empty() && entry.path().filename() != instance) continue;
        const std::string path = (entry.path() / "control.sock").string();
        struct stat status {};
        if (::stat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) found.push_back(path);
    }
    return found;
}

tl::expected<Endpoint, Failure> parse_address(std::string address) {
    if (address.rfind("unix://", 0) == 0) address.erase(0, 7);
    if (address.rfind("unix:", 0) == 0) address.erase(0, 5);
    if (address.find('/') == std::string::npos && address.find(':') != std::string::npos)
        return tl::unexpected<Failure>(Failure{
            kExitNotSupported,
            "UNIMPLEMENTED",
            "NOT_SUPPORTED",
            fmt::format(
                "'{}' is a network address, and this release speaks over the unix socket only; "
                "use -s PATH of control.sock, by ssh if it is on another machine",
                address),
            {}});
    if (address.empty())
        return tl::unexpected<Failure>(usage_failure("-s needs the path of a control socket"));
    if (address.size() > sizeof(sockaddr_un::sun_path) - 1)
        return tl::unexpected<Failure>(usage_failure(
            fmt::format("the socket path is {} bytes long and the system allows {}: {}",
                        address.size(), sizeof(sockaddr_un::sun_path) - 1, address)));
    return Endpoint{address};
}

std::string person() {
    const uid_t uid = ::getuid();
    const passwd* entry = ::getpwuid(uid);
    return fmt::format("uid {} ({})", uid, entry != nullptr ? entry->pw_name : "no name");
}

enum class Probe { Missing, Denied, Stale, Closed, Silent, Alive, Other };

// Connects as gRPC would and waits for the first byte of the server's preface.
Probe probe(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return Probe::Other;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    // The socket API takes every family through sockaddr.
    const int refused =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0 ? errno : 0;
    Probe result = Probe::Silent;
    if (refused == ENOENT || refused == ENOTDIR)
        result = Probe::Missing;
    else if (refused == EACCES || refused == EPERM)
        result = Probe::Denied;
    else if (refused == ECONNREFUSED)
        result = Probe::Stale;
    else if (refused != 0)
        result = Probe::Other;
    if (result == Probe::Silent) {
        pollfd ready{fd, POLLIN, 0};
        char byte = 0;
        if (::poll(&ready, 1, 1000) == 1)
            result = ::recv(fd, &byte, 1, MSG_PEEK) > 0 ? Probe::Alive : Probe::Closed;
    }
    ::close(fd);
    return result;
}

}  // namespace

tl::expected<Endpoint, Failure> find_endpoint(const std::string& address,
                                              const std::string& instance) {
    if (!address.empty()) return parse_address(address);
    if (const char* fixed = std::getenv("MPMCTL_ADDR");
        instance.empty() && fixed != nullptr && *fixed != '\0')
        return parse_address(fixed);
    std::vector<std::string> found;
    for (const std::string& place : run_directories())
        for (std::string& path : sockets_in(place, instance))
            found.push_back(std::move(path));
    if (found.size() == 1) return Endpoint{found.front()};
    if (found.empty())
        return tl::unexpected<Failure>(unreachable(fmt::format(
            "no mpmd found: no control.sock in {}/{}/. Is it running? If its socket is elsewhere: "
            "mpmctl -s PATH",
            run_directories().front(), instance.empty() ? "*" : instance)));
    std::string choices;
    for (const std::string& path : found)
        choices += "\n  mpmctl -s " + path;
    return tl::unexpected<Failure>(usage_failure(
        fmt::format("{} instances of mpmd are here; choose one:{}", found.size(), choices)));
}

Failure explain_unreachable(const Endpoint& endpoint, const Failure& failure) {
    const std::string& path = endpoint.path;
    switch (probe(path)) {
        case Probe::Missing:
            return unreachable(fmt::format(
                "no mpmd found: {} does not exist. Is it running? systemctl status mpmd", path));
        case Probe::Stale:
            return unreachable(fmt::format(
                "nobody listens on {}: mpmd is gone. Start it, or choose another with -s", path));
        case Probe::Denied:
            return Failure{
                kExitPermission,
                "PERMISSION_DENIED",
                "NO_IDENTITY",
                fmt::format("{} may not open {}. Ask to join group mpmd-view, mpmd-operator or "
                            "mpmd-admin, or use sudo",
                            person(), path),
                {}};
        case Probe::Closed:
            return Failure{
                kExitPermission,
                "PERMISSION_DENIED",
                "NO_IDENTITY",
                fmt::format(
                    "mpmd at {} refuses {}: no role. Ask for a ControlRole line, or to join "
                    "group mpmd-view, mpmd-operator or mpmd-admin, or use sudo",
                    path, person()),
                {}};
        case Probe::Silent:
            return unreachable(
                fmt::format("mpmd at {} accepted the connection but did not answer. Traffic may be "
                            "fine: its control "
                            "process is stopped or starting",
                            path));
        case Probe::Alive:
        case Probe::Other:
            break;
    }
    return failure;
}

}  // namespace mpmd::ctl
