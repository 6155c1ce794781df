#include "daemon/handlers/open_beneath.h"

#include <cerrno>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mpmd::handlers {
namespace {

constexpr int kRaces = 8;  // renames beside us make openat2 say EAGAIN

Opened walk(int directory, const std::string& path, int flags) {
    os::UniqueFd here;
    int at = directory;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t slash = path.find('/', begin);
        const bool last = slash == std::string::npos || slash + 1 == path.size();
        std::string name = path.substr(begin, slash == std::string::npos ? slash : slash - begin);
        if (name.empty()) name = ".";
        const int how = last ? (slash == std::string::npos ? flags : flags | O_DIRECTORY)
                             : O_PATH | O_DIRECTORY;
        os::UniqueFd next(::openat(at, name.c_str(), how | O_NOFOLLOW | O_CLOEXEC));
        if (!next) return {os::UniqueFd{}, errno};
        if (last) return {std::move(next), 0};
        here = std::move(next);
        at = here.get();
        begin = slash + 1;
    }
}

}  // namespace

Opened open_beneath(int directory, const std::string& path, int flags) {
    open_how how{};
    how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    const char* const name = path.empty() ? "." : path.c_str();
    for (int attempt = 0; attempt < kRaces; ++attempt) {
        const long fd = ::syscall(SYS_openat2, directory, name, &how, sizeof(how));
        if (fd >= 0) return {os::UniqueFd(static_cast<int>(fd)), 0};
        // Kernels before 5.6, and sandboxes that have not heard of it: no links at all, which is
        // stricter.
        if (errno == ENOSYS) return walk(directory, path, flags);
        if (errno != EAGAIN && errno != EINTR) return {os::UniqueFd{}, errno};
    }
    return {os::UniqueFd{}, EAGAIN};
}

}  // namespace mpmd::handlers
