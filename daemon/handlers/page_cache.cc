#include "daemon/handlers/page_cache.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <sys/uio.h>
#include <unistd.h>

namespace mpmd::handlers {
namespace {

constexpr std::uint64_t kWindow =
    std::uint64_t{256} * 1024;  // output budget of a wake-up (decisions.md 2)
constexpr Nanoseconds kBelief = Seconds(1);

bool byte_present(int fd, std::uint64_t offset) {
    char byte = 0;
    iovec vec{&byte, 1};
    for (;;) {
        const ssize_t n = ::preadv2(fd, &vec, 1, static_cast<off_t>(offset), RWF_NOWAIT);
        if (n < 0 && errno == EINTR) continue;
        return n >= 0;  // 0: the file is shorter now; sendfile will say so, at once
    }
}

}  // namespace

bool pages_present(const http::FileBody& file,
                   std::uint64_t offset,
                   std::uint64_t length,
                   MonoTime now) {
    if (length == 0) return true;
    const bool whole =
        offset == 0 && length <= kWindow && length == file.length && file.offset == 0;
    std::atomic<std::int64_t>* const belief = whole ? file.resident_until_ns : nullptr;
    if (belief != nullptr && to_ns(now) < belief->load(std::memory_order_relaxed)) return true;
    if (!byte_present(file.fd, offset) || !byte_present(file.fd, offset + length - 1)) return false;
    if (belief != nullptr) belief->store(to_ns(now + kBelief), std::memory_order_relaxed);
    return true;
}

void read_ahead(const http::FileBody& file, std::uint64_t offset, std::uint64_t length) {
    // Only the reading counts. NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
    std::array<char, std::size_t{64} * 1024> scratch;
    while (length > 0) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(length, scratch.size()));
        const ssize_t n = ::pread(file.fd, scratch.data(), size, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        offset += static_cast<std::uint64_t>(n);
        length -= static_cast<std::uint64_t>(n);
    }
}

}  // namespace mpmd::handlers
