#include "daemon/os/clock.h"

#include <ctime>

namespace mpmd::os {

MonoTime mono_now() {
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::steady_clock::now());
}

WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

Nanoseconds thread_cpu() {
    timespec used{};
    if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) < 0) return {};
    return Seconds(used.tv_sec) + Nanoseconds(used.tv_nsec);
}

}  // namespace mpmd::os
