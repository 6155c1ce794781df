#pragma once

// Pure. The table as the directive section of mpmd.conf(5), in mdoc.

#include <string>

namespace mpmd::config {

// A tagged list of every directive this release does, then the names it knows but does not do.
[[nodiscard]] std::string directive_reference();

}  // namespace mpmd::config
