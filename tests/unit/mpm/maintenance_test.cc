#include <set>

#include <boost/test/unit_test.hpp>

#include "tests/unit/mpm/maintenance_vectors.h"

namespace mpm = mpmd::mpm;
using namespace mpmd::test;
using mpm::Branch;
using mpm::Cause;
using mpm::Kept;
using mpm::NoticeKind;
using mpmd::ChildUid;
using mpmd::Generation;
using mpmd::SlotIndex;

BOOST_AUTO_TEST_SUITE(maintenance)

BOOST_AUTO_TEST_CASE(enough_idle_threads_need_nothing) {  // T1
    const mpm::Plan p = plan(census({idle(), idle()}), rate(8));
    BOOST_TEST(p.spawn_slots.empty());
    BOOST_TEST(!p.retire);
    BOOST_TEST(p.next.rate == 1);
    BOOST_TEST(p.decision.branch == Branch::Enough);
    BOOST_TEST(p.decision.idle == 8);
}

BOOST_AUTO_TEST_CASE(one_child_too_many_is_retired) {  // T2
    const mpm::Plan p = plan(census({idle(), idle(), idle(), idle()}));
    BOOST_TEST(p.retire.has_value());
    BOOST_TEST(p.next.rate == 1);
    BOOST_TEST(p.decision.branch == Branch::Surplus);
}

BOOST_AUTO_TEST_CASE(exactly_max_spare_threads_idle_is_no_surplus) {  // M-18a
    BOOST_TEST(!plan(census({idle(), idle(), idle()})).retire);
}

BOOST_AUTO_TEST_CASE(limits_that_are_set_back_lead_back_to_the_children_there_were) {
    const mpm::Limits limits = common();
    const mpm::Census three = census({idle(), idle(), idle()});  // 12 idle, MaxSpareThreads 12
    const mpm::Plan first =
        mpm::plan_maintenance(three, limits, mpm::note_spare_lowered(mpm::Pace{}), 6);
    BOOST_TEST(first.retire.has_value());
    BOOST_TEST(first.next.settling);

    const mpm::Plan second = mpm::plan_maintenance(census({idle(), idle()}), limits, first.next, 6);
    BOOST_TEST(!second.retire);
    BOOST_TEST(!second.next.settling);

    BOOST_TEST(!mpm::plan_maintenance(three, limits, second.next, 6).retire);
}

BOOST_AUTO_TEST_CASE(nobody_is_retired_while_the_last_one_still_drains) {  // T3
    mpm::Limits limits = common();
    limits.max_spare_threads = 7;
    const mpm::Census c = census({idle(), idle(), idle(), quiescing()});
    BOOST_TEST(!mpm::plan_maintenance(c, limits, {}, 6).retire);
    BOOST_TEST((mpm::plan_maintenance(c, limits, {}, 6).decision.kept == Kept::StillRetiring));
}

BOOST_AUTO_TEST_CASE(with_slots_to_spare_the_next_one_is_retired_meanwhile) {  // T4
    mpm::Limits limits = common();
    limits.max_spare_threads = 7;
    const mpm::Census c = census({idle(), idle(), idle(), quiescing()}, 16);
    const auto victim = mpm::plan_maintenance(c, limits, {}, 16).retire;
    BOOST_REQUIRE(victim.has_value());
    BOOST_TEST(victim->value() <= 3U);  // never the one that drains already
}

// RetiringLimit: one more would end the longest drain, and a surplus is no reason for that.
BOOST_AUTO_TEST_CASE(a_surplus_waits_while_as_many_retire_as_may) {  // U-1, decisions.md 4
    mpm::Limits limits = common();
    limits.max_spare_threads = 7;
    limits.server_limit = 14;
    const mpm::Census c = census({idle(), idle(), idle(), quiescing(), quiescing()}, 18);
    BOOST_TEST(!mpm::plan_maintenance(c, limits, {}, 16).retire);
    BOOST_TEST((mpm::plan_maintenance(c, limits, {}, 16).decision.kept == Kept::StillRetiring));
    BOOST_TEST(mpm::plan_maintenance(c, limits, {}, 17).retire.has_value());

    mpm::Limits lowered = limits;
    lowered.max_request_workers = 2 * lowered.threads_per_child;
    lowered.max_spare_threads = 100;
    BOOST_TEST(!mpm::plan_maintenance(c, lowered, {}, 16).retire);
    BOOST_TEST(mpm::plan_maintenance(c, lowered, {}, 17).retire.has_value());
}

