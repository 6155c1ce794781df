#include "ctl/failure.h"

#include <array>
#include <utility>

#include "ctl/exit_code.h"
#include "ctl/output/json.h"

namespace mpmd::ctl {
namespace {

struct CodeRow {
    int code;
    int exit_code;
};

constexpr int kUnavailable = 14;

// gRPC's canonical codes -> exit codes (control-plane.md 5.4).
constexpr std::array kByCode{
    CodeRow{1, kExitReverted},       // CANCELLED
    CodeRow{2, kExitBug},            // UNKNOWN
    CodeRow{3, kExitRejected},       // INVALID_ARGUMENT
    CodeRow{4, kExitUnreachable},    // DEADLINE_EXCEEDED
    CodeRow{5, kExitNotFound},       // NOT_FOUND
    CodeRow{7, kExitPermission},     // PERMISSION_DENIED
    CodeRow{8, kExitPrecondition},   // RESOURCE_EXHAUSTED
    CodeRow{9, kExitPrecondition},   // FAILED_PRECONDITION
    CodeRow{10, kExitPrecondition},  // ABORTED
    CodeRow{11, kExitNotFound},      // OUT_OF_RANGE
    CodeRow{12, kExitNotSupported},  // UNIMPLEMENTED
    CodeRow{13, kExitBug},           // INTERNAL
    CodeRow{kUnavailable, kExitUnreachable},
    CodeRow{15, kExitBug},         // DATA_LOSS
    CodeRow{16, kExitPermission},  // UNAUTHENTICATED
};

}  // namespace

int exit_code_of(const api::CallError& error) {
    if (error.is("STILL_RUNNING")) return kExitStillRunning;
    if (error.is("NOT_OVERRIDABLE") || error.is("LIMITS_CONFLICT") || error.is("CONFIG_INVALID"))
        return kExitRejected;
    for (const CodeRow& row : kByCode)
        if (row.code == error.code) return row.exit_code;
    return kExitBug;
}

bool is_unavailable(const api::CallError& error) {
    return error.code == kUnavailable;
}

Failure to_failure(const api::CallError& error) {
    return Failure{exit_code_of(error), error.code_name(), error.reason, error.message,
                   error.metadata};
}

Failure usage_failure(std::string message) {
    return Failure{kExitUsage, "INVALID_ARGUMENT", "USAGE", std::move(message), {}};
}

std::string failure_json(const Failure& failure) {
    std::string details;
    for (const auto& [name, value] : failure.details) {
        if (!details.empty()) details += ", ";
        details += json_string(name) + ": " + json_string(value);
    }
    return "{\"error\": {\"code\": " + json_string(failure.code) +
           ", \"reason\": " + json_string(failure.reason) +
           ", \"message\": " + json_string(failure.message) + ", \"details\": {" + details +
           "}}}\n";
}

}  // namespace mpmd::ctl
