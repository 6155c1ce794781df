#pragma once

// `mpmd --exec-script LIMIT... -- PROGRAM NAME`: what a child starts instead of a CGI script when a
// resource limit is configured (posix_spawn cannot set one, and one that is set from outside comes
// after the script has begun). Sets the limits and becomes the script. A limit is
// "cpu|mem|nproc=SOFT:HARD" with -1 for max.

namespace mpmd {

[[nodiscard]] bool is_script_launch(int argc, char* const* argv);
// Returns only when it fails: 126, with a line on standard error, which is the error log.
[[nodiscard]] int launch_script(int argc, char* const* argv);

}  // namespace mpmd
