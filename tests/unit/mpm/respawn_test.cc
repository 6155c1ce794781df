#include "daemon/mpm/respawn.h"

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using Action = mpm::Verdict::Action;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Seconds;

namespace {

MonoTime at(int seconds) {
    return MonoTime(Seconds(seconds));
}

mpm::Death killed(int signal, MonoTime born) {
    mpm::Death death;
    death.signal = signal;
    death.was_ready = true;
    death.born = born;
    return death;
}
mpm::Death left(int status) {
    mpm::Death death;
    death.exit_status = status;
    death.was_ready = true;
    death.born = at(0);
    return death;
}
mpm::Death crashed_at_start(MonoTime now) {
    mpm::Death death = killed(11, now - Milliseconds(10));
    death.was_ready = false;
    return death;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(respawn)

BOOST_AUTO_TEST_CASE(a_crashed_child_is_replaced_at_once_but_only_the_first_two_between_ticks) {
    mpm::Respawn respawn;  // M-10, A-38
    BOOST_TEST((respawn.child_died(killed(11, at(0)), at(100)).action == Action::ReplaceNow));
    BOOST_TEST((respawn.child_died(killed(9, at(0)), at(100)).action == Action::ReplaceNow));
    const mpm::Verdict third = respawn.child_died(killed(11, at(0)), at(100));
    BOOST_TEST((third.action == Action::Leave));
    BOOST_TEST(third.warn);
    respawn.tick({});  // M-3
    BOOST_TEST((respawn.child_died(killed(11, at(0)), at(101)).action == Action::ReplaceNow));
}

BOOST_AUTO_TEST_CASE(the_3rd_13th_and_23rd_signal_death_in_a_row_warn) {
    mpm::Respawn respawn;
    for (int i = 1; i <= 25; ++i) {
        const bool warn = respawn.child_died(killed(11, at(0)), at(100)).warn;
        BOOST_TEST(warn == (i == 3 || i == 13 || i == 23));
    }
}

BOOST_AUTO_TEST_CASE(a_child_that_leaves_is_left_to_regulation) {  // M-9
    mpm::Respawn respawn;
    const mpm::Verdict verdict = respawn.child_died(left(0), at(100));
    BOOST_TEST((verdict == mpm::Verdict{}));
}

BOOST_AUTO_TEST_CASE(a_fatal_exit_of_the_current_generation_stops_the_server) {  // M-6, M-7
    mpm::Respawn respawn;
    BOOST_TEST((respawn.child_died(left(15), at(9)).action == Action::StopServer));
    mpm::Death old = left(15);
    old.current_generation = false;
    const mpm::Verdict verdict = respawn.child_died(old, at(9));
    BOOST_TEST((verdict.action == Action::Leave));
    BOOST_TEST(verdict.sick);
}

BOOST_AUTO_TEST_CASE(a_sick_exit_is_not_replaced_at_once) {  // M-8
    mpm::Respawn respawn;
    const mpm::Verdict verdict = respawn.child_died(left(7), at(9));
    BOOST_TEST((verdict.action == Action::Leave));
    BOOST_TEST(verdict.sick);
}

BOOST_AUTO_TEST_CASE(a_retiring_child_that_crashes_is_not_replaced) {
    mpm::Respawn respawn;
    mpm::Death death = killed(11, at(0));
    death.retiring = true;
    BOOST_TEST((respawn.child_died(death, at(9)).action == Action::Leave));
    mpm::Death target = killed(11, at(0));
    target.replaced_elsewhere = true;  // the rollout cares for it
    BOOST_TEST((respawn.child_died(target, at(9)).action == Action::Leave));
}

BOOST_AUTO_TEST_CASE(crashes_at_start_pause_all_forks_ever_longer_up_to_30_s) {
    mpm::Respawn respawn;
    MonoTime now = at(100);
    BOOST_TEST((respawn.child_died(crashed_at_start(now), now).action == Action::ReplaceNow));
    BOOST_TEST((respawn.child_died(crashed_at_start(now), now).action == Action::ReplaceNow));
    int n = 3;
    for (const int pause : {1, 2, 4, 8, 16, 30, 30, 30}) {
        respawn.tick({});
        const mpm::Verdict verdict = respawn.child_died(crashed_at_start(now), now);
        BOOST_TEST((verdict.action == Action::Leave));
        BOOST_TEST((verdict.paused_until == now + Seconds(pause)));
        BOOST_TEST(verdict.alarm == (n == 10));
        BOOST_TEST(!respawn.may_fork(now + Seconds(pause) - Milliseconds(1)));
        BOOST_TEST(respawn.may_fork(now + Seconds(pause)));
        now += Seconds(pause);
        ++n;
    }
}

BOOST_AUTO_TEST_CASE(a_child_that_lives_ends_the_back_off) {
    mpm::Respawn respawn;
    for (int i = 0; i < 4; ++i)
        (void)respawn.child_died(crashed_at_start(at(100)), at(100));
    respawn.tick(at(50));  // it was born before the trouble: proves nothing
    BOOST_TEST(respawn.child_died(crashed_at_start(at(102)), at(102)).early_deaths == 5);
    respawn.tick(at(103));
    BOOST_TEST(respawn.child_died(crashed_at_start(at(110)), at(110)).early_deaths == 1);
}

BOOST_AUTO_TEST_CASE(killing_children_that_serve_since_a_while_never_pauses) {
    mpm::Respawn respawn;
    for (int i = 0; i < 50; ++i) {
        respawn.tick({});
        const mpm::Verdict verdict =
            respawn.child_died(killed(9, at(100 + i) - Seconds(2)), at(100 + i));
        BOOST_TEST((verdict.action == Action::ReplaceNow));
    }
}

BOOST_AUTO_TEST_CASE(a_refused_fork_is_tried_again_later_without_blocking) {  // M-19
    mpm::Respawn respawn;
    BOOST_TEST((respawn.fork_failed(at(100)) == at(101)));
    BOOST_TEST(!respawn.may_fork(at(100)));
    BOOST_TEST((respawn.fork_failed(at(101)) == at(103)));
    respawn.fork_succeeded();
    BOOST_TEST((respawn.fork_failed(at(200)) == at(201)));
}

BOOST_AUTO_TEST_SUITE_END()
