#include "daemon/supervisor/run_status.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace mpmd::supervisor {

namespace {

using Page = scoreboard::Cell<RunStatus>;
static_assert(sizeof(Page) <= scoreboard::kPage);

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
    return status;
}

}  // namespace mpmd::supervisor
