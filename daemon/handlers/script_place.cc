#include "daemon/handlers/script_place.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/handlers/open_beneath.h"

namespace mpmd::handlers {

namespace {

ScriptPlace refused(std::uint16_t status, std::string reason) {
    ScriptPlace place;
    place.status = status;
    place.reason = std::move(reason);
    return place;
}

ScriptPlace refused_by(int error, const std::string& name) {
    const bool missing = error == ENOENT || error == ENOTDIR;
    const bool shortage = error == EMFILE || error == ENFILE || error == ENOMEM || error == EAGAIN;
    const std::uint16_t status = missing ? 404 : shortage ? 503 : 403;
    if (error == EXDEV || error == ELOOP)
        return refused(status, fmt::format("{} leads out of its directory", name));
    return refused(status, fmt::format("{}: {}", name, std::strerror(error)));
}

std::string descriptor_path(int fd) {
    return fmt::format("/proc/self/fd/{}", fd);
}

// Without links; the name as it was asked for where /proc cannot say.
std::string real_name(int fd, const std::string& asked) {
    std::array<char, PATH_MAX> name{};
    const ssize_t size = ::readlink(descriptor_path(fd).c_str(), name.data(), name.size());
    const bool known = size > 0 && static_cast<std::size_t>(size) < name.size() && name[0] == '/';
    return known ? std::string(name.data(), static_cast<std::size_t>(size)) : asked;
}

ScriptPlace found(int file, std::string script_name, std::string name, std::string path_info) {
    ScriptPlace place;
    place.executable = real_name(file, name);
    if (::faccessat(AT_FDCWD, place.executable.c_str(), X_OK, AT_EACCESS) != 0)
        return refused(403, fmt::format("{} cannot be executed: {}", name, std::strerror(errno)));
    place.directory = place.executable.substr(0, place.executable.rfind('/'));
    if (place.directory.empty()) place.directory = "/";
    place.script_name = std::move(script_name);
    place.file = std::move(name);
    place.path_info = std::move(path_info);
    return place;
}

std::string without_slash(const std::string& text) {
    return text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
}

}  // namespace

ScriptPlace find_script(const std::string& prefix,
                        const std::string& directory,
                        const std::string& path) {
    const std::string base = without_slash(prefix);
    const std::string root_name = without_slash(directory);
    const os::UniqueFd root(::open(directory.c_str(), O_PATH | O_CLOEXEC));
    if (!root) return refused_by(errno, directory);
    struct stat status {};
    if (::fstat(root.get(), &status) == 0 && S_ISREG(status.st_mode))
        return found(root.get(), base, root_name, path.substr(base.size()));

    // "/cgi-bin/a/b.cgi/rest": a, then a/b.cgi.
    const std::string rest = path.size() > base.size() ? path.substr(base.size() + 1) : "";
    for (std::size_t begin = 0; begin < rest.size();) {
        const std::size_t slash = rest.find('/', begin);
        const std::string name = rest.substr(0, slash);
        if (name.compare(begin, 3, ".ht") == 0)
            return refused(403, fmt::format("{}/{}: names in .ht are not served", root_name, name));
        const Opened opened = open_beneath(root.get(), name, O_PATH);
        if (!opened.file) return refused_by(opened.error, root_name + '/' + name);
        if (::fstat(opened.file.get(), &status) != 0)
            return refused_by(errno, root_name + '/' + name);
        if (S_ISREG(status.st_mode))
            return found(opened.file.get(), base + '/' + name, root_name + '/' + name,
                         slash == std::string::npos ? "" : rest.substr(slash));
        if (!S_ISDIR(status.st_mode))
            return refused(403, fmt::format("{}/{} is no file", root_name, name));
        if (slash == std::string::npos) break;
        begin = slash + 1;
    }
    return refused(403, fmt::format("{}/{} is a directory, no script", root_name, rest));
}

}  // namespace mpmd::handlers
