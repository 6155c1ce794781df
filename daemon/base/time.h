#pragma once

// Time as values. Nobody below asks a clock (that is daemon/os/clock.h); pure code is told the
// time.

#include <chrono>
#include <cstdint>

namespace mpmd {

using Nanoseconds = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
using MonoTime =
    std::chrono::time_point<std::chrono::steady_clock, Nanoseconds>;  // deadlines, ages
using WallTime =
    std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;  // for people

[[nodiscard]] constexpr std::int64_t to_ns(MonoTime time) {
    return time.time_since_epoch().count();
}
[[nodiscard]] constexpr MonoTime from_ns(std::int64_t ns) {
    return MonoTime(Nanoseconds(ns));
}
[[nodiscard]] constexpr std::int64_t to_us(WallTime time) {
    return time.time_since_epoch().count();
}

}  // namespace mpmd
