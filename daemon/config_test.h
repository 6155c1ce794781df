#pragma once

// mpmd -t: reads the configuration as a start would, says what is wrong with it or "Syntax OK", and
// what was adjusted.

#include "daemon/options.h"

namespace mpmd {

// Errors, warnings and the verdict go to stderr, the explanation (--explain) to stdout. Exit
// status: 0 good, 1 bad.
[[nodiscard]] int config_test(const Options& options);

}  // namespace mpmd
