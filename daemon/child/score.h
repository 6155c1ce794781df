#pragma once

// The child's writing in the scoreboard: every figure is right at the moment it changes (E-8, S-1).
//
// A value with pointers into the extent. Connection rows are written by whoever owns the
// connection; gauges by atomic adds; the counters of ChildStatus "by the listener alone" without
// them.

#include <cstdint>
#include <string_view>

#include "daemon/child/connection.h"
#include "daemon/net/address.h"
#include "daemon/scoreboard/extent.h"

namespace mpmd::child {

class Score {
public:
    explicit Score(scoreboard::Extent extent) : extent_(extent) {}

    [[nodiscard]] scoreboard::ChildStatus& status() const { return extent_.status(); }
    [[nodiscard]] const scoreboard::Extent& extent() const { return extent_; }

    void opened(Connection& connection, const net::Address& local, MonoTime now) const;
    // Puts state, counters and, when a request is given, its text into the row, and moves the
    // gauges. `thread`: the worker that runs it, -1: none.
    void show(Connection& connection, int thread, MonoTime now, const Exchange* request) const;
    void closed(Connection& connection) const;

    void answered(std::uint16_t status_code) const;

private:
    void move_gauge(Connection& connection, scoreboard::ConnectionState to) const;
    scoreboard::Extent extent_;
};

[[nodiscard]] scoreboard::ConnectionState shown_state(mpm::State state);

// Cuts `text` to fit, zero-terminated.
template <std::size_t N>
void put_text(std::array<char, N>& into, std::string_view text) {
    const std::size_t size = text.size() < N - 1 ? text.size() : N - 1;
    text.copy(into.data(), size);
    std::memset(into.data() + size, 0, N - size);
}

// The target of a request in a row's field, as SeeRequestTail wants it; `None`: nothing.
template <std::size_t N>
void put_target(std::array<char, N>& into, std::string_view target, RequestText which) {
    if (which == RequestText::None) target = {};
    if (which == RequestText::End && target.size() >= N)
        target.remove_prefix(target.size() - (N - 1));
    put_text(into, target);
}

// For the one thread that writes this counter.
inline void bump(scoreboard::Counter& counter, std::uint64_t by = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}
// For counters that several threads write.
inline void add(scoreboard::Counter& counter, std::uint64_t by = 1) {
    counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace mpmd::child
