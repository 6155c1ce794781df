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

// Asks `condition` until it holds or soon(limit) is over; true when it held. It is always asked
// once after the end: who was not given the processor for so long has not been answered yet.
template <class Condition>
[[nodiscard]] bool becomes_true(std::chrono::milliseconds limit, Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + soon(limit);
    for (;;) {
        const bool over = std::chrono::steady_clock::now() > deadline;
        if (condition()) return true;
        if (over) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

// For a state that ends by itself, after no less than `lasts`: looks until `over` and says whether
// `condition` was seen. `before`: it had not begun then. When so much time passed between two looks
// that it may have come and gone unseen, that says nothing about the server, and is true as well.
template <class Over, class Condition>
[[nodiscard]] bool seen_until(Over over,
                              Condition condition,
                              std::chrono::milliseconds lasts,
                              std::chrono::steady_clock::time_point before) {
    const auto deadline = std::chrono::steady_clock::now() + soon(std::chrono::seconds(3));
    for (bool blind = false;;) {
        const bool ended = over();
        if (condition()) return true;
        const auto now = std::chrono::steady_clock::now();
        blind = blind || now - before >= lasts;
        if (ended) return blind;
        if (now > deadline) return false;
        before = now;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace mpmd::test
