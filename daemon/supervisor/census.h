#pragma once

// Counting: what regulation wants to know of every child, from our own table and, clamped, from
// what the children publish (M-13 to M-15, M-23). Also advances the count of saturated ticks, so:
// once a tick.

#include "daemon/mpm/maintenance.h"
#include "daemon/scoreboard/snapshot.h"
#include "daemon/supervisor/child_table.h"

namespace mpmd::supervisor {

struct CensusInputs {
    std::uint32_t slots = 0;
    std::uint32_t online_cores = 0;
    Generation generation;
    bool rollout_running = false;
    std::int64_t async_factor_micro = 0;
    std::uint32_t buckets = 1;
};
[[nodiscard]] mpm::Census take_census(ChildTable& children,
                                      const scoreboard::View& view,
                                      const CensusInputs& inputs);

}  // namespace mpmd::supervisor
