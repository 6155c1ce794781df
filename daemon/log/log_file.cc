#include "daemon/log/log_file.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace mpmd::log {

Result<LogFile> LogFile::open(const std::string& path) {
    // O_NONBLOCK: nobody who opens or writes a pipe waits for its reader. Files are as ever.
    os::UniqueFd fd(::open(
        path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644));
    if (!fd && errno == ENXIO)
        return fail(Error::text("cannot open the log \"" + path +
                                "\": it is a pipe that nobody reads; start its reader first"));
    if (!fd) return fail(Error::os("open").context("cannot open the log file \"" + path + "\""));
    return LogFile(std::move(fd));
}

void LogFile::append(std::string_view lines) {
    while (fd_ && !lines.empty()) {
        const ssize_t written = ::write(fd_.get(), lines.data(), lines.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // neither a full disk nor a full pipe stops the server
        lines.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace mpmd::log
