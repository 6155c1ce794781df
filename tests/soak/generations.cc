// generations [COUNT]: `mpmctl restart --all` and SIGUSR1 in turn, COUNT generations under checked
// load. Prints figures; exit status 1 when a request failed, a restart was not done, a process
// holds more than 1 MiB more than after the first 50, or descriptors or processes are not the same.

#include "tests/support/generations.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

using namespace mpmd::test;

int main(int argc, char** argv) {
    const int count = std::max(argc > 1 ? std::atoi(argv[1]) : 1000, 2);
    const int early = std::min(50, count / 2);
    const ServerProcess server(ServerOptions{kSteadyLines, true, false, {}});
    const GenerationsResult result = run_generations(server, early, count, true);
    const bool grew = result.grew_more_than(1024);
    const bool same = result.same_descriptors_and_processes();
    std::printf(
        "%d generations, %d of them not done; %llu answered, %llu failed\n%s"
        "after %d: %s\nafter %d: %s\n%s, %s\n",
        result.restarts, result.refused, static_cast<unsigned long long>(result.answered),
        static_cast<unsigned long long>(result.failed), result.failures.c_str(), early,
        describe(result.early).c_str(), result.restarts, describe(result.late).c_str(),
        grew ? "memory grew" : "memory is the same",
        same ? "descriptors and processes too" : "descriptors or processes are not");
    return result.failed == 0 && result.refused == 0 && !grew && same ? 0 : 1;
}
