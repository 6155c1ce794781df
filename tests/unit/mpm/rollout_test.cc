#include "daemon/mpm/rollout.h"

#include <algorithm>
#include <ostream>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using mpm::Rollout;
using mpm::RolloutOptions;
using mpmd::ChildUid;
using mpmd::MonoTime;
using mpmd::Seconds;
using mpmd::SlotIndex;
using Kind = Rollout::Action::Kind;
using State = Rollout::State;

namespace mpmd::mpm {
std::ostream& operator<<(std::ostream& out, Rollout::State state) {
    return out << to_text(state);
}
}  // namespace mpmd::mpm

namespace {

MonoTime at(int seconds) {
    return MonoTime(Seconds(seconds));
}

std::vector<Rollout::Target> olds(std::uint64_t count) {
    std::vector<Rollout::Target> targets;
    for (std::uint64_t i = 1; i <= count; ++i)
        targets.push_back({ChildUid(i), SlotIndex(static_cast<std::uint32_t>(i - 1))});
    return targets;
}

RolloutOptions options(std::int64_t surge, int drain_seconds = 300) {
    RolloutOptions o;
    o.max_surge = surge;
    o.drain_timeout = Seconds(drain_seconds);
    return o;
}

// A supervisor that performs actions: successors get the uids 101, 102 ... in the order they are
// started.
struct Supervisor {
    Rollout rollout;
    int now = 0;
    std::uint64_t next_uid = 101;
    std::vector<std::uint64_t> started, drained, stopped, killed;
    int finished = 0;
    bool slots = true;

