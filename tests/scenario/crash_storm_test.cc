#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "tests/scenario/fixtures.h"
#include "tests/scenario/simulated_server.h"

using namespace mpmd::scenario;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Seconds;

BOOST_AUTO_TEST_SUITE(crash_storm)

BOOST_AUTO_TEST_CASE(children_that_crash_at_start_do_not_take_the_machine_down) {
    SimulatedServer server(fx_a(), 4);
    server.crash_at_start(true);
    server.kill(mpmd::ChildUid(1), 11);
    server.kill(mpmd::ChildUid(2), 11);
    server.run(Seconds(60));

    // No second holds more than A + 2 forks, and the pauses make a minute hold few.
    for (const MonoTime fork : server.forks()) {
        const auto in_a_second = std::count_if(
            server.forks().begin(), server.forks().end(),
            [fork](MonoTime other) { return other >= fork && other < fork + Seconds(1); });
        BOOST_TEST(in_a_second <= 6);
    }
    BOOST_TEST(server.forks().size() <= 30U);
    BOOST_TEST(server.alarms() >= 1);
}

BOOST_AUTO_TEST_CASE(when_the_cause_is_gone_the_server_comes_back) {
    SimulatedServer server(fx_a(), 4);
    server.crash_at_start(true);
    server.kill(mpmd::ChildUid(1), 11);
    server.kill(mpmd::ChildUid(2), 11);
    server.run(Seconds(30));
    server.crash_at_start(false);
    server.run(Seconds(31));  // at most one longest pause later
    BOOST_TEST(server.serving() >= 1);
    server.run(Seconds(5));
    const auto victim = server.children().begin()->first;
    const auto forks = server.forks().size();
    server.kill(victim, 11);
    BOOST_TEST(server.forks().size() == forks + 1);  // replaced at once again
}

BOOST_AUTO_TEST_CASE(one_crash_costs_one_fork_in_the_same_slot) {
    SimulatedServer server(fx_a(), 4);
    server.run(Seconds(5));
    server.kill(mpmd::ChildUid(1), 11);
    BOOST_TEST(server.living() == 2);
    BOOST_TEST(server.children().rbegin()->second.slot.value() == 0U);
    server.run(Seconds(5));
    BOOST_TEST(server.forks().size() == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
