#include "daemon/os/clock.h"

namespace mpmd::os {

MonoTime mono_now() {
    return std::chrono::time_point_cast<Nanoseconds>(std::chrono::steady_clock::now());
}

WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
}

}  // namespace mpmd::os
