#pragma once

// The messages of the control API and the refusal of a call, without the calls themselves: what
// code needs that only shows or compares. Plain values.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "mpm/control/v1/directive.pb.h"
#include "mpm/control/v1/operation.pb.h"
#include "mpm/control/v1/process.pb.h"
#include "mpm/control/v1/scoreboard.pb.h"
#include "mpm/control/v1/server.pb.h"

namespace mpmd::api {

namespace v1 = ::mpm::control::v1;

// A refused or failed call. `code` is gRPC's canonical number; `reason` is empty when the server
// gave no details.
struct CallError {
    int code = 0;
    std::string reason;
    std::string message;
    std::map<std::string, std::string> metadata;

    [[nodiscard]] bool is(std::string_view wanted) const { return reason == wanted; }
    [[nodiscard]] std::string code_name() const;  // "INVALID_ARGUMENT"
};

// A child without a sign of life (heartbeat_age_ms) for longer is shown as one that may hang.
inline constexpr std::uint32_t kSilentMs = 5000;

template <class T>
using Reply = tl::expected<T, CallError>;

}  // namespace mpmd::api
