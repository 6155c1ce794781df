#include "daemon/os/process.h"

#include <algorithm>
#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

namespace {

std::string small_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return {};
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

// The words after "PID (name)": the name may hold anything, the last parenthesis ends it.
std::vector<std::string_view> stat_words(std::string_view stat) {
    const std::size_t end = stat.rfind(')');
    if (end == std::string_view::npos || end + 2 > stat.size()) return {};
    return text::split(stat.substr(end + 2), ' ');
}

void close_range(unsigned first, unsigned last) {
    if (first > last) return;
    if (::syscall(SYS_close_range, first, last, 0U) == 0) return;
    // Kernels before 5.9: one by one.
    rlimit limit{};
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    const auto end = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 1U << 20U));
    for (unsigned fd = first; fd < end && fd <= last; ++fd)
        (void)::close(static_cast<int>(fd));
}

CpuTimes cpu_of(int who) {
    rusage usage{};
    if (::getrusage(who, &usage) < 0) return {};
    const auto time = [](const timeval& value) {
        return Seconds(value.tv_sec) + std::chrono::microseconds(value.tv_usec);
    };
    return {time(usage.ru_utime), time(usage.ru_stime)};
}

}  // namespace

std::optional<Ended> reap() {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid <= 0) return std::nullopt;
    Ended ended;
    ended.pid = pid;
    if (WIFSIGNALED(status)) {
        ended.signal = WTERMSIG(status);
        ended.core = WCOREDUMP(status);
    } else {
        ended.exit_status = WEXITSTATUS(status);
    }
    return ended;
}

std::optional<Usage> usage_of(pid_t pid) {
    const std::string stat = small_file(fmt::format("/proc/{}/stat", pid));
    const std::vector<std::string_view> words = stat_words(stat);
    if (words.size() < 22) return std::nullopt;  // proc(5): state is word 3, so utime 14 is ours 11
    static const long ticks_per_second = ::sysconf(_SC_CLK_TCK);
    const auto time = [](std::string_view ticks) {
        return Nanoseconds(text::parse_int(ticks).value_or(0) * (1'000'000'000 / ticks_per_second));
    };
    const auto pages = static_cast<std::uint64_t>(
        std::max<std::int64_t>(text::parse_int(words[21]).value_or(0), 0));
    static const long page_size = ::sysconf(_SC_PAGESIZE);
    return Usage{pages * static_cast<std::uint64_t>(page_size), {time(words[11]), time(words[12])}};
}

CpuTimes cpu_of_self() {
    return cpu_of(RUSAGE_SELF);
}

CpuTimes cpu_of_reaped() {
    return cpu_of(RUSAGE_CHILDREN);
}

Result<> adopt_orphans() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) return fail(Error::os("prctl subreaper"));
    return {};
}

std::vector<OwnChild> own_children() {
    std::vector<OwnChild> children;
    DIR* const listing = ::opendir("/proc");
    if (listing == nullptr) return children;
    const pid_t self = ::getpid();
    while (const dirent* entry = ::readdir(listing)) {
        const std::optional<std::int64_t> pid = text::parse_int(entry->d_name);
        if (!pid) continue;
        const std::string stat = small_file(fmt::format("/proc/{}/stat", *pid));
        const std::vector<std::string_view> words = stat_words(stat);
        if (words.size() < 4 || text::parse_int(words[1]) != std::int64_t{self}) continue;
        const auto number = [&](std::size_t word) {
            return static_cast<pid_t>(text::parse_int(words[word]).value_or(0));
        };
        children.push_back(
            {static_cast<pid_t>(*pid), number(2), number(3), words[0] == "Z" || words[0] == "X"});
    }
    ::closedir(listing);
    return children;
}

std::optional<std::uint32_t> open_descriptors_of(pid_t pid) {
    const std::string folder = fmt::format("/proc/{}/fd", pid);
    // Linux 6.2 and later say it without a listing.
    struct stat about {};
    if (::stat(folder.c_str(), &about) < 0) return std::nullopt;
    if (about.st_size > 0) return static_cast<std::uint32_t>(about.st_size);
    DIR* listing = ::opendir(folder.c_str());
    if (listing == nullptr) return std::nullopt;
    std::uint32_t count = 0;
    while (const dirent* entry = ::readdir(listing))
        if (entry->d_name[0] != '.') ++count;
    ::closedir(listing);
    return count;
}

