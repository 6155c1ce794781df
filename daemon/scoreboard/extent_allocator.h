#pragma once

// Pure. Who has which pages of the arena: a private list of the supervisor, never read back from
// shared memory. Lowest address first, because pages under a seal cannot be given back to the
// system: reuse keeps the touched part small.

#include <cstdint>
#include <map>
#include <optional>

#include "daemon/scoreboard/layout.h"

namespace mpmd::scoreboard {

class ExtentAllocator {
public:
    struct Allocation {
        std::uint64_t offset = 0;
        bool used_before = false;  // some of it held another child's rows: clear it
    };

    // [begin, end), page-aligned.
    explicit ExtentAllocator(std::uint64_t begin = kArenaOffset, std::uint64_t end = kSegmentSize);
    // `bytes` are rounded up to pages. Nothing when no gap is large enough.
    [[nodiscard]] std::optional<Allocation> allocate(std::uint64_t bytes);
    // Requires: allocated with this size.
    void release(std::uint64_t offset, std::uint64_t bytes);

private:
    std::map<std::uint64_t, std::uint64_t> free_;  // offset -> bytes, never adjacent
    std::uint64_t touched_;                        // everything from here on is as new
};

}  // namespace mpmd::scoreboard
