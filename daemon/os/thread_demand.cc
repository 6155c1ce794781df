#include "daemon/os/thread_demand.h"

#include <array>
#include <charconv>

#include <fcntl.h>
#include <unistd.h>

namespace mpmd::os {

ThreadDemand::ThreadDemand() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}

std::optional<Nanoseconds> ThreadDemand::total() const {
    std::array<char, 96> text{};
    const ssize_t size = ::pread(file_.get(), text.data(), text.size(), 0);
    if (size <= 0) return std::nullopt;
    const char* const end = text.data() + size;
    std::int64_t ran = 0;
    std::int64_t waited = 0;
    const auto [space, bad_first] = std::from_chars(text.data(), end, ran);
    if (bad_first != std::errc{} || space == end) return std::nullopt;
    const auto [rest, bad_second] = std::from_chars(space + 1, end, waited);
    if (bad_second != std::errc{}) return std::nullopt;
    return Nanoseconds(ran + waited);
}

}  // namespace mpmd::os
