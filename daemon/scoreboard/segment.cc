#include "daemon/scoreboard/segment.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/credentials.h"

namespace mpmd::scoreboard {

namespace {

struct Files {
    os::UniqueFd write;
    os::UniqueFd read;
};

Result<Files> anonymous() {
    os::UniqueFd fd = TRY(os::memory_file("mpmd-scoreboard", kSegmentSize));
    return Files{std::move(fd), {}};
}

// Locked for the life of its writers: two servers cannot share one file.
bool lock(int fd) {
    return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

// Children that outlive their supervisor hold the lock until they have finished (P-22). They keep
// the file that they map when another takes its place.
bool supervisor_lives(const Header& header) {
    return ::kill(static_cast<pid_t>(header.supervisor_pid), 0) == 0 || errno == EPERM;
}

// What stands at `path` may be replaced: nothing, or the scoreboard of a server that is gone.
Result<> check_place(const std::string& path) {
    const os::UniqueFd fd(
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (!fd) {
        if (errno == ENOENT) return {};
        return fail(Error::os("open"));
    }
    Header header{};
    const ssize_t got = ::pread(fd.get(), &header, sizeof(header), 0);
    if (got != static_cast<ssize_t>(sizeof(header)) || header.magic != kMagic)
        return fail(Error::text("what is there is no scoreboard; remove it or name another file"));
    if (!lock(fd.get()) && supervisor_lives(header))
        return fail(Error::text(fmt::format("in use by mpmd pid {}", header.supervisor_pid)));
    return {};
}

// Opened beside and moved over once it is whole (publish): a reader that still maps an old one
// keeps a consistent, stale board.
Result<Files> named(const std::string& path, std::string& temporary) {
    TRY_VOID(check_place(path));
    temporary = path + ".XXXXXX";
    os::UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!fd) return fail(Error::os("mkostemp"));
    // Readers who are not root: a group of their own (P-20).
    if (const auto viewers = os::group_id("mpmd-view"))
        (void)!::fchown(fd.get(), static_cast<uid_t>(-1), *viewers);
    if (::fchmod(fd.get(), 0640) < 0) return fail(Error::os("fchmod"));
    if (!lock(fd.get())) return fail(Error::os("flock"));
    if (::ftruncate(fd.get(), static_cast<off_t>(kSegmentSize)) < 0)
        return fail(Error::os("ftruncate"));
    os::UniqueFd reader(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!reader) return fail(Error::os("open"));
    return Files{std::move(fd), std::move(reader)};
}

bool inside_arena(std::uint64_t offset, std::uint64_t bytes, std::uint64_t size) {
    return offset >= kArenaOffset && offset % kPage == 0 && offset <= size &&
           bytes <= size - offset;
}

}  // namespace

std::optional<ExtentView> View::extent(const ChildRow& row) const {
    // 32-bit counts cannot overflow the 64-bit sum in bytes().
    const ExtentShape shape{row.threads, row.connection_rows};
    if (!inside_arena(row.extent_offset, shape.bytes(), size_)) return std::nullopt;
    return ExtentView(base_ + row.extent_offset, shape);
}

Result<Reader> Reader::open(int fd) {
    struct stat about {};
    if (::fstat(fd, &about) < 0) return fail(Error::os("fstat"));
    if (about.st_size < static_cast<off_t>(kSegmentSize))
        return fail(Error::text("the scoreboard is too small to be one of ours"));
    os::MappedMemory memory = TRY(os::MappedMemory::map(fd, kSegmentSize, os::Access::Read));
    Header header{};
    std::memcpy(&header, memory.data(), sizeof(header));
    if (header.magic != kMagic) return fail(Error::text("this is not a scoreboard of mpmd"));
    if (header.layout_version != kLayoutVersion || header.segment_size != kSegmentSize) {
        return fail(Error::text(fmt::format(
            "the scoreboard has layout {}, this program reads layout {}: mpmd and mpmd-control are "
            "of two releases",
            header.layout_version, kLayoutVersion)));
    }
    return Reader(std::move(memory));
}

Result<Segment> Segment::create(const Header& header, const std::string& path) {
    std::string temporary;
    auto made = make(header, path, temporary);
    if (made && !path.empty() && ::rename(temporary.c_str(), path.c_str()) < 0)
        made = fail(Error::os("rename"));
    if (made) return made;
    Error error = made.error();
    if (!temporary.empty()) (void)::unlink(temporary.c_str());
    return fail(error.context(path.empty()
                                  ? "cannot make the scoreboard"
                                  : fmt::format("cannot make the scoreboard \"{}\"", path)));
}

Result<Segment> Segment::make(const Header& header,
                              const std::string& path,
                              std::string& temporary) {
    Files files = TRY(path.empty() ? anonymous() : named(path, temporary));
    os::MappedMemory memory =
        TRY(os::MappedMemory::map(files.write.get(), kSegmentSize, os::Access::ReadWrite));
    if (path.empty()) {
        TRY_VOID(os::seal_for_readers(files.write.get()));
        files.read = std::move(files.write);
    }
    Header whole = header;
    whole.magic = 0;
    whole.layout_version = kLayoutVersion;
    whole.segment_size = kSegmentSize;
    std::memcpy(memory.data(), &whole, sizeof(whole));
    std::atomic_ref<std::uint64_t>(reinterpret_cast<Header*>(memory.data())->magic)
        .store(kMagic, std::memory_order_release);
    Segment segment(std::move(files.read), std::move(files.write), std::move(memory));
    TRY_VOID(segment.reserve(0, kArenaOffset));
    return segment;
}

Cell<ChildRow>& Segment::child(std::uint32_t slot) const {
    CHECK(slot < kMaxChildren);
    return at<Cell<ChildRow>>(kChildrenOffset)[slot];
}

OperationRow& Segment::operation(std::size_t row) const {
    CHECK(row < kOperations);
    return at<OperationRow>(kOperationsOffset)[row];
}

Cell<EventRow>& Segment::event(std::size_t row) const {
    CHECK(row < kEvents);
    return at<Cell<EventRow>>(kEventsOffset)[row];
}

Cell<DecisionRow>& Segment::decision(std::size_t row) const {
    CHECK(row < kDecisions);
    return at<Cell<DecisionRow>>(kDecisionsOffset)[row];
}

Cell<CrashRow>& Segment::crash(std::size_t row) const {
    CHECK(row < kCrashes);
    return at<Cell<CrashRow>>(kCrashesOffset)[row];
}

Extent Segment::extent(std::uint64_t offset, ExtentShape shape) const {
    CHECK(inside_arena(offset, shape.bytes(), memory_.size()));
    return {memory_.data() + offset, shape};
}

Result<> Segment::reserve(std::uint64_t offset, std::uint64_t bytes) const {
    if (!lock_ ||
        ::fallocate(lock_.get(), 0, static_cast<off_t>(offset), static_cast<off_t>(bytes)) == 0)
        return {};
    // A file system without the call: the file is as sparse as it was.
    if (errno == EOPNOTSUPP || errno == ENOSYS) return {};
    return fail(Error::os("fallocate"));
}

void Segment::clear_extent(std::uint64_t offset, std::uint64_t bytes) const {
    CHECK(inside_arena(offset, bytes, memory_.size()));
    std::memset(memory_.data() + offset, 0, bytes);
}

Result<ChildMemory> Segment::become_child(std::uint64_t offset, ExtentShape shape) && {
    CHECK(inside_arena(offset, shape.bytes(), memory_.size()));
    ChildMemory mine;
    mine.all = TRY(os::MappedMemory::map(reader_fd_.get(), kSegmentSize, os::Access::Read));
    TRY_VOID(memory_.keep_only(offset, shape.bytes()));
    mine.own = std::move(memory_);
    mine.extent = Extent(mine.own.data(), shape);
    return mine;
}

}  // namespace mpmd::scoreboard
