#pragma once

// Pure. An immutable configuration: what was asked for, what holds, and where each value came from.
// Reload makes a new one. Shared between threads as std::shared_ptr<const Config>; never modified
// after load.

#include <map>
#include <string>
#include <vector>

#include "daemon/config/settings.h"

namespace mpmd::config {

struct Position {
    std::string file;
    int line = 0;
    int column = 0;
};

enum class Source : std::uint8_t { Default, File, Saved, Runtime, Pending };

// Text of one directive as written, by layer. Keys of Config::origins are canonical directive
// names.
struct Origin {
    Source source = Source::Default;
    std::string text;       // arguments as written in the winning layer; "" for Default
    std::string file_text;  // arguments in the file, "" if the file does not set it
    Position position;      // of the file's line, when the file sets it
};

// A line with a deprecated name, and what one would write today (2.4, U-23).
struct OldLine {
    std::string directive;  // canonical name of what it sets
    std::string written;    // "MaxClients"
    std::string today;      // "MaxRequestWorkers 150"; "" = the line is not needed
    Position position;
};

struct Config {
    Settings requested;                        // after parsing and overrides
    Settings effective;                        // after normalise()
    std::vector<mpm::Adjustment> adjustments;  // N-rules, in order
    std::vector<std::string>
        warnings;  // deprecated names and the like, complete sentences with position
    std::vector<std::string> notices;  // what may stand there and does nothing, the same
    std::map<std::string, Origin> origins;
    std::vector<OldLine> old_lines;
    std::vector<std::string> files;  // that were read, the main one first
};

}  // namespace mpmd::config
