#pragma once

// The scoreboard's memory: made, mapped and sealed by the supervisor, read by everybody.
//
// The supervisor owns the Segment (read-write). After fork a child calls become_child(): all
// writable memory but its own extent is unmapped and the whole is mapped read-only; the seal makes
// that final. mpmd-control opens a Reader on the inherited descriptor. View is the borrowed,
// bounds-checked look of all readers.
//
// Errors: a foreign or older layout is refused with a sentence that names both versions.

#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/os/mapped_memory.h"
#include "daemon/os/unique_fd.h"
#include "daemon/scoreboard/extent.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::scoreboard {

// The rows of one child for a reader; every pointer was checked against the segment.
class ExtentView {
public:
    ExtentView(const std::byte* base, ExtentShape shape) : base_(base), shape_(shape) {}
    [[nodiscard]] const ExtentShape& shape() const { return shape_; }
    [[nodiscard]] const ChildStatus& status() const { return *at<ChildStatus>(0); }
    [[nodiscard]] const Cell<CrashNote>& crash_note() const {
        return *at<Cell<CrashNote>>(shape_.crash_offset());
    }
    [[nodiscard]] const Cell<WorkerRow>& worker(std::uint32_t thread) const {
        CHECK(thread < shape_.threads);
        return at<Cell<WorkerRow>>(shape_.workers_offset())[thread];
    }
    [[nodiscard]] const Histogram& histogram(std::uint32_t thread) const {
        CHECK(thread <= shape_.threads);  // the last one is the listener's
        return at<Histogram>(shape_.histograms_offset())[thread];
    }
    [[nodiscard]] const Cell<ConnectionRow>& connection(std::uint32_t row) const {
        CHECK(row < shape_.connections);
        return at<Cell<ConnectionRow>>(shape_.connections_offset())[row];
    }

private:
    template <class T>
    [[nodiscard]] const T* at(std::uint64_t offset) const {
        return reinterpret_cast<const T*>(base_ + offset);
    }
    const std::byte* base_;
    ExtentShape shape_;
};

// Borrowed: valid while the Segment or Reader lives. Any thread.
class View {
public:
    View() = default;
    // Requires: `size` >= kArenaOffset.
    View(const std::byte* base, std::uint64_t size) : base_(base), size_(size) {}

    [[nodiscard]] const Header& header() const { return *at<Header>(kHeaderOffset); }
    [[nodiscard]] const Cell<Global>& global() const { return *at<Cell<Global>>(kGlobalOffset); }
    [[nodiscard]] const Cell<ChildRow>& child(std::uint32_t slot) const {
        CHECK(slot < kMaxChildren);
        return at<Cell<ChildRow>>(kChildrenOffset)[slot];
    }
    [[nodiscard]] const OperationRow& operation(std::size_t row) const {
        CHECK(row < kOperations);
        return at<OperationRow>(kOperationsOffset)[row];
    }
    [[nodiscard]] const Cell<EventRow>& event(std::size_t row) const {
        CHECK(row < kEvents);
        return at<Cell<EventRow>>(kEventsOffset)[row];
    }
    [[nodiscard]] const Cell<DecisionRow>& decision(std::size_t row) const {
        CHECK(row < kDecisions);
        return at<Cell<DecisionRow>>(kDecisionsOffset)[row];
    }
    [[nodiscard]] const Cell<CrashRow>& crash(std::size_t row) const {
        CHECK(row < kCrashes);
        return at<Cell<CrashRow>>(kCrashesOffset)[row];
    }
    // Nothing when the row names memory outside the arena.
    [[nodiscard]] std::optional<ExtentView> extent(const ChildRow& row) const;
    [[nodiscard]] explicit operator bool() const { return base_ != nullptr; }

private:
    template <class T>
    [[nodiscard]] const T* at(std::uint64_t offset) const {
        return reinterpret_cast<const T*>(base_ + offset);
    }
    const std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
};

// A read-only mapping of a scoreboard made by another process (mpmd-control, board --local).
class Reader {
public:
    // Verifies magic, layout version and sizes. The descriptor is not kept.
    [[nodiscard]] static Result<Reader> open(int fd);
    [[nodiscard]] View view() const { return {memory_.data(), memory_.size()}; }

private:
    explicit Reader(os::MappedMemory memory) : memory_(std::move(memory)) {}
    os::MappedMemory memory_;
};

// What a child keeps: its own extent, writable, and everything else to read.
struct ChildMemory {
    os::MappedMemory own;
    os::MappedMemory all;
    Extent extent;
    [[nodiscard]] View view() const { return {all.data(), all.size()}; }
};

class Segment {
public:
    // Anonymous memory, or `path` (ScoreBoardFile, 0640 and of the group mpmd-view when there is
    // one; the file of a dead server is replaced, anything else in its place is an error, P-20).
    // Writes the header last: a reader that sees the magic sees all of it.
    [[nodiscard]] static Result<Segment> create(const Header& header, const std::string& path = "");

    [[nodiscard]] View view() const { return {memory_.data(), memory_.size()}; }
    // For readers: cannot be mapped for writing.
    [[nodiscard]] int reader_fd() const { return reader_fd_.get(); }

    // The supervisor's rows.
    [[nodiscard]] Cell<Global>& global() const { return *at<Cell<Global>>(kGlobalOffset); }
    [[nodiscard]] Cell<ChildRow>& child(std::uint32_t slot) const;
    [[nodiscard]] OperationRow& operation(std::size_t row) const;
    [[nodiscard]] Cell<EventRow>& event(std::size_t row) const;
    [[nodiscard]] Cell<DecisionRow>& decision(std::size_t row) const;
    [[nodiscard]] Cell<CrashRow>& crash(std::size_t row) const;
    // The rows of a child that is not born yet. Requires: inside the arena, nobody uses it.
    [[nodiscard]] Extent extent(std::uint64_t offset, ExtentShape shape) const;
    // A named file gets the blocks behind this range now, so that a disk that is full is an error
    // here and no SIGBUS for whoever writes there first. Memory has nothing to reserve.
    [[nodiscard]] Result<> reserve(std::uint64_t offset, std::uint64_t bytes) const;
    // Zeroes the extent for a new owner. Requires: inside the arena, nobody uses it.
    void clear_extent(std::uint64_t offset, std::uint64_t bytes) const;

    // In the forked child, once: gives up everything but [offset, + shape.bytes()).
    [[nodiscard]] Result<ChildMemory> become_child(std::uint64_t offset, ExtentShape shape) &&;
    // In a forked helper that needs none of it.
    void unmap() { memory_.reset(); }

private:
    Segment(os::UniqueFd reader_fd, os::UniqueFd lock, os::MappedMemory memory)
        : reader_fd_(std::move(reader_fd)), memory_(std::move(memory)), lock_(std::move(lock)) {}
    [[nodiscard]] static Result<Segment> make(const Header& header,
                                              const std::string& path,
                                              std::string& temporary);
    template <class T>
    [[nodiscard]] T* at(std::uint64_t offset) const {
        return reinterpret_cast<T*>(memory_.data() + offset);
    }
    os::UniqueFd reader_fd_;
    os::MappedMemory memory_;
    os::UniqueFd lock_;  // of a named file, while we write it
};

}  // namespace mpmd::scoreboard
