#pragma once

// A command that did not do what was asked: its exit code and the same facts for people and for
// programs. No I/O. `-o json` prints it as {"error": {"code", "reason", "message", "details"}}
// (contract 2).

#include <map>
#include <string>

#include "proto/messages.h"

namespace mpmd::ctl {

struct Failure {
    int exit_code = 0;
    std::string code;    // canonical name: "INVALID_ARGUMENT"
    std::string reason;  // "VALUE_OUT_OF_RANGE"
    std::string message;
    std::map<std::string, std::string> details;
};

[[nodiscard]] int exit_code_of(const api::CallError& error);
// Nobody was there to answer; a moment later a new control process may be.
[[nodiscard]] bool is_unavailable(const api::CallError& error);
[[nodiscard]] Failure to_failure(const api::CallError& error);
// Wrong usage: exit 2.
[[nodiscard]] Failure usage_failure(std::string message);

[[nodiscard]] std::string failure_json(const Failure& failure);

}  // namespace mpmd::ctl
