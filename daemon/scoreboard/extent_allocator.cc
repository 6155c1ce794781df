#include "daemon/scoreboard/extent_allocator.h"

#include <algorithm>
#include <iterator>

#include "daemon/base/check.h"

namespace mpmd::scoreboard {

ExtentAllocator::ExtentAllocator(std::uint64_t begin, std::uint64_t end)
    : free_{{begin, end - begin}}, touched_(begin) {}

std::optional<ExtentAllocator::Allocation> ExtentAllocator::allocate(std::uint64_t bytes) {
    bytes = page_up(bytes);
    for (auto gap = free_.begin(); gap != free_.end(); ++gap) {
        if (gap->second < bytes) continue;
        const std::uint64_t offset = gap->first;
        const std::uint64_t rest = gap->second - bytes;
        free_.erase(gap);
        if (rest > 0) free_.emplace(offset + bytes, rest);
        const bool used_before = offset < touched_;
        touched_ = std::max(touched_, offset + bytes);
        return Allocation{offset, used_before};
    }
    return std::nullopt;
}

void ExtentAllocator::release(std::uint64_t offset, std::uint64_t bytes) {
    bytes = page_up(bytes);
    auto next = free_.lower_bound(offset);
    CHECK(next == free_.end() || offset + bytes <= next->first);
    if (next != free_.end() && offset + bytes == next->first) {
        bytes += next->second;
        next = free_.erase(next);
    }
    if (next != free_.begin()) {
        const auto before = std::prev(next);
        CHECK(before->first + before->second <= offset);
        if (before->first + before->second == offset) {
            before->second += bytes;
            return;
        }
    }
    free_.emplace(offset, bytes);
}

}  // namespace mpmd::scoreboard
