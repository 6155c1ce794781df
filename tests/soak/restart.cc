// restart [SECONDS]: `mpmctl restart --all` and `mpmctl graceful` in turn, every 5 s, while
// keep-alive, pipelined, closing and slowly reading clients check every body. Prints figures; exit
// status 1 when a request failed or too long a time passed without an answer.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tests/support/checked_load.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

using namespace mpmd::test;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

int main(int argc, char** argv) {
    const seconds length(argc > 1 ? std::atoi(argv[1]) : 60);
    constexpr seconds kEvery{5};
    ServerProcess server(
        "StartServers 3\nThreadsPerChild 25\nServerLimit 16\nMaxRequestWorkers 400\n"
        "MinSpareThreads 25\nMaxSpareThreads 100\n");
    const Mpmctl mpmctl(server.socket());
    LoadPlan plan;
    plan.port = server.port();
    plan.files = server.files();
    plan.big = "/big.bin";
    CheckedLoad load(plan);
    const auto begin = Clock::now();
    int commands = 0;
    int refused = 0;
    for (auto next = begin + kEvery; next <= begin + length; next += kEvery) {
        std::this_thread::sleep_until(next);
        const bool graceful = commands++ % 2 == 1;
        const Ended done = mpmctl.run(graceful ? std::vector<std::string>{"graceful"}
                                               : std::vector<std::string>{"restart", "--all"});
        if (done.exit_status != 0) {
            ++refused;
            std::printf("exit %d: %s\n", done.exit_status, done.err.c_str());
        }
    }
    const LoadResult result = load.stop();
    std::printf("%d restarts in %lld s, %d of them not done\n%s, %llu connections\n", commands,
                static_cast<long long>(length.count()), refused, describe(result).c_str(),
                static_cast<unsigned long long>(result.connections));
    return result.failed == 0 && refused == 0 && result.longest_gap < soon(seconds(1)) ? 0 : 1;
}
