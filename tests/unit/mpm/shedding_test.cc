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
}  // namespace

BOOST_AUTO_TEST_SUITE(shedding)

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
    // Age 0 means never.
    BOOST_TEST(mpm::oldest_to_shed(since.begin(), since.end(), at(91), Seconds(0), 9, read) == 0U);
}

BOOST_AUTO_TEST_CASE(heads_go_first_from_the_network_that_holds_most) {
    const std::vector<mpm::HalfHead> heads{{at(1), 7}, {at(2), 9}, {at(3), 9},
                                           {at(4), 9}, {at(5), 7}, {at(99), 9}};
    const auto shed = [&](std::size_t needed) {
        return mpm::heads_to_shed(heads, at(100), Seconds(2), needed, 100);
    };
    BOOST_TEST(shed(1) == (Positions{1}), boost::test_tools::per_element());
    // Then both networks hold two: the oldest of all goes, and so on in turn.
    BOOST_TEST(shed(2) == (Positions{0, 1}), boost::test_tools::per_element());
    BOOST_TEST(shed(3) == (Positions{0, 1, 2}), boost::test_tools::per_element());
    BOOST_TEST(shed(50) == (Positions{0, 1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(mpm::heads_to_shed(heads, at(100), Seconds(0), 50, 100).empty());
}

BOOST_AUTO_TEST_CASE(a_network_that_crowds_the_others_out_has_less_time) {  // A-20, E-14 e
    const auto ms = [](int milliseconds) { return MonoTime(mpmd::Milliseconds(milliseconds)); };
    // Seven of twelve places; the newest two are younger than kCrowdAge. Network 9 has its time.
    const std::vector<mpm::HalfHead> heads{{ms(0), 9},  {ms(0), 7},  {ms(10), 7}, {ms(20), 7},
                                           {ms(30), 7}, {ms(40), 7}, {ms(90), 7}, {ms(91), 7}};
    const auto shed = [&](int now, std::size_t needed, std::size_t places) {
        return mpm::heads_to_shed(heads, ms(now), Seconds(2), needed, places);
    };
    BOOST_TEST(shed(99, 38, 12).empty());
    BOOST_TEST(shed(100, 38, 12) == (Positions{1}), boost::test_tools::per_element());
    BOOST_TEST(shed(150, 38, 12) == (Positions{1, 2, 3, 4, 5}), boost::test_tools::per_element());
    BOOST_TEST(shed(150, 2, 12) == (Positions{1, 2}), boost::test_tools::per_element());
    BOOST_TEST(shed(150, 38, 14).empty());  // half is not more than half
    BOOST_TEST(shed(2030, 1, 14) == (Positions{1}), boost::test_tools::per_element());
    // HeadShedAge holds where it is shorter, and 0 is never.
    BOOST_TEST(mpm::heads_to_shed(heads, ms(50), mpmd::Milliseconds(50), 38, 12).size() == 2U);
    BOOST_TEST(mpm::heads_to_shed(heads, ms(9000), Seconds(0), 38, 12).empty());
}

BOOST_AUTO_TEST_SUITE_END()
