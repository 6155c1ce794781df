#include "daemon/supervisor/run_status.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::supervisor {

namespace {

using Page = scoreboard::Cell<RunStatus>;
static_assert(sizeof(Page) <= scoreboard::kPage);
constexpr std::string_view kName = "/run-status";

// "7f10-7f20 rw-s 00000000 08:01 77   /path", a line each.
std::string maps_of(pid_t pid) {
    std::string out;
    const os::UniqueFd fd(::open(fmt::format("/proc/{}/maps", pid).c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 16384> buffer;
    for (ssize_t got = 1; fd && got > 0;) {
        got = ::read(fd.get(), buffer.data(), buffer.size());
        if (got > 0) out.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
}

bool is_page_of(pid_t pid, const std::string& path) {
    const auto status = read_run_status(path);
    return status && status->pid == static_cast<std::uint32_t>(pid);
}

}  // namespace

Result<RunStatusPage> RunStatusPage::create(const std::string& path) {
    const os::UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd) return fail(Error::os("open").context(path));
    if (::ftruncate(fd.get(), scoreboard::kPage) < 0)
        return fail(Error::os("ftruncate").context(path));
    auto memory = os::MappedMemory::map(fd.get(), scoreboard::kPage, os::Access::ReadWrite);
    if (!memory) return fail(memory.error().context(path));
    return RunStatusPage(std::move(*memory));
}

void RunStatusPage::write(const RunStatus& status) {
    if (memory_) reinterpret_cast<Page*>(memory_.data())->write(status);
}

std::optional<RunStatus> read_run_status(const std::string& path) {
    const os::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat about {};
    if (!fd || ::fstat(fd.get(), &about) < 0 || about.st_size < off_t{scoreboard::kPage})
        return std::nullopt;
    const auto memory = os::MappedMemory::map(fd.get(), scoreboard::kPage, os::Access::Read);
    RunStatus status;
    if (!memory || !reinterpret_cast<const Page*>(memory->data())->read(status) ||
        status.magic != kRunStatusMagic)
        return std::nullopt;
    status.last_error.back() = '\0';
    status.last_warnings.back() = '\0';
    status.config_file.back() = '\0';
    return status;
}

std::string run_status_path(pid_t pid, const std::string& state_dir) {
    const std::string expected = state_dir + std::string(kName);
    if (is_page_of(pid, expected)) return expected;
    const std::string maps = maps_of(pid);
    for (const std::string_view line : text::split(maps, '\n')) {
        const std::size_t path = line.find('/');
        if (path == std::string_view::npos || !line.ends_with(kName)) continue;
        if (is_page_of(pid, std::string(line.substr(path)))) return std::string(line.substr(path));
    }
    return "";
}

}  // namespace mpmd::supervisor
