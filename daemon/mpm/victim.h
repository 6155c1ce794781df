#pragma once

// Pure. Which child to retire when there is one too many (mpm-behaviour 3.3, FIX "victim choice").
//
// The original lets whichever child wakes first take the order, and so retires the busiest as
// readily as an idle one. Here the supervisor chooses: oldest generation, then fewest connections
// at work, then fewest kept alive, then the largest memory; a tie goes to the child that has lived
// longest (lowest uid).

#include <cstdint>
#include <optional>
#include <span>

#include "daemon/base/strong_type.h"

namespace mpmd::mpm {

struct Candidate {
    ChildUid uid;
    Generation generation;
    std::int64_t working_connections = 0;     // open, neither kept alive nor closing
    std::int64_t keep_alive_connections = 0;  // parked between two requests
    std::int64_t rss_bytes = 0;
};

// Nothing when there is no candidate.
[[nodiscard]] std::optional<ChildUid> choose_victim(std::span<const Candidate> candidates);

}  // namespace mpmd::mpm
