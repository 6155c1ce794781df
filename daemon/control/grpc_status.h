#pragma once

// A refusal as gRPC sends it. One of the few files that know gRPC.

#include <grpcpp/support/status.h>

#include "daemon/control/failure.h"

namespace mpmd::control {

[[nodiscard]] inline grpc::Status status_of(const Failure& failure) {
    return {static_cast<grpc::StatusCode>(failure.code), failure.message, error_details(failure)};
}

}  // namespace mpmd::control
