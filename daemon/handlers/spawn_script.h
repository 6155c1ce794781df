#pragma once

// Starts a program from a process with threads: posix_spawn, nothing else, and only here. The new
// process leads a process group of its own, has every signal at its default and none blocked, and
// of our descriptors only the three that it is given. What it inherits is the child's: User, Group
// and supplementary groups, no capability, no_new_privs. Any thread; takes a millisecond or so.

#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::handlers {

struct ScriptPlan {
    std::string program;
    std::string directory;                 // where it starts
    std::vector<std::string> arguments;    // the first is its own name
    std::vector<std::string> environment;  // "NAME=value"
    int input = -1;                        // standard input; -1: empty
};

struct SpawnedScript {
    pid_t pid = 0;         // and its process group
    os::UniqueFd process;  // pidfd; empty where the kernel has none
    os::UniqueFd output;   // what it says; never blocks us
    os::UniqueFd errors;   // standard error; never blocks us
};

// os_errno says why not: of pipe, or of exec.
[[nodiscard]] Result<SpawnedScript> spawn_script(const ScriptPlan& plan);

}  // namespace mpmd::handlers
