#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/scenario/fixtures.h"
#include "tests/scenario/simulated_server.h"

using namespace mpmd::scenario;
using mpmd::Seconds;
using Counts = std::vector<std::int64_t>;

BOOST_AUTO_TEST_SUITE(burst)

BOOST_AUTO_TEST_CASE(children_double_each_tick_up_to_32_at_once_and_then_calm_down) {
    SimulatedServer server(fx_s(), 48);
    Counts seen{server.living()};
    for (int second = 0; second < 8; ++second) {
        server.run(Seconds(1));
        seen.push_back(server.living());
    }
    BOOST_TEST(seen == (Counts{1, 2, 4, 8, 16, 32, 48, 48, 48}), boost::test_tools::per_element());
    BOOST_TEST(server.plans().back().next.rate == 1);
}

BOOST_AUTO_TEST_CASE(seed_004_grows_to_its_six_children_under_load) {
    SimulatedServer server(seed_004(), 6);
    server.run(Seconds(3));
    BOOST_TEST(server.living() == 2);  // 50 idle threads: neither too few nor too many

    server.set_demand(150);
    server.run(Seconds(10));

    BOOST_TEST(server.living() == 6);
    BOOST_TEST(server.idle_threads() == 0);
    int told = 0;
    for (const auto& plan : server.plans())
        for (const auto& notice : plan.notices)
            told += notice.kind == mpmd::mpm::NoticeKind::LimitReached ? 1 : 0;
    BOOST_TEST(told == 1);  // "limit reached" once, and never "full"
    BOOST_TEST((server.plans().back().decision.shortage == mpmd::mpm::Cause::Workers));
}

BOOST_AUTO_TEST_CASE(a_load_step_finds_waiting_threads) {
    // From 0 to half of MaxRequestWorkers at once; MinSpareThreads is half of that.
    SimulatedServer server(spare(fixture(16, 25, 400), 8, 100, 250), 16);
    server.run(Seconds(5));
    BOOST_TEST(server.forks().size() == 8U);
    const auto running = [&server] {
        std::int64_t count = 0;
        for (const auto& [uid, child] : server.children())
            count += child.busy;
        return count;
    };
    server.set_demand(200);
    BOOST_TEST(running() == 200);  // nobody waits
    BOOST_TEST(server.idle_threads() == 0);
    // One child, two, four: at the third tick there is enough again for half a step more.
    server.run(Seconds(2));
    BOOST_TEST(server.idle_threads() < 100);
    server.run(Seconds(2));
    BOOST_TEST(server.idle_threads() >= 100);
    server.set_demand(300);
    BOOST_TEST(running() == 300);
}

BOOST_AUTO_TEST_SUITE_END()
