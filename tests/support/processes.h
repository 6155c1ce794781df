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
    std::size_t threads = 0;
    std::string name;  // comm
};

// The names in a folder that may change or vanish meanwhile (of /proc), and where a link there
// leads.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);
[[nodiscard]] std::vector<std::string> open_files_of(pid_t pid);

[[nodiscard]] std::vector<Process> children_of(pid_t parent);  // zombies are left out
// Ended, the last of its threads too: what it had open is closed. One that became ours
// (adopt_orphans) is reaped on the way.
[[nodiscard]] bool has_gone(pid_t pid);
[[nodiscard]] std::size_t threads_of(pid_t pid);
[[nodiscard]] bool has_thread(pid_t pid, const std::string& name);
[[nodiscard]] char state_of(pid_t pid);  // as in /proc/PID/stat; '?': there is none
// From now on orphaned descendants become our children, so that none outlives the test.
void adopt_orphans();

// A process that does nothing for a while.
class Stopped {
public:
    explicit Stopped(pid_t pid);  // waits until its threads have stopped
    ~Stopped();
    Stopped(const Stopped&) = delete;
    Stopped& operator=(const Stopped&) = delete;

private:
    const pid_t pid_;
};

}  // namespace mpmd::test
