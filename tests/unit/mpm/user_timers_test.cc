#include "daemon/mpm/user_timers.h"

#include <vector>

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using mpmd::Milliseconds;
using mpmd::MonoTime;

namespace {
MonoTime at(int ms) {
    return MonoTime(Milliseconds(ms));
}
}  // namespace

BOOST_AUTO_TEST_SUITE(user_timers)

BOOST_AUTO_TEST_CASE(timers_come_in_order_and_at_most_10_ms_early) {  // E-4
    mpm::UserTimers<int> timers;
    int a = 1;
    int b = 2;
    int c = 3;
    timers.add(at(1000), b);
    timers.add(at(500), a);
    timers.add(at(1000), c);
    BOOST_TEST((timers.next() == at(500)));
    std::vector<int> came;
    const auto run = [&](int now) {
        came.clear();
        timers.expire(at(now), [&came](const int& what) { came.push_back(what); });
        return came.size();
    };
    BOOST_TEST(run(489) == 0U);
    BOOST_TEST(run(490) == 1U);
    BOOST_TEST(came.front() == 1);
    BOOST_TEST(run(989) == 0U);
    BOOST_TEST(run(2000) == 2U);  // equal times do not hide each other
    BOOST_TEST(!timers.next());
}

BOOST_AUTO_TEST_CASE(a_timer_may_be_taken_back_and_set_again_by_another) {
    mpm::UserTimers<int> timers;
    int a = 1;
    int b = 2;
    timers.add(at(100), a);
    timers.add(at(200), b);
    timers.remove(at(200), b);
    int came = 0;
    timers.expire(at(300), [&](int& what) {
        ++came;
        if (what == 1) timers.add(at(400), b);
    });
    BOOST_TEST(came == 1);
    BOOST_TEST((timers.next() == at(400)));
}

BOOST_AUTO_TEST_SUITE_END()
