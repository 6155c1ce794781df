#include "daemon/supervisor/pid_file.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::supervisor {

namespace {

Result<os::UniqueFd> write_locked(const std::string& path, std::string& temporary) {
    std::string name = path + ".XXXXXX";
    os::UniqueFd fd(::mkostemp(name.data(), O_CLOEXEC));
    if (!fd) return fail(Error::os("mkostemp"));
    temporary = name;
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::fchmod(fd.get(), 0644) < 0) return fail(Error::os("fchmod"));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0) return fail(Error::os("flock"));
    if (::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(Error::os("write"));
    return fd;
}

}  // namespace

// A lock of our own for a moment tells that nobody else has one.
bool locked_by_another(int fd) {
    if (::flock(fd, LOCK_SH | LOCK_NB) == 0) {
        (void)::flock(fd, LOCK_UN);
        return false;
    }
    return errno == EWOULDBLOCK;
}

std::optional<pid_t> pid_in(int fd) {
    std::array<char, 64> buffer;
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), 0);
    const std::string_view content(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    const auto pid = text::parse_uint(text::trim(content));
    if (!pid || *pid < 2 || *pid > INT_MAX) return std::nullopt;
    return static_cast<pid_t>(*pid);
}

PidFile::Prepared::~Prepared() {
    if (!temporary_.empty()) (void)::unlink(temporary_.c_str());
}

Result<PidFile::Prepared> PidFile::prepare(const std::string& path) const {
    const auto before = read(path);
    const bool own = fd_ && path == path_;
    if (!own && before && *before && (*before)->alive)
        return fail(
            Error::text(fmt::format("mpmd runs already: pid {} holds {}", (*before)->pid, path)));
    Prepared prepared;
    prepared.path_ = path;
    auto fd = write_locked(path, prepared.temporary_);
    if (!fd) return fail(fd.error().context(fmt::format("cannot write the pid file \"{}\"", path)));
    prepared.fd_ = std::move(*fd);
    return prepared;
}

Result<> PidFile::move_to(Prepared prepared) {
    if (::rename(prepared.temporary_.c_str(), prepared.path_.c_str()) < 0)
        return fail(Error::os("rename").context(
            fmt::format("cannot write the pid file \"{}\"", prepared.path_)));
    prepared.temporary_.clear();
    if (path_ != prepared.path_) remove();
    path_ = prepared.path_;
    fd_ = std::move(prepared.fd_);
    return {};
}

Result<PidFile::Written> PidFile::write(const std::string& path) {
    Written written;
    Prepared prepared = TRY(written.file.prepare(path));
    const auto before = read(path);
    written.left_over = !before || before->has_value();
    TRY_VOID(written.file.move_to(std::move(prepared)));
    return written;
}

void PidFile::remove() {
    if (!fd_) return;
    (void)::unlink(path_.c_str());
    fd_.reset();
}

Result<std::optional<PidFile::Owner>> PidFile::read(const std::string& path) {
    const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) {
        if (errno == ENOENT) return std::nullopt;
        return fail(Error::os("open").context(fmt::format("pid file \"{}\"", path)));
    }
    const auto pid = pid_in(fd.get());
    if (!pid) return fail(Error::text(fmt::format("\"{}\" holds no process id", path)));
    return Owner{*pid, locked_by_another(fd.get())};
}

}  // namespace mpmd::supervisor
