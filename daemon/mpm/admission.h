#pragma once

// Pure. May this child accept another connection? (E-10 to E-13, A-10, A-11, A-13)
//
//   idle > 0  and  ( open <= lingering  or  open - lingering < threads + floor((idle - d) x factor)
//   )
//
// d is 1 while the listeners are disabled, else 0: hysteresis against flapping. The factor is exact
// (millionths); only the product is floored, where the original truncates the factor itself.

#include <cstdint>

namespace mpmd::mpm {

struct AdmissionCounts {
    std::int64_t idle_workers = 0;
    std::int64_t open = 0;          // every connection of the child, whatever its state (C)
    std::int64_t lingering = 0;     // of these: closing (G), which do not count
    std::int64_t threads = 0;       // ThreadsPerChild the child was born with
    std::int64_t factor_micro = 0;  // AsyncRequestWorkerFactor; below 1 counts as 1
    bool listeners_disabled = false;
};

enum class Admission : std::uint8_t { Accept, NoIdleWorker, ConnectionLimit };

[[nodiscard]] Admission admit(const AdmissionCounts& counts);
[[nodiscard]] inline bool may_accept(const AdmissionCounts& counts) {
    return admit(counts) == Admission::Accept;
}

// Connections (closing ones left out) this child takes with so many idle workers.
[[nodiscard]] std::int64_t connection_limit(const AdmissionCounts& counts);
// How many more may be accepted now, without a second look at the counts; 0 = do not accept.
[[nodiscard]] std::int64_t room(const AdmissionCounts& counts);
// E-12: server-wide, all workers idle: (factor + 1) x MaxRequestWorkers.
[[nodiscard]] std::int64_t most_connections(std::int64_t max_request_workers,
                                            std::int64_t factor_micro);

}  // namespace mpmd::mpm
