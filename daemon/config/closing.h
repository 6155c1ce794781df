#pragma once

// Pure. The parser's last look: what can be said of a line only when the whole file is known.

#include <vector>

#include "daemon/config/parser.h"

namespace mpmd::config {

struct Occurrence {
    const Directive* directive = nullptr;
    const OldName* old = nullptr;  // it was written so
    std::vector<std::string> arguments;
    Position position;
    std::string source;
};

// Old names (2.4), Mutex (D-43, D-44), the names of log formats, directives without effect under
// the MPM in force. Adds diagnostics and old_lines.
void close_layer(FileLayer& layer, const std::vector<Occurrence>& occurrences);

}  // namespace mpmd::config
