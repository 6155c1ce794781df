#pragma once

// Requests of the API as commands for the supervisor, and its refusals as failures. No system call.
// Any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/control/failure.h"
#include "daemon/ipc/command_codec.h"

namespace mpmd::control {

using RequestId = std::array<std::uint8_t, 16>;

// "" is all zeroes: none.
[[nodiscard]] Outcome<RequestId> read_request_id(std::string_view text);

// An etag as etag_of() gave it; "" is 0: any. What is no etag of ours matches nothing: ABORTED /
// REVISION_CHANGED.
[[nodiscard]] Outcome<std::uint64_t> read_etag(std::string_view etag);

// Fails when the text is longer than the field of the command.
template <std::size_t N>
[[nodiscard]] Outcome<> put_text(std::array<char, N>& field,
                                 std::string_view value,
                                 std::string_view name) {
    if (ipc::set_text(field, value)) return {};
    return refuse({Code::InvalidArgument,
                   "TOO_LONG",
                   std::string(name) + " has more than " + std::to_string(N - 1) +
                       " characters, or a zero byte",
                   {{"maximum", std::to_string(N - 1)}},
                   {{std::string(name), "too long"}}});
}

// Requires: outcome Refused.
[[nodiscard]] Failure failure_of(const ipc::Reply& reply);
[[nodiscard]] Failure unreachable();
// key=value lines of a reply, unknown keys and all.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> metadata_of(
    const ipc::ReplyHeader& header);

}  // namespace mpmd::control