std::uint32_t online_cores() {
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? static_cast<std::uint32_t>(cores) : 1;
}

double load_average() {
    double load = 0;
    return ::getloadavg(&load, 1) == 1 ? load : 0;
}

std::array<double, 3> load_averages() {
    struct sysinfo info {};
    if (::sysinfo(&info) < 0) return {};
    std::array<double, 3> loads{};
    for (std::size_t i = 0; i < loads.size(); ++i)
        loads[i] = static_cast<double>(info.loads[i]) / (1 << SI_LOAD_SHIFT);
    return loads;
}

std::uint64_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
    if (limit.rlim_cur < limit.rlim_max) {
        const rlim_t before = limit.rlim_cur;
        limit.rlim_cur = limit.rlim_max;
        if (::setrlimit(RLIMIT_NOFILE, &limit) < 0) return before;
    }
    return limit.rlim_cur;
}

std::uint64_t descriptor_limit() {
    rlimit limit{};
    return ::getrlimit(RLIMIT_NOFILE, &limit) < 0 ? 0 : limit.rlim_cur;
}

std::string own_executable() {
    std::array<char, PATH_MAX> path{};
    const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
    return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

std::string command_line() {
    std::string words = small_file("/proc/self/cmdline");
    while (!words.empty() && words.back() == '\0')
        words.pop_back();
    std::replace(words.begin(), words.end(), '\0', ' ');
    return words;
}

std::string boot_id() {
    return std::string(text::trim(small_file("/proc/sys/kernel/random/boot_id")));
}

std::string random_hex(std::size_t bytes) {
    std::vector<unsigned char> raw(bytes);
    if (::getrandom(raw.data(), raw.size(), 0) < 0) return {};
    std::string out;
    for (const unsigned char byte : raw)
        out += fmt::format("{:02x}", byte);
    return out;
}

bool has_controlling_terminal() {
    const UniqueFd terminal(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY));
    return static_cast<bool>(terminal);
}

void close_all_but(std::span<const int> keep) {
    std::vector<int> sorted(keep.begin(), keep.end());
    std::sort(sorted.begin(), sorted.end());
    unsigned next = 0;
    for (const int fd : sorted) {
        if (fd < 0 || static_cast<unsigned>(fd) < next) continue;
        if (fd > 0) close_range(next, static_cast<unsigned>(fd) - 1);
        next = static_cast<unsigned>(fd) + 1;
    }
    close_range(next, ~0U);
}

Result<> arrange_descriptors(std::span<const int> keep, int first) {
    // Out of the way first: a source may sit on a number that is a target of another one.
    std::vector<int> moved;
    const int above = first + static_cast<int>(keep.size());
    for (const int fd : keep) {
        moved.push_back(fd < 0 ? -1 : ::fcntl(fd, F_DUPFD, above));
        if (fd >= 0 && moved.back() < 0) return fail(Error::os("fcntl(F_DUPFD)"));
    }
    for (std::size_t i = 0; i < moved.size(); ++i) {
        const int target = first + static_cast<int>(i);
        if (moved[i] >= 0 && ::dup2(moved[i], target) < 0) return fail(Error::os("dup2"));
        if (moved[i] < 0) (void)::close(target);
    }
    close_range(static_cast<unsigned>(above), ~0U);
    return {};
}

void redirect_standard(int error_fd) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) return;
    (void)::dup2(null, 0);
    (void)::dup2(null, 1);
    (void)::dup2(error_fd >= 0 ? error_fd : null, 2);
    if (null > 2) (void)::close(null);
}

bool end_with_parent(pid_t parent) {
    (void)::prctl(PR_SET_PDEATHSIG, SIGTERM);
    return ::getppid() == parent;
}

void set_process_name(const char* name) {
    (void)::prctl(PR_SET_NAME, name, 0, 0, 0);
}

void forbid_new_privileges() {
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

}  // namespace mpmd::os
