#pragma once

// Memory for request bodies on their way to a handler: blocks of address space whose pages cost
// nothing until they are written, and which go back to the system when they are not kept.
//
// What a child keeps follows MaxMemFree: with a limit, a block that was used no further than that
// and at most so many of them; with 0 all of them, so that the next body finds its pages present.
// In use and kept together never cost more than kTotal: a body that finds no room goes to a file.
// Any thread.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "daemon/os/mutex.h"

namespace mpmd::child {

class BodyMemory {
public:
    static constexpr std::size_t kBlock = std::size_t{8} * 1024 * 1024;
    static constexpr std::size_t kTotal = std::size_t{64} * 1024 * 1024;

    struct Block {
        char* data = nullptr;     // kBlock bytes of address space
        std::size_t touched = 0;  // that may be written, and count
    };

    BodyMemory() = default;
    BodyMemory(const BodyMemory&) = delete;
    BodyMemory& operator=(const BodyMemory&) = delete;
    ~BodyMemory();

    // No data: the system has no room.
    [[nodiscard]] Block take() EXCLUDES(mutex_);
    // From now on the first `bytes` may be written; false: not now, kTotal is reached.
    // Requires: bytes <= kBlock.
    [[nodiscard]] bool extend(Block& block, std::size_t bytes) EXCLUDES(mutex_);
    void give_back(Block block) EXCLUDES(mutex_);
    // MaxMemFree: what one kept block may cost (0 = any), and how many are kept. Holds at once.
    void limit(std::size_t bytes, std::size_t blocks) EXCLUDES(mutex_);

    [[nodiscard]] std::size_t cost() EXCLUDES(mutex_);  // bytes touched, of all blocks
    [[nodiscard]] std::size_t kept() EXCLUDES(mutex_);  // blocks

private:
    [[nodiscard]] bool may_keep(const Block& block) const REQUIRES(mutex_);
    void drop(Block& block) REQUIRES(mutex_);

    os::Mutex mutex_;
    std::vector<Block> free_ GUARDED_BY(mutex_);  // the last used comes last
    std::size_t cost_ GUARDED_BY(mutex_) = 0;
    std::size_t block_limit_ GUARDED_BY(mutex_) = 0;
    std::size_t most_blocks_ GUARDED_BY(mutex_) = 0;
};

}  // namespace mpmd::child
