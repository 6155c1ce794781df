#include "daemon/child/quotas.h"

#include <boost/test/unit_test.hpp>

namespace mpmd::test {
namespace {

using child::Reports;

struct Place {
    Place(std::int64_t connections, std::int64_t requests) {
        live.max_connections_per_child = connections;
        live.max_requests_served_per_child = requests;
        quotas.set(live);
    }
    void accept(int clients) {
        for (int i = 0; i < clients; ++i)
            quotas.count_client();
    }

    config::LiveSettings live{};
    scoreboard::ChildStatus status{};
    os::EventFd bell = std::move(*os::EventFd::create());
    Reports reports{bell};
    child::Quotas quotas{ChildUid(7), status, reports};
};

BOOST_AUTO_TEST_SUITE(quotas)

BOOST_AUTO_TEST_CASE(a_client_counts_when_it_is_accepted_and_the_last_one_uses_the_quota_up) {
    Place place(10, 0);  // E-20, W-5

    place.accept(9);
    BOOST_TEST(place.quotas.may_accept());
    BOOST_TEST(place.quotas.clients_left().value() == 1);
    BOOST_TEST(!place.quotas.used_up(false));
    place.accept(1);

    BOOST_TEST(!place.quotas.may_accept());
    BOOST_TEST(place.quotas.used_up(false));
}

BOOST_AUTO_TEST_CASE(the_supervisor_is_told_once_at_nine_tenths) {  // E-20, A-45
    Place place(10, 0);

    place.accept(8);
    BOOST_TEST(!place.quotas.used_up(false));
    BOOST_TEST(place.reports.take() == 0U);
    place.accept(1);
    BOOST_TEST(!place.quotas.used_up(false));
    BOOST_TEST(place.reports.take() == Reports::kNearQuota);
    place.accept(1);

    BOOST_TEST(place.quotas.used_up(false));
    BOOST_TEST(place.reports.take() == 0U);
}

BOOST_AUTO_TEST_CASE(a_child_that_drains_already_asks_for_no_successor) {
    Place place(10, 0);

    place.accept(10);

    BOOST_TEST(place.quotas.used_up(true));
    BOOST_TEST(place.reports.take() == 0U);
}

BOOST_AUTO_TEST_CASE(requests_count_wherever_they_were_answered_and_stop_no_client) {
    Place place(0, 10);

    place.status.requests_on_listener.store(4);
    place.status.requests_on_workers.store(5);
    BOOST_TEST(!place.quotas.used_up(false));
    place.status.requests_on_workers.store(6);

    BOOST_TEST(place.quotas.used_up(false));
    BOOST_TEST(place.quotas.may_accept());
    BOOST_TEST(!place.quotas.clients_left());
}

BOOST_AUTO_TEST_CASE(a_quota_that_is_changed_holds_for_what_was_counted_before) {
    Place place(0, 0);
    place.accept(5);
    place.status.requests_on_workers.store(1'000'000);
    BOOST_TEST(!place.quotas.used_up(false));  // 0 = never

    place.live.max_connections_per_child = 5;
    place.quotas.set(place.live);

    BOOST_TEST(place.quotas.used_up(false));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
