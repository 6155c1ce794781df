#pragma once

// The memory of one child in the scoreboard, as its writer sees it: status, one row and one
// histogram per worker thread, a histogram of the listener, one row per connection. Borrowed
// pointers into the mapping that `Segment` owns.
//
// Writers: the ChildStatus counters say who adds; a worker row and histogram belong to that worker,
// a connection row to whoever owns the connection. Nobody outside the child can write here.

#include "daemon/base/check.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::scoreboard {

class Extent {
public:
    Extent() = default;
    // Requires: `base` is page-aligned and shape.bytes() long.
    Extent(std::byte* base, ExtentShape shape) : base_(base), shape_(shape) {}

    [[nodiscard]] const ExtentShape& shape() const { return shape_; }
    [[nodiscard]] ChildStatus& status() const { return *at<ChildStatus>(0); }
    [[nodiscard]] Cell<CrashNote>& crash_note() const {
        return *at<Cell<CrashNote>>(shape_.crash_offset());
    }
    [[nodiscard]] Cell<WorkerRow>& worker(std::uint32_t thread) const {
        CHECK(thread < shape_.threads);
        return at<Cell<WorkerRow>>(shape_.workers_offset())[thread];
    }
    [[nodiscard]] Histogram& histogram(std::uint32_t thread) const {
        CHECK(thread <= shape_.threads);  // the last one is the listener's
        return at<Histogram>(shape_.histograms_offset())[thread];
    }
    [[nodiscard]] Cell<ConnectionRow>& connection(std::uint32_t row) const {
        CHECK(row < shape_.connections);
        return at<Cell<ConnectionRow>>(shape_.connections_offset())[row];
    }
    [[nodiscard]] explicit operator bool() const { return base_ != nullptr; }

private:
    // All-zero bytes are valid objects of these types: counters at 0, rows free and settled.
    template <class T>
    [[nodiscard]] T* at(std::uint64_t offset) const {
        return reinterpret_cast<T*>(base_ + offset);
    }
    std::byte* base_ = nullptr;
    ExtentShape shape_;
};

}  // namespace mpmd::scoreboard
