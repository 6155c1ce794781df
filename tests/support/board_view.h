#pragma once

// The scoreboard of a running mpmd as its own user may see it from outside: what a test compares
// the world with, without control process and API.

#include <string_view>
#include <vector>

#include <sys/types.h>

#include "daemon/scoreboard/snapshot.h"

namespace mpmd::test {

// Empty when the process is gone or not ours to look at.
[[nodiscard]] scoreboard::Snapshot snapshot_of(pid_t supervisor);
// Every child serves and accepts, all its threads are idle and it has no connection: what was asked
// so far is counted and logged.
[[nodiscard]] bool at_rest(pid_t supervisor);
// Requests under way, with a worker or on their way out, for a target with this beginning.
[[nodiscard]] std::size_t running_requests(pid_t supervisor, std::string_view target);
[[nodiscard]] std::vector<scoreboard::EventRow> events_of(pid_t supervisor);
[[nodiscard]] bool had_event(pid_t supervisor, std::string_view kind);
[[nodiscard]] std::vector<scoreboard::OperationHead> operations_of(pid_t supervisor);
[[nodiscard]] std::vector<scoreboard::DecisionRow> decisions_of(pid_t supervisor);

}  // namespace mpmd::test
