#pragma once

// A worker thread's row of the scoreboard: the letter of the board, whose connection it runs, what
// it has done. Of one thread, its only writer.

#include <cstdint>

#include "daemon/child/score.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::child {

class ThreadRow {
public:
    // On the thread itself: the row names its id.
    ThreadRow(const Score& score, std::uint32_t thread);

    // Waiting for work, or gone: no connection.
    void rest(scoreboard::WorkerState state);
    // Whose connection, and when given, which request; seen with the next show().
    void name(const Connection& connection, const Exchange* request);
    void show(scoreboard::WorkerState state);
    void count(std::uint64_t requests, std::uint64_t bytes_out) {
        row_.requests += requests;
        row_.bytes_out += bytes_out;
        row_.slot_requests += requests;
        row_.slot_bytes += bytes_out;
    }
    // All requests of a job, and the last of them.
    void spent(Nanoseconds duration, Nanoseconds last) {
        row_.slot_duration_ns += static_cast<std::uint64_t>(duration.count());
        row_.last_ns = static_cast<std::uint64_t>(last.count());
    }
    [[nodiscard]] scoreboard::WorkerState state() const { return row_.state; }

private:
    const Score& score_;
    const std::uint32_t thread_;
    scoreboard::WorkerRow row_{};
    MonoTime next_cpu_look_{};
};

}  // namespace mpmd::child
