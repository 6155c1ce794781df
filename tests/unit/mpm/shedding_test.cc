#include "daemon/mpm/shedding.h"

#include <vector>

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using mpmd::MonoTime;
using mpmd::Seconds;
using Positions = std::vector<std::size_t>;

namespace {
MonoTime at(int seconds) {
    return MonoTime(Seconds(seconds));
}
constexpr mpm::ShedAges kAges{Seconds(1), Seconds(2)};
}  // namespace

BOOST_AUTO_TEST_SUITE(shedding)

BOOST_AUTO_TEST_CASE(one_waiting_client_costs_exactly_one_oldest_keep_alive) {
    mpm::ShedCounts counts;
    counts.needed = 1;
    counts.sheddable_keep_alives = 12;
    const mpm::ShedPlan plan = mpm::plan_shedding(counts, kAges);
    BOOST_TEST(plan.keep_alives == 1U);
    BOOST_TEST(plan.heads == 0U);
    BOOST_TEST(!plan.again);
}

BOOST_AUTO_TEST_CASE(half_heads_go_before_keep_alives) {  // E-14 e
    mpm::ShedCounts counts;
    counts.needed = 3;
    counts.sheddable_heads = 2;
    counts.sheddable_keep_alives = 9;
    const mpm::ShedPlan plan = mpm::plan_shedding(counts, kAges);
    BOOST_TEST(plan.heads == 2U);
    BOOST_TEST(plan.keep_alives == 1U);
}

BOOST_AUTO_TEST_CASE(nobody_younger_than_the_age_goes_and_we_look_again_when_it_is_reached) {
    mpm::ShedCounts counts;
    counts.needed = 1;
    counts.oldest_young_keep_alive = at(100);
    counts.oldest_young_head = at(98);
    const mpm::ShedPlan plan = mpm::plan_shedding(counts, kAges);
    BOOST_TEST(plan.heads + plan.keep_alives == 0U);
    BOOST_TEST((plan.again == at(100)));  // the head: 98 + 2; the keep-alive: 100 + 1
}

BOOST_AUTO_TEST_CASE(age_zero_means_never) {
    mpm::ShedCounts counts;
    counts.needed = 5;
    counts.sheddable_heads = 5;
    counts.sheddable_keep_alives = 5;
    counts.oldest_young_keep_alive = at(1);
    BOOST_TEST((mpm::plan_shedding(counts, mpm::ShedAges{}) == mpm::ShedPlan{}));
}

BOOST_AUTO_TEST_CASE(only_the_expired_part_of_a_sorted_queue_is_looked_at) {
    const std::vector<int> since{1, 2, 3, 90, 91};
    std::size_t looked = 0;
    const auto read = [&looked](int second) {
        ++looked;
        return at(second);
    };
    const auto shed = [&](std::size_t needed) {
        return mpm::oldest_to_shed(since.begin(), since.end(), at(91), Seconds(2), needed, read);
    };
    BOOST_TEST(shed(10) == 3U);
    BOOST_TEST(looked == 4U);
    BOOST_TEST(shed(2) == 2U);
}

BOOST_AUTO_TEST_CASE(heads_go_first_from_the_network_that_holds_most) {
    const std::vector<mpm::HalfHead> heads{{at(1), 7}, {at(2), 9}, {at(3), 9},
                                           {at(4), 9}, {at(5), 7}, {at(99), 9}};
    const auto shed = [&](std::size_t needed) {
        return mpm::heads_to_shed(heads, at(100), Seconds(2), needed);
    };
    BOOST_TEST(shed(1) == (Positions{1}), boost::test_tools::per_element());
    // Then both networks hold two: the oldest of all goes, and so on in turn.
    BOOST_TEST(shed(2) == (Positions{0, 1}), boost::test_tools::per_element());
    BOOST_TEST(shed(3) == (Positions{0, 1, 2}), boost::test_tools::per_element());
    BOOST_TEST(shed(50) == (Positions{0, 1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(mpm::heads_to_shed(heads, at(100), Seconds(0), 50).empty());
}

BOOST_AUTO_TEST_SUITE_END()