BOOST_AUTO_TEST_CASE(a_shortage_forks_and_doubles_the_rate) {  // T5
    const mpm::Plan p = plan(census({busy(), busy(), busy()}));
    BOOST_REQUIRE(p.spawn_slots.size() == 1U);
    BOOST_TEST(p.spawn_slots[0].value() == 3U);  // the lowest free slot
    BOOST_TEST(p.next.rate == 2);
    BOOST_TEST(p.decision.shortage == Cause::Workers);
}

BOOST_AUTO_TEST_CASE(the_limit_is_told_once) {  // T6
    const mpm::Census c = census({busy(), busy(), busy(), busy()});
    const mpm::Plan first = plan(c, rate(4));
    BOOST_TEST(told(first, NoticeKind::LimitReached));
    BOOST_TEST(first.next.rate == 1);
    const mpm::Plan second = plan(c, first.next);
    BOOST_TEST(second.notices.empty());
    BOOST_TEST(second.decision.branch == Branch::AtCapacity);  // what an episode lasts by
}

BOOST_AUTO_TEST_CASE(being_near_the_limit_is_told_once) {  // T7
    const mpm::Census c = census({busy(), busy(), busy(), child(1, 3)});
    const mpm::Plan first = plan(c);
    BOOST_TEST(told(first, NoticeKind::NearLimit));
    BOOST_TEST(plan(c, first.next).notices.empty());
}

BOOST_AUTO_TEST_CASE(
    a_full_scoreboard_is_told_each_tick) {  // T8; the logger makes an episode of it
    mpm::ChildSummary finishing = quiescing();
    const mpm::Census c =
        census({finishing, finishing, finishing, finishing, child(0, 3), child(0, 3)});
    const mpm::Plan first = plan(c);
    BOOST_TEST(told(first, NoticeKind::ScoreboardFull));
    BOOST_TEST(first.decision.branch == Branch::NoFreeSlot);
    BOOST_TEST(told(plan(c, first.next), NoticeKind::ScoreboardFull));
}

BOOST_AUTO_TEST_CASE(no_more_than_the_active_limit_is_forked) {  // T9
    const mpm::Census c = census({busy(), busy(), child(1, 3), not_accepting(child(0, 2, 2))});
    const mpm::Plan p = plan(c);
    BOOST_TEST(p.decision.idle == 1);
    BOOST_TEST(p.decision.present == 14);
    BOOST_TEST(p.spawn_slots.empty());
    BOOST_TEST(p.next.rate == 1);
    BOOST_TEST(p.next.hold == 0);
    BOOST_TEST(p.decision.branch == Branch::Cancelled);
}

BOOST_AUTO_TEST_CASE(a_fast_rate_is_cut_to_what_may_be_active) {  // T10
    const mpm::Plan p = plan(census({busy()}), rate(4));
    BOOST_TEST(p.spawn_slots.size() == 3U);
    BOOST_TEST(p.next.rate == 8);
}

BOOST_AUTO_TEST_CASE(a_hold_keeps_the_rate_for_so_many_ticks) {  // T11
    mpm::Limits limits = common();
    limits.server_limit = 40;
    limits.max_request_workers = 160;
    mpm::Pace pace = rate(1, 10);
    for (int tick = 1; tick <= 12; ++tick) {
        const mpm::Plan p = mpm::plan_maintenance(census({busy()}, 40), limits, pace, 40);
        BOOST_TEST(p.spawn_slots.size() == (tick == 12 ? 2U : 1U));
        BOOST_TEST(p.next.rate == (tick <= 10 ? 1 : tick == 11 ? 2 : 4));
        pace = p.next;
    }
}

