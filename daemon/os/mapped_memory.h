#pragma once

// A shared mapping of a file, and the memory files that the scoreboard lives in. Owner: whoever
// holds the object; unmapped on destruction. Any thread.

#include <cstddef>
#include <cstdint>
#include <utility>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

enum class Access : std::uint8_t { Read, ReadWrite };

class MappedMemory {
public:
    MappedMemory() = default;
    // Maps `size` bytes of `fd` from its start, shared, left out of core files; untouched pages
    // cost nothing.
    [[nodiscard]] static Result<MappedMemory> map(int fd, std::size_t size, Access access);

    MappedMemory(MappedMemory&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    MappedMemory& operator=(MappedMemory&& other) noexcept;
    MappedMemory(const MappedMemory&) = delete;
    MappedMemory& operator=(const MappedMemory&) = delete;
    ~MappedMemory() { reset(); }

    [[nodiscard]] std::byte* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] explicit operator bool() const { return data_ != nullptr; }
    void reset();

    // Unmaps everything but [offset, offset + length), which stays mapped where it is.
    // Page-aligned.
    [[nodiscard]] Result<> keep_only(std::size_t offset, std::size_t length);

private:
    MappedMemory(std::byte* data, std::size_t size) : data_(data), size_(size) {}
    std::byte* data_ = nullptr;
    std::size_t size_ = 0;
};

// An anonymous file in memory, sparse, sealable.
[[nodiscard]] Result<UniqueFd> memory_file(const char* name, std::uint64_t size);
// From now on nobody can map `fd` for writing, resize it, or change its seals; mappings that exist
// stay writable.
[[nodiscard]] Result<> seal_for_readers(int fd);

}  // namespace mpmd::os
