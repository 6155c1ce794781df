#include "daemon/os/mapped_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace mpmd::os {

Result<MappedMemory> MappedMemory::map(int fd, std::size_t size, Access access) {
    const int protection = access == Access::Read ? PROT_READ : PROT_READ | PROT_WRITE;
    void* address = ::mmap(nullptr, size, protection, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (address == MAP_FAILED) return fail(Error::os("mmap"));
    // A core file of a child shall not carry 64 GiB of everybody's rows; refusal does no harm.
    (void)::madvise(address, size, MADV_DONTDUMP);
    return MappedMemory(static_cast<std::byte*>(address), size);
}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
    if (this != &other) {
        reset();
        data_ = std::exchange(other.data_, nullptr);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

void MappedMemory::reset() {
    if (data_ != nullptr) (void)::munmap(data_, size_);
    data_ = nullptr;
    size_ = 0;
}

Result<> MappedMemory::keep_only(std::size_t offset, std::size_t length) {
    const std::size_t end = offset + length;
    if (offset > size_ || end > size_) return fail(Error::text("keep_only: outside the mapping"));
    if (end < size_ && ::munmap(data_ + end, size_ - end) < 0) return fail(Error::os("munmap"));
    if (offset > 0 && ::munmap(data_, offset) < 0) return fail(Error::os("munmap"));
    data_ += offset;
    size_ = length;
    return {};
}

Result<UniqueFd> memory_file(const char* name, std::uint64_t size) {
    UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return fail(Error::os("memfd_create"));
    if (::ftruncate(fd.get(), static_cast<off_t>(size)) < 0) return fail(Error::os("ftruncate"));
    return fd;
}

Result<> seal_for_readers(int fd) {
    constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
    if (::fcntl(fd, F_ADD_SEALS, kSeals) < 0) return fail(Error::os("fcntl(F_ADD_SEALS)"));
    return {};
}

}  // namespace mpmd::os
