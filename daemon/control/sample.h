#pragma once

// One look at the server: the scoreboard at a moment, and what the history adds to it. Immutable
// once made; shared by whoever answers from it.

#include <cstdint>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/control/rates.h"
#include "daemon/scoreboard/snapshot.h"

namespace mpmd::control {

struct Sample {
    std::uint64_t number = 0;
    WallTime wall;
    MonoTime mono;
    scoreboard::Snapshot snapshot;
    Rates rates;
    double load_1 = 0;
    std::vector<scoreboard::EventRow> events;             // the last few, oldest first
    std::vector<scoreboard::OperationRecord> operations;  // running or ended lately, newest first
};

}  // namespace mpmd::control
