#include <boost/test/unit_test.hpp>

#include "tests/scenario/fixtures.h"
#include "tests/scenario/simulated_server.h"

using namespace mpmd::scenario;
using mpmd::Milliseconds;
using mpmd::Seconds;

BOOST_AUTO_TEST_SUITE(restart)

BOOST_AUTO_TEST_CASE(an_idle_server_is_replaced_within_a_second_and_always_serves) {
    SimulatedServer server(fx_a(), 4);
    server.run(Seconds(3));
    server.graceful_restart();
    BOOST_TEST(server.serving() == 2);  // the old ones stay until their successors are ready
    server.run(Seconds(1));
    BOOST_TEST(server.serving() == 2);
    BOOST_TEST(server.draining() == 0);
    for (const auto& [uid, child] : server.children())
        BOOST_TEST(child.generation.value() == 2U);
    BOOST_TEST((server.rollout()->state() == mpmd::mpm::Rollout::State::Succeeded));
}

// The original: an outage of 11 s, caused by two long requests (M-22).
BOOST_AUTO_TEST_CASE(old_children_at_work_do_not_delay_the_new_ones) {
    SimulatedServer server(fx_f(), 2);
    server.run(Seconds(2));
    server.set_demand(4);
    server.graceful_restart();
    server.run(Seconds(2));
    BOOST_TEST(server.serving() == 2);
    BOOST_TEST(server.draining() == 2);
    BOOST_TEST(server.rollout()->progress() == "2/2 replaced, 2 draining");
    server.set_demand(0);
    server.run(Seconds(1));
    BOOST_TEST((server.rollout()->state() == mpmd::mpm::Rollout::State::Succeeded));
}

BOOST_AUTO_TEST_CASE(twenty_restarts_in_twenty_seconds_each_serve_at_once) {
    SimulatedServer server(fx_a(), 60);
    server.run(Seconds(2));
    for (int i = 0; i < 20; ++i) {
        server.pin_endless_requests();
        server.graceful_restart();
        server.run(Seconds(1));
        BOOST_REQUIRE(server.serving() >= 2);
        for (const auto& [uid, child] : server.children())
            if (!child.draining) BOOST_REQUIRE(child.generation == server.generation());
    }
    BOOST_TEST(server.generation().value() == 21U);
    BOOST_TEST(server.most_draining() <= 60);
}

BOOST_AUTO_TEST_CASE(a_child_killed_in_the_midst_of_a_restart_costs_no_extra_child) {
    SimulatedServer server(spare(fixture(8, 4, 32), 8, 2, 32), 8);
    server.run(Seconds(2));
    server.graceful_restart();
    server.kill(mpmd::ChildUid(8), 9);
    server.run(Seconds(3));
    BOOST_TEST(server.serving() == 8);
    BOOST_TEST(server.forks().size() == 16U);
}

BOOST_AUTO_TEST_SUITE_END()
