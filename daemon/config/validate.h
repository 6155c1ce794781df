#pragma once

// Pure. What a file that parses must still satisfy as a whole.

#include "daemon/config/normalise.h"
#include "daemon/config/parser.h"

namespace mpmd::config {

inline constexpr std::size_t kMaxSocketPath = 107;  // sun_path without its zero

// Length of the control socket's path, TestHandlers on loopback only. Names of users are load.cc's.
[[nodiscard]] Diagnostics validate(const FileLayer& file, const Surroundings& surroundings);

}  // namespace mpmd::config
