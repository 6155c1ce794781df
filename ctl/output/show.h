#pragma once

// Messages of the API as text for people. No I/O; the same numbers as -o json of the same message.

#include <string>

#include "proto/messages.h"

namespace mpmd::ctl {

[[nodiscard]] std::string show_server(const api::v1::Server& server);
[[nodiscard]] std::string show_children(const api::v1::ListChildrenResponse& list,
                                        std::size_t width);
[[nodiscard]] std::string show_threads(const api::v1::ListChildrenResponse& list,
                                       std::size_t width);
[[nodiscard]] std::string show_board(const api::v1::ScoreboardFrame& frame, std::size_t width);
[[nodiscard]] std::string show_connections(const api::v1::ListConnectionsResponse& list,
                                           std::size_t width);
[[nodiscard]] std::string show_crashes(const api::v1::ListCrashesResponse& list,
                                       bool stacks,
                                       std::size_t width);
[[nodiscard]] std::string show_decisions(const api::v1::ListDecisionsResponse& list,
                                         std::size_t width);
// The lines `limit` of status; "" when the server was never at a limit.
[[nodiscard]] std::string show_limit_episodes(const api::v1::Server& server);
[[nodiscard]] std::string show_directives(const api::v1::ListDirectivesResponse& list,
                                          std::size_t width);
[[nodiscard]] std::string show_directive(const api::v1::Directive& directive);
[[nodiscard]] std::string show_update(const api::v1::UpdateDirectivesResponse& response);
[[nodiscard]] std::string show_operations(const api::v1::ListOperationsResponse& list,
                                          std::size_t width);
[[nodiscard]] std::string show_operation(const api::v1::Operation& operation, std::size_t width);

// "op-12 succeeded: 16/16 replaced in 1m38s"
[[nodiscard]] std::string outcome_line(const api::v1::Operation& operation);
[[nodiscard]] bool has_ended(const api::v1::Operation& operation);
[[nodiscard]] std::string apply_class_words(
    api::v1::ApplyClass apply_class);  // "now", "rolling" ...
[[nodiscard]] std::string timestamp_text(
    const google::protobuf::Timestamp& time);  // RFC 3339, seconds, UTC

}  // namespace mpmd::ctl
