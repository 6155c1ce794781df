#include "daemon/child/drain.h"

#include <boost/test/unit_test.hpp>

namespace mpmd::test {
namespace {

using child::Reports;

MonoTime at(int ms) {
    return MonoTime(Milliseconds(ms));
}

struct Place {
    config::LiveSettings live{};
    scoreboard::ChildStatus status{};
    child::Orders orders{live, false};
    child::ReadyQueue ready{4};
    os::EventFd bell = std::move(*os::EventFd::create());
    Reports reports{bell};
    child::Drain drain{status, orders, ready, reports};
};

BOOST_AUTO_TEST_SUITE(drain)

BOOST_AUTO_TEST_CASE(who_retires_has_as_long_as_if_it_had_been_told_to_drain) {  // E-9, E-20, W-5
    Place place;
    place.live.child_drain_timeout_ms = 5000;
    place.live.drain_keep_alive_grace_ms = 700;

    BOOST_TEST(place.drain.retire(place.live, at(1000)));

    BOOST_TEST(place.drain.ordered());
    BOOST_TEST((place.orders.drain_deadline() == at(6000)));
    BOOST_TEST((place.orders.keep_alive_grace() == Milliseconds(700)));
}

BOOST_AUTO_TEST_CASE(without_child_drain_timeout_a_retired_child_has_all_the_time_it_needs) {
    Place place;
    place.live.child_drain_timeout_ms = 0;

    BOOST_TEST(place.drain.retire(place.live, at(1000)));
    place.drain.begin(at(1000));

    BOOST_TEST(!place.drain.over(1, at(1'000'000'000)));
    BOOST_TEST(place.drain.over(0, at(1000)));
}

BOOST_AUTO_TEST_CASE(an_order_that_there_is_already_is_not_given_again) {  // E-18
    Place place;
    place.live.child_drain_timeout_ms = 5000;
    place.orders.drain(std::nullopt, Milliseconds(100));

    BOOST_TEST(!place.drain.retire(place.live, at(1000)));

    BOOST_TEST(!place.orders.drain_deadline());
    BOOST_TEST((place.orders.keep_alive_grace() == Milliseconds(100)));
}

BOOST_AUTO_TEST_CASE(a_drain_that_begins_shows_in_the_scoreboard_and_is_reported) {
    Place place;
    place.status.accepting.store(1);
    BOOST_TEST(!place.drain.begun());

    place.drain.begin(at(1000));

    BOOST_TEST(place.drain.begun());
    BOOST_TEST((place.drain.began() == at(1000)));
    BOOST_TEST(place.status.draining.load() == 1);
    BOOST_TEST(place.status.accepting.load() == 0);
    BOOST_TEST(place.reports.take() == Reports::kDraining);
}

BOOST_AUTO_TEST_CASE(a_drain_is_over_with_the_last_connection_or_at_its_deadline) {  // E-16, E-18
    Place place;
    place.orders.drain(at(6000), Milliseconds(0));
    BOOST_TEST(!place.drain.over(0, at(7000)));  // the door has not been shut yet

    place.drain.begin(at(1000));

    BOOST_TEST(!place.drain.over(1, at(5999)));
    BOOST_TEST(place.drain.over(1, at(6000)));
    BOOST_TEST(place.drain.over(0, at(1000)));
}

BOOST_AUTO_TEST_CASE(workers_beyond_the_connections_leave_once_the_drain_has_begun) {  // E-16
    Place place;
    std::uint64_t announced = 0;
    BOOST_TEST(!place.drain.over(0, at(0)));
    place.ready.announce();
    place.ready.enter();
    BOOST_TEST(place.ready.pop(announced).has_value());  // somebody who looks around, and stays

    place.drain.begin(at(1000));
    BOOST_TEST(!place.drain.over(3, at(1000)));

    place.ready.enter();
    BOOST_TEST(!place.ready.pop(announced).has_value());
}

BOOST_AUTO_TEST_CASE(a_child_that_is_told_to_stop_waits_for_nobody) {
    Place place;
    BOOST_TEST(!place.drain.over(3, at(0)));

    place.orders.stop();

    BOOST_TEST(place.drain.over(3, at(0)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
