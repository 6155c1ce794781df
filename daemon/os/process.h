#pragma once

// Processes: what the system says of them, how they end, what a forked one keeps. The calls that
// change the process are for single-threaded ones.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/base/time.h"

namespace mpmd::os {

struct Ended {
    pid_t pid = 0;
    std::optional<int> signal;  // killed by it
    int exit_status = 0;
    bool core = false;
};
// One child that has ended, without waiting; nothing when there is none (waitpid(-1): we may be
// process 1 and inherit strangers).
[[nodiscard]] std::optional<Ended> reap();

struct CpuTimes {
    Nanoseconds user{};
    Nanoseconds system{};
};
struct Usage {
    std::uint64_t rss_bytes = 0;
    CpuTimes cpu;  // since its start
};
// From /proc; nothing when the process is gone.
[[nodiscard]] std::optional<Usage> usage_of(pid_t pid);

[[nodiscard]] CpuTimes cpu_of_self();
[[nodiscard]] CpuTimes cpu_of_reaped();  // of all the children that were waited for
// Descriptors it has open; nothing when we may not look or it is gone.
[[nodiscard]] std::optional<std::uint32_t> open_descriptors_of(pid_t pid);

[[nodiscard]] std::uint32_t online_cores();
[[nodiscard]] double load_average();
// Of 1, 5 and 15 minutes; one system call, no file.
[[nodiscard]] std::array<double, 3> load_averages();
// Raises the soft limit of open files to the hard one; returns what holds now.
std::uint64_t raise_descriptor_limit();
[[nodiscard]] std::uint64_t descriptor_limit();  // the soft one
[[nodiscard]] std::string own_executable();      // absolute path, "" if unknown
[[nodiscard]] std::string command_line();        // the words, separated by blanks
[[nodiscard]] std::string boot_id();             // "" if unknown
[[nodiscard]] std::string random_hex(std::size_t bytes);
[[nodiscard]] bool has_controlling_terminal();

// Closes every descriptor that is not in `keep`.
void close_all_but(std::span<const int> keep);
// The descriptors of `keep` become `first`, first + 1 ...; -1 leaves that number closed. Everything
// else from `first` on is closed. None of the new ones closes on exec.
[[nodiscard]] Result<> arrange_descriptors(std::span<const int> keep, int first);
// Standard input and output to /dev/null, standard error to `error_fd` (-1: /dev/null).
void redirect_standard(int error_fd);
// Orphans among our descendants become our children from here on. Not inherited over fork.
[[nodiscard]] Result<> adopt_orphans();
// Children of this process that nobody has reaped, as /proc knows them.
struct OwnChild {
    pid_t pid = 0;
    pid_t group = 0;
    pid_t session = 0;
    bool ended = false;
};
[[nodiscard]] std::vector<OwnChild> own_children();
// This process gets SIGTERM when its parent dies. After a change of user (which clears it). False
// when the parent is gone already.
[[nodiscard]] bool end_with_parent(pid_t parent);
void forbid_new_privileges();
void set_process_name(const char* name);  // as in ps; at most 15 characters

}  // namespace mpmd::os
