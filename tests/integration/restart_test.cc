// Restarts of both kinds, one after the other, under load that is checked body by body.

#include <algorithm>
#include <chrono>

#include <boost/test/unit_test.hpp>

#include "tests/support/checked_load.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

BOOST_AUTO_TEST_SUITE(restart)

BOOST_AUTO_TEST_CASE(restart_and_graceful_in_turn_lose_truncate_and_refuse_nothing) {
    ServerProcess server(
        "StartServers 3\nThreadsPerChild 8\nServerLimit 8\nMaxRequestWorkers 64\n"
        "MinSpareThreads 8\nMaxSpareThreads 64\n");
    const Mpmctl mpmctl(server.socket());
    LoadPlan plan;
    plan.port = server.port();
    plan.files = server.files();
    plan.big = "/big.bin";
    CheckedLoad load(plan);
    const auto end = Clock::now() + seconds(15);
    int rounds = 0;
    std::uint32_t generation = mpmctl.status().at("generation").get<std::uint32_t>();
    while (Clock::now() < end || rounds < 2 || load.answered() <= 1000) {
        const auto before = pids(mpmctl.children());
        const bool graceful = rounds % 2 == 1;
        const std::uint64_t answered = load.answered();
        const Ended done = mpmctl.run(graceful ? std::vector<std::string>{"graceful"}
                                               : std::vector<std::string>{"restart", "--all"});
        BOOST_TEST(done.exit_status == 0, done.out + done.err);
        const auto after = pids(mpmctl.children());
        for (const pid_t pid : after)
            BOOST_TEST(!std::binary_search(before.begin(), before.end(), pid));
        BOOST_TEST(becomes_true(seconds(1), [&] { return load.answered() > answered; }));
        generation += graceful ? 1 : 0;
        BOOST_TEST(mpmctl.status().at("generation") == generation);
        ++rounds;
    }
    const LoadResult result = load.stop();
    BOOST_TEST_MESSAGE(rounds << " restarts; " << describe(result));
    BOOST_TEST(result.failed == 0U, describe(result));
    BOOST_TEST(result.answered > 1000U);
    BOOST_TEST((result.longest_gap < soon(seconds(1))), describe(result));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
