#include <boost/test/unit_test.hpp>

#include "tests/scenario/fixtures.h"
#include "tests/scenario/simulated_server.h"

using namespace mpmd::scenario;
using mpmd::Seconds;

BOOST_AUTO_TEST_SUITE(lull)

BOOST_AUTO_TEST_CASE(surplus_children_leave_one_a_tick_at_most) {
    SimulatedServer server(spare(fixture(10, 4, 40), 6, 2, 1), 10);
    BOOST_TEST(server.limits().max_spare_threads == 7);
    std::int64_t before = server.living();
    while (before > 1) {
        server.run(Seconds(1));
        BOOST_REQUIRE(server.living() >= before - 1);
        BOOST_REQUIRE(server.plans().size() < 20U);
        before = server.living();
    }
    server.run(Seconds(5));
    BOOST_TEST(server.living() == 1);
}

BOOST_AUTO_TEST_CASE(seed_004_goes_back_when_the_load_is_over) {
    SimulatedServer server(seed_004(), 6);
    server.set_demand(150);
    server.run(Seconds(10));
    BOOST_REQUIRE(server.living() == 6);

    server.set_demand(0);
    server.run(Seconds(10));

    BOOST_TEST(server.living() == 3);  // 75 idle: not more than MaxSpareThreads
    BOOST_TEST(server.draining() == 0);
}

// The original stops shrinking for as long as one retired child holds a request, when SL equals A.
BOOST_AUTO_TEST_CASE(one_long_request_does_not_stop_the_shrinking) {
    SimulatedServer server(seed_004(), 16);
    server.set_demand(150);
    server.run(Seconds(10));
    server.set_demand(0);
    server.pin_endless_requests();
    server.run(Seconds(10));
    BOOST_TEST(server.serving() == 3);
    BOOST_TEST(server.draining() == 3);
}

BOOST_AUTO_TEST_CASE(a_child_that_was_about_to_leave_comes_back_without_a_fork) {  // U-19, L-6
    SimulatedServer server(seed_004(), 6);
    server.set_demand(150);
    server.run(Seconds(10));
    server.set_demand(0);
    server.run(Seconds(1));
    BOOST_REQUIRE(server.plans().back().retire.has_value());
    const auto victim = *server.plans().back().retire;
    const auto forks = server.forks().size();

    server.set_demand(125);  // within the same second
    server.run(Seconds(1));

    BOOST_REQUIRE(server.plans().back().recall.size() == 1U);
    BOOST_TEST((server.plans().back().recall[0] == victim));
    BOOST_TEST(server.forks().size() == forks);
    BOOST_TEST(server.serving() == 6);
    server.set_demand(0);
    server.run(Seconds(20));
    BOOST_TEST(server.living() == 3);  // and leaves for good when it is surplus again
}

BOOST_AUTO_TEST_CASE(a_load_between_the_bounds_changes_nothing) {
    SimulatedServer server(seed_004(), 6);
    server.run(Seconds(2));
    const auto forks = server.forks().size();
    for (int second = 0; second < 60; ++second) {
        server.set_demand(second % 2 == 0 ? 0 : 25);
        server.run(Seconds(1));
    }
    BOOST_TEST(server.forks().size() == forks);
    BOOST_TEST(server.living() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
