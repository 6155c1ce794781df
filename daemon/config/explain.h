#pragma once

// Pure. What `mpmd -t --explain` says of a configuration: what was adjusted and why, old names,
// files, what the limits amount to, which limit bounds what, and every value that is not its
// default.

#include <string>

#include "daemon/config/config.h"

namespace mpmd::config {

// Several lines, each with its newline.
[[nodiscard]] std::string explain(const Config& config);

}  // namespace mpmd::config
