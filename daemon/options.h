#pragma once

// Pure. The command line of mpmd (contract, section 1). Long options and their abbreviations as
// getopt_long takes them.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"

namespace mpmd {

enum class ControlVerb : std::uint8_t { Start, Stop, Restart, Graceful, GracefulStop };

struct Options {
    enum class Mode : std::uint8_t { Serve, ConfigTest, Version, Help } mode = Mode::Serve;
    std::string file = "/etc/mpmd/mpmd.conf";  // -f
    bool foreground = false;                   // --foreground: no detach
    bool debug = false;                        // -X
    bool explain = false;                      // --explain, with -t
    std::optional<ControlVerb> verb;           // -k; unset = start
    std::vector<std::string> defines;          // -D NAME, in order
};

// Requires: argc >= 1. The error is a sentence for stderr; exit status 2.
[[nodiscard]] Result<Options> parse_options(int argc, char* const* argv);

[[nodiscard]] std::string_view usage();    // for --help, several lines
[[nodiscard]] std::string version_text();  // for -V

}  // namespace mpmd
