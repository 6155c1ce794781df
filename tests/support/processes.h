#pragma once

// What /proc says of processes: who is whose child, who has gone.

#include <cstddef>
#include <string>
#include <vector>

#include <sys/types.h>

namespace mpmd::test {

struct Process {
    pid_t pid = 0;
    pid_t parent = 0;
    char state = '?';
    std::string name;  // comm
};

[[nodiscard]] std::vector<Process> children_of(pid_t parent);  // zombies are left out
// Ended; one that became ours (adopt_orphans) is reaped on the way.
[[nodiscard]] bool has_gone(pid_t pid);
[[nodiscard]] std::size_t threads_of(pid_t pid);
[[nodiscard]] char state_of(pid_t pid);  // as in /proc/PID/stat; '?': there is none
// From now on orphaned descendants become our children, so that none outlives the test.
void adopt_orphans();

}  // namespace mpmd::test
