#pragma once

// A refused call, as a value (control-plane.md 4.4): canonical code, a reason for programs, a
// sentence for people, and every number of the sentence as metadata. Travels in the trailer
// grpc-status-details-bin. Any thread.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace mpmd::control {

// gRPC's numbers.
enum class Code : int {
    Ok = 0,
    Cancelled = 1,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
};

struct FieldViolation {
    std::string field;
    std::string description;
};

struct Failure {
    Code code = Code::Internal;
    std::string reason;   // UPPER_SNAKE_CASE
    std::string message;  // what happened, the value, what to do
    std::vector<std::pair<std::string, std::string>> metadata;
    std::vector<FieldViolation> violations;
};

template <class T = void>
using Outcome = tl::expected<T, Failure>;

[[nodiscard]] inline tl::unexpected<Failure> refuse(Failure failure) {
    return tl::unexpected<Failure>(std::move(failure));
}

// google.rpc.Status, serialised.
[[nodiscard]] std::string error_details(const Failure& failure);

}  // namespace mpmd::control
