#pragma once

// What of the kernel mpmd cannot do without, tried once at the start: a call that is missing
// or forbidden is named then, and not found out by a child that cannot serve.

#include "daemon/base/result.h"

namespace mpmd::os {

inline constexpr const char* kKernelNeeded = "Linux 5.10";

// The error is one line: the call, why it did not work, the kernel that has it. Changes nothing.
[[nodiscard]] Result<> check_platform();

}  // namespace mpmd::os
