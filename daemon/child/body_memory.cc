#include "daemon/child/body_memory.h"

#include <algorithm>

#include <sys/mman.h>

namespace mpmd::child {

namespace {

constexpr std::size_t kStep = std::size_t{64} * 1024;  // counted so, not byte by byte

}  // namespace

BodyMemory::~BodyMemory() {
    for (const Block& block : free_)
        ::munmap(block.data, kBlock);
}

BodyMemory::Block BodyMemory::take() {
    {
        const os::Lock lock(mutex_);
        if (!free_.empty()) {
            const Block block = free_.back();
            free_.pop_back();
            return block;
        }
    }
    void* const data = ::mmap(nullptr, kBlock, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (data == MAP_FAILED) return {};
    return {static_cast<char*>(data), 0};
}

bool BodyMemory::extend(Block& block, std::size_t bytes) {
    if (bytes <= block.touched) return true;
    const std::size_t wanted = std::min((bytes + kStep - 1) / kStep * kStep, kBlock);
    const std::size_t more = wanted - block.touched;
    const os::Lock lock(mutex_);
    // What nobody uses makes way, the longest unused first.
    while (cost_ + more > kTotal && !free_.empty()) {
        drop(free_.front());
        free_.erase(free_.begin());
    }
    if (cost_ + more > kTotal) return false;
    cost_ += more;
    block.touched = wanted;
    return true;
}

void BodyMemory::give_back(Block block) {
    if (block.data == nullptr) return;
    const os::Lock lock(mutex_);
    if (may_keep(block))
        free_.push_back(block);
    else
        drop(block);
}

void BodyMemory::limit(std::size_t bytes, std::size_t blocks) {
    const os::Lock lock(mutex_);
    block_limit_ = bytes;
    most_blocks_ = blocks;
    std::vector<Block> before;
    before.swap(free_);
    for (Block& block : before) {
        if (may_keep(block))
            free_.push_back(block);
        else
            drop(block);
    }
}

bool BodyMemory::may_keep(const Block& block) const {
    return block_limit_ == 0 || (block.touched <= block_limit_ && free_.size() < most_blocks_);
}

void BodyMemory::drop(Block& block) {
    ::munmap(block.data, kBlock);
    cost_ -= block.touched;
    block = {};
}

std::size_t BodyMemory::cost() {
    const os::Lock lock(mutex_);
    return cost_;
}

std::size_t BodyMemory::kept() {
    const os::Lock lock(mutex_);
    return free_.size();
}

}  // namespace mpmd::child
