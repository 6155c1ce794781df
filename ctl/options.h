#pragma once

// The command line of mpmctl: global options, the command, its words and flags, from the table of
// commands.

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "ctl/command.h"

namespace mpmd::ctl {

struct Invocation {
    GlobalOptions options;
    const Command* command = nullptr;
    Arguments arguments;
    std::optional<std::string> text;  // --help, --version: print and exit 0
};

[[nodiscard]] tl::expected<Invocation, Failure> parse_command_line(int argc,
                                                                   const char* const* argv);
// "500ms", "5s", "2m", "1h", "3" (seconds)
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace mpmd::ctl
