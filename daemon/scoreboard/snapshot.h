#pragma once

// One consistent-enough look at the whole scoreboard, as values: what status, ps, board, the
// census of the supervisor and every frame are computed from.
//
// Everything that a child can write is treated as hostile: counts are clamped to what the child can
// have, letters to the known ones, text ends inside its field; nothing of it is used as an index
// (P-11). Every loop is bounded by the capacities of the layout and by the supervisor's own rows.
// Reads only; no clock; any thread.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/scoreboard/layout.h"
#include "daemon/scoreboard/segment.h"

namespace mpmd::scoreboard {

// The text of a fixed field: up to the first zero byte, at most the field.
template <std::size_t N>
[[nodiscard]] std::string_view text(const std::array<char, N>& field) {
    const auto* end = static_cast<const char*>(std::memchr(field.data(), 0, N));
    return {field.data(), end == nullptr ? N : static_cast<std::size_t>(end - field.data())};
}
// Cuts `value` to fit and fills the rest with zero bytes.
template <std::size_t N>
void set_text(std::array<char, N>& field, std::string_view value) {
    const std::size_t length = value.size() < N ? value.size() : N - 1;
    field.fill('\0');
    std::memcpy(field.data(), value.data(), length);
}

using ConnectionCounts = std::array<std::uint32_t, kConnectionStates>;  // by ConnectionState

// What a child says of itself, in range.
struct ChildNumbers {
    std::uint64_t heartbeat_ns = 0;  // CLOCK_MONOTONIC; 0 = never
    std::uint64_t requests_on_listener = 0;
    std::uint64_t requests_on_workers = 0;
    std::uint64_t accepted = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::uint32_t listener_busy_permille = 0;
    bool accepting = false;
    bool ready = false;
    bool draining = false;
    char listener = '_';                    // or W
    std::uint32_t queued = 0;               // requests waiting for a worker
    std::uint32_t in_progress = 0;          // requests begun and not answered whole
    ConnectionCounts connections{};         // [0] unused
    std::array<std::uint64_t, 6> status{};  // [1] 1xx .. [5] 5xx
    std::uint64_t shed_keep_alive = 0;
    std::uint64_t shed_head = 0;
    std::uint64_t queue_timeouts = 0;
    std::uint64_t refused_on_keep_alive = 0;
    std::uint64_t deadline_wakeups = 0;
    std::uint64_t accept_errors = 0;
    std::uint64_t duration_ns = 0;  // spent on requests, by all threads
};

struct Child {
    std::uint32_t slot = 0;
    ChildRow row{};  // the supervisor's
    ChildNumbers numbers;
    std::string letters;         // one per worker thread
    std::uint32_t busy = 0;      // R W K L D C
    std::uint32_t idle = 0;      // _
    std::uint32_t starting = 0;  // S
    std::uint32_t graceful = 0;  // G
    std::array<std::uint64_t, kHistogramBuckets> latency{};

    [[nodiscard]] std::uint32_t connections() const;  // open, all states
    // Stops or is told to: its idle threads do not count as idle for anybody (7.3).
    [[nodiscard]] bool leaving() const;
};

// Sums over living children, and of what the dead left, so that counters never go back.
struct Totals {
    std::uint32_t busy = 0;
    std::uint32_t idle = 0;  // of children that accept and do not leave
    std::uint32_t starting = 0;
    std::uint32_t graceful = 0;
    std::uint32_t children = 0;
    std::uint32_t active = 0;
    std::uint32_t draining = 0;
    std::uint32_t children_starting = 0;
    std::uint32_t not_accepting = 0;
    ConnectionCounts connections_by_state{};
    std::uint32_t connections = 0;
    std::uint64_t requests_on_listener = 0;
    std::uint64_t requests_on_workers = 0;
    std::uint32_t in_progress = 0;
    std::uint32_t queued = 0;
    std::uint64_t accepted = 0;
    std::uint64_t bytes_in = 0;
    std::uint64_t bytes_out = 0;
    std::array<std::uint64_t, 6> status{};
    std::uint64_t shed_keep_alive = 0;
    std::uint64_t shed_head = 0;
    std::uint64_t queue_timeouts = 0;
    std::uint64_t duration_ns = 0;
    std::uint64_t refused_on_keep_alive = 0;
    std::uint64_t deadline_wakeups = 0;
    std::uint64_t accept_errors = 0;
    std::uint32_t listener_busy_permille = 0;  // the busiest
    std::array<std::uint64_t, kHistogramBuckets> latency{};
};

struct Snapshot {
    Header header{};
    Global global{};
    std::vector<Child> children;  // living, by slot
    Totals totals;
};

// Without latency it is far cheaper: the histograms are most of what there is to read.
[[nodiscard]] Snapshot take_snapshot(const View& view, bool with_latency = true);
// One row; nothing when the slot is free or its row was in flux. Latency only on request (it reads
// every histogram).
[[nodiscard]] std::optional<Child> read_child(const View& view,
                                              std::uint32_t slot,
                                              bool with_latency = true);

// Calls visit(row number, row) for every open connection of the child. The text is untrusted and
// ends inside its field; enumerators are in range; thread is -1 or < threads.
void each_connection(const View& view,
                     const ChildRow& child,
                     const std::function<void(std::uint32_t, const ConnectionRow&)>& visit);
// Who is there longest: whoever a leaving child waits for.
[[nodiscard]] std::optional<ConnectionRow> oldest_connection(const View& view,
                                                             const ChildRow& child);
// As each_connection() for every worker thread.
void each_worker(const View& view,
                 const ChildRow& child,
                 const std::function<void(std::uint32_t, const WorkerRow&)>& visit);

// What the workers of earlier children did in a slot that is free now.
struct PastSlot {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;  // of the last of them
    std::uint64_t requests = 0;
    std::uint64_t bytes = 0;
    std::uint64_t duration_ns = 0;
};
// Of the first `slots` slots.
[[nodiscard]] std::vector<PastSlot> past_slots(const View& view, std::uint32_t slots);

// Oldest first; only numbers > `after`; at most what the ring holds.
[[nodiscard]] std::vector<EventRow> events(const View& view, std::uint64_t after = 0);
[[nodiscard]] std::vector<DecisionRow> decisions(const View& view, std::uint64_t after = 0);
// Text ends inside its field; the note's frames are at most kCrashFrames.
[[nodiscard]] std::vector<CrashRow> crashes(const View& view, std::uint64_t after = 0);
// What the child of this row left when it died; nothing when it left none.
[[nodiscard]] std::optional<CrashNote> crash_note(const View& view, const ChildRow& child);

// Newest first.
[[nodiscard]] std::vector<OperationHead> operations(const View& view);
struct OperationRecord {
    OperationHead head{};
    std::vector<OperationStep> steps;
};
[[nodiscard]] std::optional<OperationRecord> find_operation(const View& view, std::uint64_t number);

}  // namespace mpmd::scoreboard
