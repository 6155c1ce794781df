#include "daemon/supervisor/state_dir.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/supervisor/pid_file.h"

namespace mpmd::supervisor {

namespace {

Result<> check_owner(const std::string& path) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) < 0) return fail(Error::os("stat").context(path));
    if (!S_ISDIR(about.st_mode))
        return fail(Error::text(fmt::format("\"{}\" is not a directory", path)));
    if (::geteuid() != 0) return {};
    if (about.st_uid != 0 || (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fail(Error::text(fmt::format(
            "StateDir \"{}\" can be written by others than root; chown root and chmod go-w it",
            path)));
    return {};
}

Result<> make_control_directory(const std::string& path, const os::Identity* control) {
    if (::mkdir(path.c_str(), 0700) < 0 && errno != EEXIST)
        return fail(Error::os("mkdir").context(path));
    if (control != nullptr && ::lchown(path.c_str(), control->uid, control->gid) < 0)
        return fail(Error::os("chown").context(path));
    return {};
}

// What only tells people and `mpmd -k` who it is: the lock is what counts.
void write_pid(int lock) {
    const std::string text = fmt::format("{}\n", ::getpid());
    if (::ftruncate(lock, 0) == 0) (void)!::pwrite(lock, text.data(), text.size(), 0);
}

std::string pid_text(std::optional<pid_t> pid) {
    return pid ? fmt::format("pid {}", *pid) : "of an unknown pid";
}

std::uint64_t mark(std::string_view line, std::string_view name, std::uint64_t otherwise) {
    if (line.rfind(name, 0) != 0) return otherwise;
    return text::parse_uint(text::trim(line.substr(name.size()))).value_or(otherwise);
}

}  // namespace

Result<> make_directories(const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
        const std::string part = path.substr(0, end);
        if (!part.empty() && ::mkdir(part.c_str(), 0755) < 0 && errno != EEXIST)
            return fail(Error::os("mkdir").context(part));
        if (end == std::string::npos) return {};
    }
}

Result<> replace_file(const std::string& path, const std::string& content) {
    const std::string temporary = path + ".new";
    const os::UniqueFd fd(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail(Error::os("open").context(temporary));
    std::size_t put = 0;
    while (put < content.size()) {
        const ssize_t more = ::write(fd.get(), content.data() + put, content.size() - put);
        if (more < 0 && errno == EINTR) continue;
        if (more <= 0) return fail(Error::os("write").context(temporary));
        put += static_cast<std::size_t>(more);
    }
    if (::fsync(fd.get()) < 0) return fail(Error::os("fsync").context(temporary));
    if (::rename(temporary.c_str(), path.c_str()) < 0)
        return fail(Error::os("rename").context(path));
    return {};
}

Result<StateDir> StateDir::open(const std::string& path, const os::Identity* control) {
    if (auto made = make_directories(path); !made)
        return fail(made.error().context("cannot make StateDir"));
    TRY_VOID(check_owner(path));
    os::UniqueFd lock(
        ::open((path + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock) return fail(Error::os("open").context(path + "/lock"));
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) < 0)
        return fail(Error::text(
            fmt::format("StateDir \"{}\" is in use by mpmd {}: wait for its end, stop it (kill "
                        "-TERM), or give this one a StateDir of its own",
                        path, pid_text(pid_in(lock.get())))));
    write_pid(lock.get());
    TRY_VOID(make_control_directory(path + "/control", control));
    return StateDir(path, std::move(lock));
}

Result<std::optional<pid_t>> StateDir::holder(const std::string& path) {
    const os::UniqueFd lock(::open((path + "/lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!lock && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    if (!lock) return fail(Error::os("open").context(path + "/lock"));
    if (!locked_by_another(lock.get())) return std::nullopt;
    return pid_in(lock.get()).value_or(0);
}

// Nothing in there is opened or followed, it is only renamed to its new owner: who owned it before
// may have put anything there.
Result<> StateDir::hand_over(const os::Identity& control) const {
    const std::string path = path_ + "/control";
    const os::UniqueFd folder(
        ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    struct stat before {};
    if (!folder || ::fstat(folder.get(), &before) < 0) return fail(Error::os("open").context(path));
    if (before.st_uid == control.uid) return {};
    // The folder comes last: as long as it is not handed over, the next start tries again.
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
        const std::string name = entry.path().filename().string();
        const os::UniqueFd file(
            ::openat(folder.get(), name.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
        struct stat about {};
        if (!file || ::fstat(file.get(), &about) < 0 || !S_ISREG(about.st_mode) ||
            about.st_uid != before.st_uid)
            continue;
        if (::fchownat(file.get(), "", control.uid, control.gid, AT_EMPTY_PATH) < 0)
            return fail(Error::os("fchownat").context(entry.path().string()));
    }
    if (::fchown(folder.get(), control.uid, control.gid) < 0)
        return fail(Error::os("fchown").context(path));
    return {};
}

Marks StateDir::read_marks() const {
    Marks marks;
    const os::UniqueFd fd(::open(file("state").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (fd) {
        std::array<char, 1024> buffer;
        const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
        const std::string_view content(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        for (const std::string_view line : text::split(content, '\n')) {
            marks.next_child = mark(line, "child ", marks.next_child);
            marks.next_operation = mark(line, "operation ", marks.next_operation);
            marks.revision = mark(line, "revision ", marks.revision);
        }
    }
    return marks;
}

Result<> StateDir::keep_marks(const Marks& marks) const {
    return replace_file(file("state"), marks_text(marks));
}

std::string StateDir::marks_text(const Marks& marks) {
    return fmt::format("child {}\noperation {}\nrevision {}\n", marks.next_child,
                       marks.next_operation, marks.revision);
}

}  // namespace mpmd::supervisor
