#pragma once

// Every figure of the status page, computed from one look at the scoreboard: what ?auto and the
// HTML page print is here, so that both always agree. Asks no clock.
//
// How the figures are meant (mpm-behaviour 7.3, 7.5; decisions.md 1 and 10): requests, bytes and
// durations include what the listeners answered; letters, busy and idle are worker threads only.
// The connection that asks for the page is not counted among the connections, or there would always
// be one too many; the request is one in progress.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/scoreboard/snapshot.h"

namespace mpmd::handlers {

// What the scoreboard does not know.
struct StatusMoment {
    std::uint64_t wall_us = 0;
    std::uint64_t mono_ns = 0;
    std::array<double, 3> load{};
    std::uint32_t asking_slot = 0;  // of the child that answers
    std::uint8_t asking_state = 0;  // scoreboard::ConnectionState that the asker is counted as
    bool asked_on_listener = true;  // else a worker answers, and counts as busy
    bool with_workers = false;      // fill in `workers` (when ExtendedStatus is on)
};

struct StatusChild {
    std::uint32_t slot = 0;
    std::uint32_t pid = 0;
    std::uint32_t generation = 0;
    bool stopping = false;
    bool old_generation = false;
    bool accepting = false;
    std::uint32_t busy = 0;
    std::uint32_t graceful = 0;
    std::uint32_t idle = 0;                      // 0 unless it counts (7.3)
    scoreboard::ConnectionCounts connections{};  // by ConnectionState
    std::uint32_t open = 0;
    std::string letters;
    char listener = '_';
    double listener_busy = 0;  // percent
    std::uint64_t on_listener = 0;
    std::uint64_t on_workers = 0;
    std::uint32_t queued = 0;
    std::uint32_t in_progress = 0;
};

// A row of the worker table. A dead slot with history has pid 0 and only what it did.
struct StatusWorker {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    std::uint32_t pid = 0;
    std::uint64_t connection_bytes = 0;
    scoreboard::WorkerRow row{};
};

struct StatusFigures {
    std::string version;  // "mpmd/0.2.0 (Debian)"
    std::string mpm;      // "event", "worker"
    std::string built;
    std::string current_time;  // local time as text: the caller's, who knows the time zone
    std::string restart_time;
    std::uint64_t mono_ns = 0;
    std::uint64_t restart_wall_us = 0;
    std::uint32_t config_generation = 1;
    std::uint32_t mpm_generation = 0;
    std::uint64_t uptime = 0;  // s
    std::array<double, 3> load{};

    bool extended = true;
    std::uint64_t accesses = 0;
    std::uint64_t bytes = 0;
    double duration_ms = 0;
    double cpu_user = 0;  // s; of the supervisor and the living children
    double cpu_system = 0;
    double cpu_gone_user = 0;  // of the dead
    double cpu_gone_system = 0;

    std::uint32_t busy = 0;
    std::uint32_t graceful = 0;
    std::uint32_t idle = 0;
    std::uint32_t stopping = 0;
    std::uint32_t connections = 0;
    scoreboard::ConnectionCounts by_state{};
    double listener_busy = 0;  // percent, the busiest
    std::uint64_t on_listener = 0;
    std::uint64_t on_workers = 0;
    std::uint32_t in_progress = 0;
    std::string letters;  // the Scoreboard line

    std::vector<StatusChild> children;  // living, by slot
    std::vector<StatusWorker> workers;  // at most kStatusWorkers
    std::uint32_t workers_left_out = 0;

    [[nodiscard]] double cpu() const {
        return cpu_user + cpu_system + cpu_gone_user + cpu_gone_system;
    }
    [[nodiscard]] std::uint32_t in(scoreboard::ConnectionState state) const {
        return by_state[static_cast<std::size_t>(state)];
    }
};

// So that the page of a server with thousands of threads does not hold up the listener.
inline constexpr std::size_t kStatusWorkers = 1024;

[[nodiscard]] StatusFigures take_figures(const scoreboard::View& view, const StatusMoment& moment);

}  // namespace mpmd::handlers