BOOST_AUTO_TEST_CASE(threads_that_start_count_as_idle) {  // T12
    BOOST_TEST(plan(census({child(0, 0, 4)})).decision.branch == Branch::Enough);
}

BOOST_AUTO_TEST_CASE(a_child_that_does_not_accept_has_no_idle_thread) {  // T13, E-13
    const mpm::Plan p = plan(census({not_accepting(child(3, 1))}));
    BOOST_TEST(p.decision.idle == 0);
    BOOST_TEST(p.spawn_slots.size() == 1U);
    BOOST_TEST(p.decision.shortage == Cause::Connections);
}

BOOST_AUTO_TEST_CASE(a_door_that_is_closed_although_there_is_room_is_the_listeners_shortage) {
    mpm::ChildSummary late = not_accepting(child(3, 1));
    late.full = false;
    mpm::Census c = census({late});
    c.online_cores = 2;
    const mpm::Plan p = plan(c);
    BOOST_TEST(p.decision.idle == 0);  // E-13 as ever
    BOOST_TEST(p.spawn_slots.size() == 1U);
    BOOST_TEST(p.decision.shortage == Cause::Listener);
}

BOOST_AUTO_TEST_CASE(an_old_generation_is_never_idle_outside_a_rollout) {  // T14
    mpm::Census c = census({old_generation(idle())});
    BOOST_TEST(plan(c).spawn_slots.size() == 1U);
    c.rollout_running = true;  // decisions.md 4: counts until it is told to drain
    BOOST_TEST(plan(c).spawn_slots.empty());
}

BOOST_AUTO_TEST_CASE(the_server_stops_when_no_child_was_ever_well) {  // T15
    const mpm::Pace sick = mpm::note_sick(rate(8));
    BOOST_TEST(sick.rate == 1);
    const mpm::Plan p = plan(census({child(0, 1, 3)}), sick);
    BOOST_TEST(p.stop_server);
    BOOST_TEST(told(p, NoticeKind::NoHealthyChild, Cause::None));
    BOOST_TEST(p.spawn_slots.empty());
}

BOOST_AUTO_TEST_CASE(one_healthy_child_forgives_a_sick_one) {  // T16
    const mpm::Plan p = plan(census({child(1, 3)}), mpm::note_sick({}));
    BOOST_TEST(!p.stop_server);
    BOOST_TEST(!p.next.sick);
    BOOST_TEST(p.spawn_slots.size() == 1U);
    // "for this run": it need not live any longer
    BOOST_TEST(!plan(census({}), mpm::note_sick(p.next)).stop_server);
}

BOOST_AUTO_TEST_CASE(a_bucket_forks_in_its_own_slots_for_its_own_share) {  // T17
    mpm::Limits limits = common();
    limits.min_spare_threads = 8;
    limits.max_spare_threads = 20;
    mpm::Census c = census({child(3, 1), idle()});
    c.buckets = 2;
    const mpm::Plan even = mpm::plan_maintenance(c, limits, rate(2), kSlots);
    BOOST_REQUIRE(even.spawn_slots.size() == 2U);
    BOOST_TEST(even.spawn_slots[0].value() == 2U);
    BOOST_TEST(even.spawn_slots[1].value() == 4U);
    c.bucket = 1;  // 4 idle are enough for one bucket
    BOOST_TEST(mpm::plan_maintenance(c, limits, rate(2), kSlots).spawn_slots.empty());
}

BOOST_AUTO_TEST_CASE(sickness_is_judged_after_the_last_bucket) {  // M-17
    mpm::Census c = census({});
    c.buckets = 2;
    const mpm::Plan first = plan(c, mpm::note_sick({}));
    BOOST_TEST(!first.stop_server);
    BOOST_TEST(first.spawn_slots.empty());
    c.bucket = 1;
    BOOST_TEST(plan(c, first.next).stop_server);
}

BOOST_AUTO_TEST_CASE(the_rate_never_exceeds_32) {  // T18
    mpm::Limits limits = common();
    limits.server_limit = 100;
    limits.max_request_workers = 400;
    const mpm::Plan p = mpm::plan_maintenance(census({busy()}, 100), limits, rate(32), 100);
    BOOST_TEST(p.spawn_slots.size() == 32U);
    BOOST_TEST(p.next.rate == 32);
    BOOST_TEST(told(p, NoticeKind::BusySpawning));
}

