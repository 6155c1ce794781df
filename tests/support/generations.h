#pragma once

// Many generations of one server, one after the other, under load that is checked body by body:
// `mpmctl restart --all` and SIGUSR1 in turn. What is measured at rest (no load, nobody on the way
// out) after the first few generations and after the last must be the same: memory, descriptors,
// processes.

#include <cstdint>
#include <string>

#include "tests/support/checked_load.h"
#include "tests/support/server_process.h"

namespace mpmd::test {

// Configuration lines whose number of children stays what it is.
extern const char* const kSteadyLines;

struct AtRest {
    std::size_t processes = 0;
    std::uint64_t supervisor_kib = 0;  // resident
    std::uint64_t control_kib = 0;
    std::uint64_t child_kib = 0;  // the biggest
    std::size_t supervisor_fds = 0;
    std::size_t control_fds = 0;
    std::size_t child_fds = 0;  // the most
};
[[nodiscard]] std::string describe(const AtRest& rest);

struct GenerationsResult {
    AtRest early;
    AtRest late;
    int restarts = 0;
    int refused = 0;  // restarts that were not done
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::string failures;
    // Resident memory after the last at most that after the first few plus this.
    [[nodiscard]] bool grew_more_than(std::uint64_t kib) const;
    [[nodiscard]] bool same_descriptors_and_processes() const;
};

// The first measure is taken after `early` of `count` generations. With `talk` a line now and then
// on standard output.
[[nodiscard]] GenerationsResult run_generations(const ServerProcess& server,
                                                int early,
                                                int count,
                                                bool talk);

}  // namespace mpmd::test