    Supervisor(std::uint64_t old_children, const RolloutOptions& o)
        : rollout(olds(old_children), o) {
        perform(rollout.begin(at(now)));
    }
    void perform(const Rollout::Actions& actions) {
        for (const Rollout::Action& action : actions) {
            switch (action.kind) {
                case Kind::Start:
                    if (slots) {
                        started.push_back(next_uid);
                        perform(rollout.started(action.step, ChildUid(next_uid++), at(now)));
                    } else {
                        perform(rollout.deferred(action.step));
                    }
                    break;
                case Kind::Drain:
                    drained.push_back(action.uid.value());
                    break;
                case Kind::Stop:
                    stopped.push_back(action.uid.value());
                    break;
                case Kind::Kill:
                    killed.push_back(action.uid.value());
                    break;
                case Kind::Finish:
                    ++finished;
                    break;
            }
        }
    }
    void ready(std::uint64_t uid) { perform(rollout.ready(ChildUid(uid), at(now))); }
    void exited(std::uint64_t uid) { perform(rollout.exited(ChildUid(uid), at(now))); }
    void tick(int seconds) {
        now = seconds;
        perform(rollout.tick(at(now)));
    }
    [[nodiscard]] State state() const { return rollout.state(); }
};

using Uids = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(rollout)

BOOST_AUTO_TEST_CASE(a_quarter_of_the_children_at_a_time) {
    BOOST_TEST(mpm::default_surge(16) == 4);
    BOOST_TEST(mpm::default_surge(3) == 1);
}

// M-20 and M-21 as decisions.md 4 has them: what served before is replaced whole, at once.
BOOST_AUTO_TEST_CASE(a_new_generation_begins_with_what_served_before) {
    BOOST_TEST(mpm::reload_successors(2, 6, 8) == 6);  // not only StartServers, as the original
    BOOST_TEST(mpm::reload_successors(5, 2, 8) == 5);
    BOOST_TEST(mpm::reload_successors(5, 9, 4) == 4);  // A was lowered by the same reload
    BOOST_TEST(mpm::reload_successors(0, 0, 4) == 1);
}

BOOST_AUTO_TEST_CASE(an_old_child_drains_only_when_its_successor_is_ready) {
    Supervisor s(2, options(1));
    BOOST_TEST(s.started == Uids{101}, boost::test_tools::per_element());
    BOOST_TEST(s.drained.empty());
    s.ready(101);
    BOOST_TEST(s.drained == Uids{1}, boost::test_tools::per_element());
    BOOST_TEST(s.started == (Uids{101, 102}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_next_step_waits_for_ready_and_never_for_a_drain) {
    Supervisor s(16, options(4));
    BOOST_TEST(s.started.size() == 4U);
    for (std::uint64_t uid = 101; uid <= 116; ++uid) {
        BOOST_TEST(s.started.size() - (uid - 101) <= 4U);
        s.ready(uid);
    }
    BOOST_TEST(s.drained.size() == 16U);
    BOOST_TEST(s.rollout.progress() == "16/16 replaced, 16 draining");
    BOOST_TEST(s.state() == State::Draining);
    for (std::uint64_t uid = 1; uid <= 15; ++uid)
        s.exited(uid);
    BOOST_TEST(s.rollout.progress() == "16/16 replaced, 1 draining");
    BOOST_TEST(s.finished == 0);
    s.exited(16);
    BOOST_TEST(s.state() == State::Succeeded);
    BOOST_TEST(s.finished == 1);
    BOOST_TEST(s.killed.empty());
}

BOOST_AUTO_TEST_CASE(an_endless_download_does_not_keep_the_rollout_open) {
    Supervisor s(1, options(1, 300));
    s.ready(101);
    s.tick(299);
    BOOST_TEST(s.finished == 0);
    s.tick(300);
    BOOST_TEST(s.state() == State::Succeeded);
    BOOST_TEST(s.rollout.progress() == "1/1 replaced (1 was still draining)");
    BOOST_TEST(s.killed.empty());  // the child bounds its own drain
}

BOOST_AUTO_TEST_CASE(a_successor_that_is_not_ready_in_10_s_fails_it_and_the_old_child_stays) {
    Supervisor s(4, options(2));
    s.ready(101);
    BOOST_TEST((s.rollout.next_deadline() == at(10)));
    s.tick(10);
    BOOST_TEST(s.state() == State::Failed);
    BOOST_TEST(s.rollout.error() == "the successor of child 2 was not ready after 10 s");
    BOOST_TEST(s.drained == Uids{1}, boost::test_tools::per_element());
    BOOST_TEST(s.killed == (Uids{102, 103}), boost::test_tools::per_element());
    BOOST_TEST(s.finished == 1);
    BOOST_TEST(!s.rollout.owns(ChildUid(3)));
    s.tick(11);
    BOOST_TEST(s.finished == 1);
}

BOOST_AUTO_TEST_CASE(a_successor_may_crash_once) {
    Supervisor s(1, options(1));
    s.exited(101);
    BOOST_TEST(s.started == (Uids{101, 102}), boost::test_tools::per_element());
    s.ready(102);
    s.exited(1);
    BOOST_TEST(s.state() == State::Succeeded);
}

BOOST_AUTO_TEST_CASE(a_second_attempt_gets_no_more_time) {
    Supervisor s(1, options(1));
    s.now = 6;
    s.exited(101);
    s.tick(10);
    BOOST_TEST(s.state() == State::Failed);
}

BOOST_AUTO_TEST_CASE(a_successor_that_crashes_twice_fails_it_at_once) {
    Supervisor s(1, options(1));
    s.exited(101);
    s.exited(102);
    BOOST_TEST(s.state() == State::Failed);
    BOOST_TEST(s.rollout.error() == "the successor of child 1 died before it was ready");
    BOOST_TEST(s.drained.empty());
}

BOOST_AUTO_TEST_CASE(an_old_child_that_dies_is_replaced_ahead_of_the_others) {
    Supervisor s(4, options(1));
    s.exited(4);
    BOOST_TEST(s.started == (Uids{101, 102}), boost::test_tools::per_element());
    BOOST_TEST(s.rollout.steps()[3].successor.value() == 102U);
    s.ready(102);
    BOOST_TEST(s.drained.empty());  // there is nobody to drain
    BOOST_TEST(s.rollout.replaced() == 1);
}

BOOST_AUTO_TEST_CASE(the_rollout_owns_its_children_until_they_are_replaced) {
    Supervisor s(2, options(1));
    BOOST_TEST(s.rollout.owns(ChildUid(2)));
    BOOST_TEST(s.rollout.owns(ChildUid(101)));
    s.ready(101);
    BOOST_TEST(!s.rollout.owns(ChildUid(101)));  // an ordinary child now: respawn cares for it
    s.exited(101);
    BOOST_TEST(s.started.size() == 2U);
    BOOST_TEST(!s.rollout.owns(ChildUid(55)));
}

BOOST_AUTO_TEST_CASE(without_a_free_slot_it_waits_and_asks_again) {
    Supervisor s(2, options(1));
    s.slots = false;
    s.ready(101);  // the second Start is deferred
    BOOST_TEST(s.started.size() == 1U);
    s.tick(1);
    BOOST_TEST(s.started.size() == 1U);
    s.slots = true;
    s.tick(100);  // waiting for a slot costs nobody the 10 s
    BOOST_TEST(s.started.size() == 2U);
    BOOST_TEST(s.state() == State::Running);
}

BOOST_AUTO_TEST_CASE(paused_it_starts_nothing_but_repairs) {
    Supervisor s(4, options(1));
    s.perform(s.rollout.pause());
    s.ready(101);
    BOOST_TEST(s.drained == Uids{1}, boost::test_tools::per_element());
    BOOST_TEST(s.started.size() == 1U);
    BOOST_TEST(s.rollout.progress() == "1/4 replaced, 1 draining, paused");
    s.exited(3);
    BOOST_TEST(s.started.size() == 2U);
    s.ready(102);
    s.perform(s.rollout.resume(at(5)));
    BOOST_TEST(s.started.size() == 3U);
}

BOOST_AUTO_TEST_CASE(cancelled_it_keeps_what_is_done_and_what_is_old) {
    Supervisor s(4, options(2));
    s.ready(101);
    s.perform(s.rollout.cancel());
    BOOST_TEST(s.state() == State::Cancelled);
    BOOST_TEST(s.killed == (Uids{102, 103}), boost::test_tools::per_element());
    BOOST_TEST(s.drained == Uids{1}, boost::test_tools::per_element());
    BOOST_TEST(s.finished == 1);
    s.ready(102);  // late news
    BOOST_TEST(s.drained.size() == 1U);
}

BOOST_AUTO_TEST_CASE(cancelled_it_spares_the_successor_of_a_child_that_died) {
    Supervisor s(2, options(1));
    s.exited(1);
    s.perform(s.rollout.cancel());
    BOOST_TEST(s.killed.empty());
}

BOOST_AUTO_TEST_CASE(a_reload_starts_more_than_there_were) {  // max(StartServers, active before)
    RolloutOptions o = options(4);
    o.successors = 3;
    Supervisor s(1, o);
    BOOST_TEST(s.started.size() == 3U);
    s.ready(102);
    s.ready(103);
    BOOST_TEST(s.drained.empty());
    s.ready(101);
    s.exited(1);
    BOOST_TEST(s.state() == State::Succeeded);
}

BOOST_AUTO_TEST_CASE(a_lowered_limit_drains_the_surplus_last) {
    RolloutOptions o = options(4);
    o.successors = 1;
    Supervisor s(3, o);
    BOOST_TEST(s.started.size() == 1U);
    s.ready(101);
    BOOST_TEST(s.drained == (Uids{1, 2, 3}), boost::test_tools::per_element());
    s.exited(1);
    s.exited(2);
    BOOST_TEST(s.finished == 0);
    s.exited(3);
    BOOST_TEST(s.state() == State::Succeeded);
}

BOOST_AUTO_TEST_CASE(a_hard_restart_stops_all_old_children_with_the_first_successor) {
    RolloutOptions o = options(2, 3);
    o.hard = true;
    Supervisor s(4, o);
    BOOST_TEST(s.started.size() == 2U);
    BOOST_TEST(s.stopped.empty());
    s.ready(102);
    BOOST_TEST(s.stopped == (Uids{1, 2, 3, 4}), boost::test_tools::per_element());
    BOOST_TEST(s.started.size() == 4U);
    BOOST_TEST(s.drained.empty());
    for (const std::uint64_t uid : Uids{1, 2, 3})
        s.exited(uid);
    for (const std::uint64_t uid : Uids{101, 103, 104})
        s.ready(uid);
    s.tick(3);  // StopTimeout
    BOOST_TEST(s.killed == Uids{4}, boost::test_tools::per_element());
    BOOST_TEST(s.finished == 0);
    s.exited(4);
    BOOST_TEST(s.state() == State::Succeeded);
}

BOOST_AUTO_TEST_CASE(a_hard_restart_whose_successors_never_get_ready_leaves_the_old_ones) {
    RolloutOptions o = options(1, 3);
    o.hard = true;
    Supervisor s(2, o);
    s.tick(10);
    BOOST_TEST(s.state() == State::Failed);
    BOOST_TEST(s.stopped.empty());
}

BOOST_AUTO_TEST_CASE(a_newer_restart_may_follow_while_old_children_drain) {
    Supervisor s(1, options(1, 0));
    s.ready(101);
    BOOST_TEST(!s.rollout.replacing());
    BOOST_TEST(!s.rollout.next_deadline());
    s.perform(s.rollout.supersede());
    BOOST_TEST(s.state() == State::Succeeded);
    BOOST_TEST(s.finished == 1);
}

// E-18, contract 4: the limit is changed while old children drain; it counts from their order.
BOOST_AUTO_TEST_CASE(a_changed_drain_limit_holds_for_those_that_drain) {
    Supervisor s(1, options(1, 0));
    s.ready(101);
    s.tick(5);
    s.rollout.set_drain_timeout(Seconds(8));
    BOOST_TEST((s.rollout.next_deadline() == at(8)));
    s.rollout.set_drain_timeout(Seconds(0));
    BOOST_TEST(!s.rollout.next_deadline());
    s.rollout.set_drain_timeout(Seconds(6));
    s.tick(5);
    BOOST_TEST(s.state() == State::Draining);
    s.tick(6);
    BOOST_TEST(s.state() == State::Succeeded);
}

BOOST_AUTO_TEST_CASE(a_changed_StopTimeout_holds_for_those_that_a_hard_restart_has_stopped) {
    RolloutOptions o = options(1, 600);
    o.hard = true;
    Supervisor s(1, o);
    s.ready(101);
    s.rollout.set_drain_timeout(Seconds(2));
    s.tick(2);
    BOOST_TEST(s.killed == Uids{1}, boost::test_tools::per_element());
    s.rollout.set_drain_timeout(Seconds(1));
    BOOST_TEST(!s.rollout.next_deadline());  // it was killed: nothing is left to do
}

BOOST_AUTO_TEST_CASE(nothing_to_replace_succeeds_at_once) {
    Supervisor s(0, options(1));
    BOOST_TEST(s.state() == State::Succeeded);
    BOOST_TEST(s.finished == 1);
}

BOOST_AUTO_TEST_SUITE_END()