BOOST_AUTO_TEST_CASE(one_satisfied_tick_resets_the_rate) {  // T19
    const mpm::Plan shortage = plan(census({busy()}));
    BOOST_TEST(shortage.next.rate == 2);
    const mpm::Plan satisfied = plan(census({busy(), idle()}), shortage.next);
    BOOST_TEST(satisfied.next.rate == 1);
    BOOST_TEST(plan(census({busy(), busy()}), satisfied.next).next.rate == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(maintenance_counting)  // M-12 to M-16

BOOST_AUTO_TEST_CASE(a_child_that_leaves_is_not_active_and_is_still_there) {  // M-13
    const mpm::Plan p = plan(census({busy(), quiescing()}));
    BOOST_TEST(p.decision.active == 1);
    BOOST_TEST(p.decision.total == 2);
    BOOST_TEST(p.decision.idle == 0);
    BOOST_TEST(p.decision.present == 5);  // what it still runs counts for the limit (M-14)
}

BOOST_AUTO_TEST_CASE(starting_threads_are_idle_and_not_present) {  // M-14
    const mpm::Plan p = plan(census({child(1, 1, 2)}));
    BOOST_TEST(p.decision.idle == 3);
    BOOST_TEST(p.decision.present == 2);
}

BOOST_AUTO_TEST_CASE(health_is_proven_by_one_child_with_all_its_threads) {  // M-15
    BOOST_TEST(!plan(census({child(1, 2, 1), child(0, 0, 4)})).next.healthy);
    BOOST_TEST(plan(census({child(1, 2, 1), child(1, 3)})).next.healthy);
    mpm::Pace healthy;
    healthy.healthy = true;
    BOOST_TEST(plan(census({}), healthy).next.healthy);  // for the whole run
}

BOOST_AUTO_TEST_CASE(as_many_slots_are_collected_as_the_rate_says) {  // M-12, M-16
    BOOST_TEST(plan(census({busy()}), rate(2)).decision.free == 2);
    BOOST_TEST(plan(census({busy()}), rate(8)).decision.free == 5);  // there are no more
    mpm::Limits limits = common();
    limits.server_limit = 100;
    limits.max_request_workers = 400;
    const mpm::Plan most = mpm::plan_maintenance(census({busy()}, 100), limits, rate(64), 100);
    BOOST_TEST(most.decision.free == 32);
}

BOOST_AUTO_TEST_SUITE_END()

// A child that was retired for idleness can be taken back until the next tick that is not short.
BOOST_AUTO_TEST_SUITE(maintenance_unretire)  // 3.3 "victim choice", U-19, L-6

mpm::ChildSummary recallable() {
    mpm::ChildSummary c = idle();
    c.quiescing = true;
    c.recallable = true;
    c.not_accepting = true;
    return c;
}

BOOST_AUTO_TEST_CASE(a_shortage_takes_it_back_instead_of_forking) {
    const mpm::Plan p = plan(census({busy(), recallable()}), rate(4));
    BOOST_REQUIRE(p.recall.size() == 1U);
    BOOST_TEST(p.recall[0].value() == 2U);
    BOOST_TEST(p.spawn_slots.empty());
    BOOST_TEST(p.dismiss.empty());
    BOOST_TEST(p.next.rate == 1);
    BOOST_TEST(p.decision.branch == Branch::Recalled);
    BOOST_TEST(p.decision.idle == 0);  // what was counted
    BOOST_TEST(p.decision.active == 1);
    BOOST_TEST(p.decision.shortage == Cause::Workers);
}

BOOST_AUTO_TEST_CASE(only_as_many_as_are_needed_come_back) {
    const mpm::Plan p = plan(census({busy(), recallable(), recallable()}));
    BOOST_TEST(p.recall.size() == 1U);
    BOOST_REQUIRE(p.dismiss.size() == 1U);
    BOOST_TEST(p.dismiss[0].value() == 3U);
}

BOOST_AUTO_TEST_CASE(what_it_does_not_cover_is_forked_in_the_same_tick) {
    mpm::Limits limits = common();
    limits.min_spare_threads = 6;
    const mpm::Plan p = mpm::plan_maintenance(census({busy(), recallable()}), limits, {}, kSlots);
    BOOST_TEST(p.recall.size() == 1U);
    BOOST_TEST(p.spawn_slots.size() == 1U);
    BOOST_TEST(p.decision.branch == Branch::Spawn);
}

BOOST_AUTO_TEST_CASE(without_a_shortage_it_is_dismissed) {
    const mpm::Plan p = plan(census({idle(), recallable()}));
    BOOST_TEST(p.recall.empty());
    BOOST_REQUIRE(p.dismiss.size() == 1U);
    BOOST_TEST(p.dismiss[0].value() == 2U);
}

BOOST_AUTO_TEST_CASE(it_comes_back_only_within_what_may_be_active) {
    const mpm::Plan p = plan(census({busy(), busy(), busy(), busy(), recallable()}));
    BOOST_TEST(p.recall.empty());
    BOOST_TEST(p.dismiss.size() == 1U);
}

BOOST_AUTO_TEST_CASE(one_that_drains_already_is_left_alone) {
    const mpm::Plan p = plan(census({busy(), quiescing()}));
    BOOST_TEST(p.recall.empty());
    BOOST_TEST(p.dismiss.empty());
    BOOST_TEST(p.spawn_slots.size() == 1U);
}

BOOST_AUTO_TEST_CASE(each_bucket_takes_back_its_own) {
    mpm::Limits limits = common();
    limits.min_spare_threads = 4;
    limits.max_spare_threads = 20;
    mpm::Census c = census({busy(), idle(), recallable()});
    c.buckets = 2;
    c.bucket = 1;  // slot 2 is bucket 0's
    const mpm::Plan other = mpm::plan_maintenance(c, limits, {}, kSlots);
    BOOST_TEST(other.recall.empty());
    BOOST_TEST(other.dismiss.empty());
    c.bucket = 0;
    BOOST_TEST(mpm::plan_maintenance(c, limits, {}, kSlots).recall.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(maintenance_listeners)  // M-23

BOOST_AUTO_TEST_CASE(a_saturated_listener_makes_regulation_fork) {  // T20
    mpm::Census c = census({listener(idle(), 900, 2)});
    c.online_cores = 2;
    const mpm::Plan p = plan(c);
    BOOST_TEST(p.decision.idle == 0);
    BOOST_TEST(p.spawn_slots.size() == 1U);
    BOOST_TEST(p.decision.shortage == Cause::Listener);
}

BOOST_AUTO_TEST_CASE(no_more_such_children_than_cores) {  // T21
    mpm::Census c = census({listener(idle(), 900, 2), listener(idle(), 900, 2)});
    c.online_cores = 2;
    const mpm::Plan p = plan(c, rate(4));
    BOOST_TEST(p.spawn_slots.empty());
    BOOST_TEST(told(p, NoticeKind::CpuBound, Cause::Cpu));
    BOOST_TEST(p.decision.shortage == Cause::Cpu);
}

BOOST_AUTO_TEST_CASE(a_fast_rate_does_not_fork_more_listeners_than_cores) {
    mpm::Census c = census({listener(idle(), 900, 2)});
    c.online_cores = 2;
    BOOST_TEST(plan(c, rate(4)).spawn_slots.size() == 1U);
}

BOOST_AUTO_TEST_CASE(nobody_is_retired_whose_work_the_others_cannot_take) {  // T22
    const auto shared = [](int a, int b, int third) {
        mpm::Limits limits = common();
        limits.max_spare_threads = 11;
        const auto c =
            census({listener(idle(), a, 0), listener(idle(), b, 0), listener(idle(), third, 0)});
        return mpm::plan_maintenance(c, limits, {}, kSlots);
    };
    const mpm::Plan kept = shared(420, 410, 410);  // (1240) / 2 = 620
    BOOST_TEST(!kept.retire);
    BOOST_TEST((kept.decision.kept == Kept::ListenersBusy));
    BOOST_TEST(shared(400, 300, 300).retire.has_value());  // exactly 500
}

BOOST_AUTO_TEST_CASE(one_busy_tick_proves_nothing) {  // T23
    mpm::Census c = census({listener(idle(), 900, 1)});
    c.online_cores = 2;
    BOOST_TEST(plan(c).spawn_slots.empty());
}

BOOST_AUTO_TEST_CASE(the_limit_names_the_listener_as_its_cause) {  // M-23 c
    mpm::Limits limits = common();
    limits.max_request_workers = 4;  // A 1
    mpm::Census c = census({listener(idle(), 950, 5)});
    c.online_cores = 4;
    const mpm::Plan p = mpm::plan_maintenance(c, limits, {}, kSlots);
    BOOST_TEST(told(p, NoticeKind::LimitReached, Cause::Listener));
}

BOOST_AUTO_TEST_CASE(the_limit_names_connections_as_its_cause) {
    const mpm::Plan p = plan(census({not_accepting(idle()), not_accepting(idle()),
                                     not_accepting(idle()), not_accepting(idle())}));
    BOOST_TEST(told(p, NoticeKind::LimitReached, Cause::Connections));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(maintenance_replacing)  // decisions.md 4

BOOST_AUTO_TEST_CASE(a_rollout_may_spawn_but_never_retires) {
    mpm::Census c = census({idle(), idle(), idle(), idle()});
    c.rollout_running = true;
    BOOST_TEST(!plan(c).retire);
    BOOST_TEST((plan(c).decision.kept == Kept::Rollout));
    mpm::Census short_of = census({busy()});
    short_of.rollout_running = true;
    BOOST_TEST(plan(short_of).spawn_slots.size() == 1U);
}

BOOST_AUTO_TEST_CASE(
    retiring_children_leave_room_for_active_ones) {  // slots beyond the active budget
    const mpm::Census c = census({quiescing(), quiescing(), quiescing(), quiescing()}, 12);
    const mpm::Plan p = plan(c, rate(4), 12);
    BOOST_TEST(p.decision.active == 0);
    BOOST_TEST(p.decision.total == 4);
    BOOST_TEST(p.spawn_slots.size() == 4U);
    BOOST_TEST(p.spawn_slots[0].value() == 4U);
}

BOOST_AUTO_TEST_CASE(a_held_successor_is_neither_active_nor_idle) {
    mpm::ChildSummary held = idle();
    held.held = true;
    const mpm::Plan p = plan(census({busy(), held}));
    BOOST_TEST(p.decision.active == 1);
    BOOST_TEST(p.decision.idle == 0);
}

BOOST_AUTO_TEST_CASE(the_victim_is_the_idlest_child_and_not_the_first) {
    const mpm::Census c = census({child(3, 1), idle(), child(3, 1), child(3, 1)});
    mpm::Limits limits = common();
    limits.max_spare_threads = 7;
    BOOST_TEST(mpm::plan_maintenance(c, limits, {}, kSlots).retire->value() == 2U);
}

BOOST_AUTO_TEST_CASE(a_lowered_limit_is_reached_one_child_a_tick_however_busy) {
    mpm::Limits limits = common();
    limits.max_request_workers = 8;  // A 2
    const mpm::Census c = census({busy(), busy(), busy()});
    BOOST_TEST(mpm::plan_maintenance(c, limits, {}, kSlots).retire.has_value());
    BOOST_TEST(!plan(c).retire);
    mpm::Census rolling = c;
    rolling.rollout_running = true;  // successors come on top for a while
    BOOST_TEST(!mpm::plan_maintenance(rolling, limits, {}, kSlots).retire);
}

BOOST_AUTO_TEST_CASE(the_last_child_is_never_retired) {
    mpm::ChildSummary wide = idle();
    wide.threads = wide.idle_threads = wide.present_threads = 100;  // born before TPC was lowered
    const mpm::Plan p = plan(census({wide}));
    BOOST_TEST(!p.retire);
    BOOST_TEST((p.decision.kept == Kept::LastChild));
}

BOOST_AUTO_TEST_SUITE_END()
