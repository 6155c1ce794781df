#include "daemon/mpm/accept_shortage.h"

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using mpm::AcceptShortage;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Seconds;

namespace {
MonoTime at(int ms) {
    return MonoTime(Milliseconds(ms));
}
}  // namespace

BOOST_AUTO_TEST_SUITE(accept_shortage)

BOOST_AUTO_TEST_CASE(pauses_grow_from_100_ms_to_1_s_and_a_client_resets_them) {  // E-9
    AcceptShortage shortage;
    int now = 1000;
    for (const int pause : {100, 200, 400, 800, 1000, 1000}) {
        shortage.pause(at(now));
        BOOST_TEST((shortage.paused_until(at(now)) == at(now + pause)));
        BOOST_TEST(!shortage.paused_until(at(now + pause)));
        now += pause;
    }
    shortage.accepted();
    shortage.pause(at(now));
    BOOST_TEST((shortage.paused_until(at(now)) == at(now + 100)));
}

BOOST_AUTO_TEST_CASE(an_episode_begins_once_and_ends_once_after_ten_calm_seconds) {  // E-9
    AcceptShortage shortage;
    BOOST_TEST(!shortage.ended(at(0)));
    BOOST_TEST(shortage.met(at(1000)));
    BOOST_TEST(!shortage.met(at(2000)));
    shortage.accepted();
    BOOST_TEST(!shortage.met(at(9000)));
    BOOST_TEST(!shortage.ended(at(18'999)));
    BOOST_TEST(shortage.ended(at(19'000)));
    BOOST_TEST(!shortage.ended(at(20'000)));
    BOOST_TEST(shortage.met(at(21'000)));
}

BOOST_AUTO_TEST_CASE(the_last_descriptors_are_the_workers) {
    BOOST_TEST(mpm::descriptors_kept_back(1'048'576, 25) == 116);
    BOOST_TEST(mpm::descriptors_kept_back(64, 25) == 16);  // at most a quarter
}

BOOST_AUTO_TEST_SUITE_END()
