#pragma once

// Pure. The directive values that belong together, and what holds between them (mpm-behaviour 2.2,
// N1-N16, with the errata of decisions.md 10).
//
// `Limits` is what the file or an override asks for; normalise() makes it consistent and says what
// it changed. All counts are processes or threads, all server-wide unless the name says "per
// child".

#include <cstdint>
#include <string>
#include <vector>

namespace mpmd::mpm {

enum class Model : std::uint8_t { Event, Worker };

inline constexpr std::int64_t kMaxServerLimit = 20000;
inline constexpr std::int64_t kMaxThreadLimitEvent = 100000;
inline constexpr std::int64_t kMaxThreadLimitWorker = 20000;
inline constexpr std::int64_t kFactorUnit = 1'000'000;  // AsyncRequestWorkerFactor 2 is 2'000'000

struct Limits {
    Model model = Model::Event;
    std::int64_t start_servers = 3;
    std::int64_t server_limit = 16;
    std::int64_t thread_limit = 64;
    std::int64_t threads_per_child = 25;
    std::int64_t max_request_workers = 400;
    std::int64_t min_spare_threads = 75;
    std::int64_t max_spare_threads = 250;
    std::int64_t async_factor_micro =
        2 * kFactorUnit;  // exact; floored only in the final product

    // A (N7): active children at most. Requires: normalised.
    [[nodiscard]] std::int64_t active_limit() const {
        return max_request_workers / threads_per_child;
    }
    bool operator==(const Limits&) const = default;
};

// "requested X, effective Y, because Z" (D-5).
struct Adjustment {
    enum class Severity : std::uint8_t { Notice, Warning };
    std::string rule;       // "N8"
    std::string directive;  // "MaxRequestWorkers"
    std::int64_t requested = 0;
    std::int64_t effective = 0;
    std::string because;  // a clause for a person, without the numbers above
    Severity severity = Severity::Warning;
    bool operator==(const Adjustment&) const = default;
};

struct Normalised {
    Limits limits;
    std::vector<Adjustment> adjustments;  // in the order N1..N16
};

// N1 to N16 in the order of the specification. `hard_children` and `hard_threads` are the
// scoreboard's capacity (N2 and N4 fire only above it).
[[nodiscard]] Normalised normalise(const Limits& requested,
                                   std::int64_t hard_children = kMaxServerLimit,
                                   std::int64_t hard_threads = kMaxThreadLimitEvent);

}  // namespace mpmd::mpm
