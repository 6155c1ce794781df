#pragma once

// The scoreboard's values as messages of the API. No system call, no clock; what a child or a
// client wrote is escaped here (text of rows) and nowhere else. Any thread.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mpm/control/v1/operation.pb.h>
#include <mpm/control/v1/scoreboard.pb.h>
#include <mpm/control/v1/server.pb.h>

#include "daemon/control/authorization.h"
#include "daemon/control/connection_field.h"
#include "daemon/control/sample.h"

namespace mpmd::control {

namespace v1 = ::mpm::control::v1;

[[nodiscard]] v1::Crash crash_of(const scoreboard::CrashRow& row);
void set_time(google::protobuf::Timestamp* out, std::uint64_t wall_us);

// The opaque etag of everything that a revision covers.
[[nodiscard]] std::string etag_of(std::uint64_t revision);

// Everything but `you`, `methods`, `capabilities` and `adjustments`.
[[nodiscard]] v1::Server server_of(const Sample& sample);
// What needs a person, as sentences; empty when nothing does.
[[nodiscard]] std::vector<std::string> notices_of(const Sample& sample);
[[nodiscard]] v1::Latency latency_of(
    const std::array<std::uint64_t, scoreboard::kHistogramBuckets>& buckets);

[[nodiscard]] v1::Child child_of(const scoreboard::Child& child, const Sample& sample);
[[nodiscard]] v1::Worker worker_of(const scoreboard::Child& child,
                                   std::uint32_t thread,
                                   const scoreboard::WorkerRow& row,
                                   const Sample& sample);
[[nodiscard]] v1::Connection connection_of(const ConnectionFacts& facts);
[[nodiscard]] v1::Event event_of(const scoreboard::EventRow& row);
[[nodiscard]] v1::Decision decision_of(const scoreboard::DecisionRow& row);

// `author` is the name of head.uid. `sample` tells how many connections a draining child still has;
// null = unknown.
[[nodiscard]] v1::Operation operation_of(const scoreboard::OperationHead& head,
                                         std::span<const scoreboard::OperationStep> steps,
                                         const std::string& author,
                                         const Sample* sample);
[[nodiscard]] bool ended(const scoreboard::OperationHead& head);

// "op-17" and back; nothing for anything else.
[[nodiscard]] std::string operation_name(std::uint64_t number);
[[nodiscard]] std::optional<std::uint64_t> operation_number(std::string_view name);

// The words of the API.
[[nodiscard]] std::string_view kind_word(scoreboard::OperationKind kind);
[[nodiscard]] std::string_view operation_state_word(scoreboard::OperationState state);
[[nodiscard]] std::string_view step_word(std::uint8_t state);

}  // namespace mpmd::control
