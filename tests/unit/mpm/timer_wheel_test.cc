#include "daemon/mpm/timer_wheel.h"

#include <deque>
#include <map>
#include <random>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using mpm::TimerNode;
using mpm::TimerWheel;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Nanoseconds;
using mpmd::Seconds;

namespace {

const MonoTime kStart{Seconds(1'000'000)};

std::vector<TimerNode*> expired(TimerWheel& wheel, MonoTime now) {
    std::vector<TimerNode*> nodes;
    wheel.expire(now, [&](TimerNode& node) { nodes.push_back(&node); });
    return nodes;
}

// Sleeps from wake-up to wake-up, as the listener does, until `node` fires; returns that time.
MonoTime fires_at(TimerWheel& wheel, const TimerNode& node, int* wakeups = nullptr) {
    MonoTime now = kStart;
    while (const auto next = wheel.next_wakeup()) {
        now = *next;
        if (wakeups != nullptr) ++*wakeups;
        for (const TimerNode* fired : expired(wheel, now))
            if (fired == &node) return now;
    }
    return MonoTime::max();
}

}  // namespace

// E-5: a step of the wall clock moves no deadline.
static_assert(mpmd::MonoTime::clock::is_steady);

BOOST_AUTO_TEST_SUITE(timer_wheel)

BOOST_AUTO_TEST_CASE(a_deadline_is_never_early_and_at_most_100_ms_late) {  // E-3
    std::mt19937_64 random(1);
    for (int i = 0; i < 2000; ++i) {
        TimerWheel wheel(kStart);
        TimerNode node;
        // from a nanosecond to 12 days, all magnitudes alike
        const auto reach = std::uint64_t{1} << (random() % 50);
        const MonoTime deadline =
            kStart + Nanoseconds(static_cast<std::int64_t>(1 + random() % reach));
        wheel.arm(node, deadline);
        int wakeups = 0;
        const MonoTime fired = fires_at(wheel, node, &wakeups);
        BOOST_REQUIRE(fired >= deadline);
        BOOST_REQUIRE((fired - deadline < Milliseconds(100)));
        BOOST_REQUIRE(wakeups <= 9);  // one a level; twice that and one where the wheel turns over
    }
}

BOOST_AUTO_TEST_CASE(a_month_is_reached_in_stages) {
    TimerWheel wheel(kStart);
    TimerNode node;
    const MonoTime deadline = kStart + std::chrono::hours(24 * 31);
    wheel.arm(node, deadline);
    const MonoTime fired = fires_at(wheel, node);
    BOOST_TEST((fired >= deadline));
    BOOST_TEST((fired - deadline < Milliseconds(100)));
}

BOOST_AUTO_TEST_CASE(moving_a_deadline_later_costs_no_wakeup_of_its_own) {
    TimerWheel wheel(kStart);
    TimerNode node;
    for (int i = 0; i < 1000; ++i)
        wheel.arm(node, kStart + Seconds(5) + Milliseconds(i));
    int wakeups = 0;
    BOOST_TEST((fires_at(wheel, node, &wakeups) >= kStart + Milliseconds(5999)));
    BOOST_TEST(wakeups <= 4);
}

BOOST_AUTO_TEST_CASE(moving_a_deadline_earlier_holds) {
    TimerWheel wheel(kStart);
    TimerNode node;
    wheel.arm(node, kStart + Seconds(60));
    wheel.arm(node, kStart + Seconds(2));
    const MonoTime fired = fires_at(wheel, node);
    BOOST_TEST((fired >= kStart + Seconds(2)));
    BOOST_TEST((fired < kStart + Milliseconds(2100)));
}

BOOST_AUTO_TEST_CASE(a_cancelled_deadline_does_not_fire) {
    TimerWheel wheel(kStart);
    TimerNode a;
    TimerNode b;
    wheel.arm(a, kStart + Seconds(1));
    wheel.arm(b, kStart + Seconds(1));
    wheel.cancel(a);
    wheel.cancel(a);
    BOOST_TEST(wheel.size() == 1U);
    const auto fired = expired(wheel, kStart + Seconds(2));
    BOOST_REQUIRE(fired.size() == 1U);
    BOOST_TEST(fired[0] == &b);
    BOOST_TEST(!wheel.next_wakeup());
}

BOOST_AUTO_TEST_CASE(a_deadline_in_the_past_fires_at_the_next_tick) {
    TimerWheel wheel(kStart);
    TimerNode node;
    wheel.arm(node, kStart - Seconds(5));
    BOOST_TEST(expired(wheel, kStart + Milliseconds(100)).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_callback_may_arm_cancel_and_destroy) {
    TimerWheel wheel(kStart);
    std::deque<TimerNode> nodes(4);
    for (TimerNode& node : nodes)
        wheel.arm(node, kStart + Seconds(1));
    std::vector<int> fired;
    wheel.expire(kStart + Seconds(2), [&](TimerNode& node) {
        fired.push_back(static_cast<int>(&node - &nodes[0]));
        if (&node == &nodes[0]) {
            wheel.cancel(nodes[1]);
            wheel.arm(nodes[2], kStart + Seconds(9));
            wheel.arm(node, kStart + Seconds(10));
        }
    });
    BOOST_TEST(fired == (std::vector<int>{0, 3}), boost::test_tools::per_element());
    BOOST_TEST(wheel.size() == 2U);
    const auto later = expired(wheel, kStart + Seconds(11));
    BOOST_TEST(later.size() == 2U);
    BOOST_TEST(later.front() == &nodes[2]);
}

// 500 timers against a plain map, with all operations mixed and sleeps of all lengths.
BOOST_AUTO_TEST_CASE(it_behaves_like_a_sorted_list_of_deadlines) {  // E-1
    std::mt19937_64 random(7);
    TimerWheel wheel(kStart);
    std::vector<TimerNode> nodes(500);
    std::map<TimerNode*, MonoTime> model;
    MonoTime now = kStart;
    for (int step = 0; step < 20'000; ++step) {
        TimerNode& node = nodes[random() % nodes.size()];
        switch (random() % 8) {
            case 0:
                wheel.cancel(node);
                model.erase(&node);
                break;
            case 1: {
                now += Nanoseconds(
                    static_cast<std::int64_t>(random() % (std::uint64_t{1} << (random() % 43))));
                for (TimerNode* fired : expired(wheel, now)) {
                    BOOST_REQUIRE(model.count(fired) == 1U);
                    BOOST_REQUIRE(model[fired] <= now);
                    model.erase(fired);
                }
                for (const auto& [left, deadline] : model)
                    BOOST_REQUIRE(deadline > now - Milliseconds(100));
                break;
            }
            default: {
                const auto reach = std::uint64_t{1} << (random() % 46);
                const MonoTime deadline =
                    now + Nanoseconds(static_cast<std::int64_t>(random() % reach));
                wheel.arm(node, deadline);
                model[&node] = deadline;
            }
        }
        BOOST_REQUIRE(wheel.size() == model.size());
        BOOST_REQUIRE(wheel.next_wakeup().has_value() == !model.empty());
    }
    for (TimerNode& node : nodes)
        wheel.cancel(node);
}

BOOST_AUTO_TEST_SUITE_END()
