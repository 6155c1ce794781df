#pragma once

// Upper time limits of tests with real processes. A loaded machine may be ten times slower than the
// rule; what proves the point is order or count, and this only ends a test that would wait for
// ever.

#include <algorithm>
#include <chrono>
#include <thread>

namespace mpmd::test {

[[nodiscard]] constexpr std::chrono::milliseconds soon(std::chrono::milliseconds limit) {
    return std::max<std::chrono::milliseconds>(10 * limit, std::chrono::seconds(5));
}

// Asks `condition` until it holds or soon(limit) is over; true when it held.
template <class Condition>
[[nodiscard]] bool becomes_true(std::chrono::milliseconds limit, Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + soon(limit);
    for (;;) {
        if (condition()) return true;
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

}  // namespace mpmd::test
