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
    std::string rule;            // "N8"
    std::string directive;       // "MaxRequestWorkers"
    std::int64_t requested = 0;  // AsyncRequestWorkerFactor: in millionths
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
// scoreboard's capacity (N2 and N4 fire only above it). `buckets` is B of N12 to N15.
[[nodiscard]] Normalised normalise(const Limits& requested,
                                   std::int64_t hard_children = kMaxServerLimit,
                                   std::int64_t hard_threads = kMaxThreadLimitEvent,
                                   std::int64_t buckets = 1);

// "MaxRequestWorkers 410: effective 400, because it is not a multiple of ThreadsPerChild (25)
// (N8)".
[[nodiscard]] std::string describe(const Adjustment& adjustment);

// The children to start with: StartServers, but no more than may be active.
[[nodiscard]] std::int64_t initial_children(const Limits& normalised);

// One rule that a change would break. The file is clamped; a change through the API is refused
// (decisions.md 5).
struct Violation {
    std::string rule;       // "N8"
    std::string directive;  // "MaxRequestWorkers"
    std::int64_t requested = 0;
    std::vector<std::int64_t> nearest;  // valid values of this directive, ascending; never empty
    std::string message;  // "610 is not a multiple of ThreadsPerChild (25); nearest: 600 or 625"
    bool operator==(const Violation&) const = default;
};

struct ChangeCheck {
    std::vector<Violation> violations;  // at most one for each directive, in the order N1..N15
    Limits nearest;                     // a whole valid set, closest to what was wanted
    [[nodiscard]] bool accepted() const { return violations.empty(); }
};

// Would `wanted` hold as it is? `before` is what is asked for today: what it already had clamped is
// not held against a change of something else. Notices (N16) never refuse.
[[nodiscard]] ChangeCheck check_change(const Limits& before,
                                       const Limits& wanted,
                                       std::int64_t hard_children = kMaxServerLimit,
                                       std::int64_t hard_threads = kMaxThreadLimitEvent);

}  // namespace mpmd::mpm
