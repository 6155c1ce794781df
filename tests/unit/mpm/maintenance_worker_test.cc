// Regulation where it is not event's with one set of sockets: buckets, and MPM worker.

#include <boost/test/unit_test.hpp>

#include "tests/unit/mpm/maintenance_vectors.h"

namespace mpm = mpmd::mpm;
using namespace mpmd::test;
using mpm::Branch;
using mpm::Kept;
using mpm::NoticeKind;
using mpmd::SlotIndex;

BOOST_AUTO_TEST_SUITE(maintenance_of_buckets)  // M-12, N12

BOOST_AUTO_TEST_CASE(the_last_child_of_a_bucket_stays) {
    mpm::Limits limits = common();
    limits.min_spare_threads = 2;
    limits.max_spare_threads = 2;
    mpm::Census c = census({idle(), idle(), idle()});
    c.buckets = 2;
    const mpm::Plan even = mpm::plan_maintenance(c, limits, {}, 12);
    BOOST_REQUIRE(even.retire.has_value());
    c.bucket = 1;
    const mpm::Plan odd = mpm::plan_maintenance(c, limits, {}, 12);
    BOOST_TEST(!odd.retire.has_value());
    BOOST_TEST((odd.decision.kept == Kept::LastChild));
    limits.max_request_workers = 4;  // A 1: the bucket keeps its child all the same
    BOOST_TEST(!mpm::plan_maintenance(c, limits, {}, 12).retire.has_value());
}

BOOST_AUTO_TEST_CASE(a_bucket_without_a_child_gets_one_beyond_the_limit) {
    mpm::Limits limits = common();
    limits.max_request_workers = 8;  // A 2, and both are in bucket 0
    mpm::ChildSummary second = busy();
    second.slot = SlotIndex(2);
    mpm::Census c = census({busy()});
    c.children.push_back(second);
    c.free_slots = {SlotIndex(1), SlotIndex(3), SlotIndex(4)};
    c.buckets = 2;
    c.bucket = 1;
    for (const mpm::Model model : {mpm::Model::Event, mpm::Model::Worker}) {
        limits.model = model;
        const mpm::Plan odd = mpm::plan_maintenance(c, limits, {}, 12);
        BOOST_REQUIRE(odd.spawn_slots.size() == 1U);
        BOOST_TEST(odd.spawn_slots[0].value() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(the_second_bucket_of_a_tick_knows_what_the_first_has_done) {
    mpm::Limits limits = common();
    limits.max_request_workers = 12;  // A 3
    limits.min_spare_threads = 4;
    mpm::Census c = census({busy(), busy()});
    c.buckets = 2;
    const mpm::Plan even = mpm::plan_maintenance(c, limits, {}, 12);
    BOOST_REQUIRE(even.spawn_slots.size() == 1U);
    c = mpm::assume_done(c, even, limits);
    c.bucket = 1;
    const mpm::Plan odd = mpm::plan_maintenance(c, limits, {}, 12);
    BOOST_TEST(odd.spawn_slots.empty());
    BOOST_TEST((odd.decision.branch == Branch::Cancelled));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(maintenance_of_mpm_worker)  // 3.5, W-9

mpm::Limits worker() {
    mpm::Limits limits = common();
    limits.model = mpm::Model::Worker;
    return limits;
}

BOOST_AUTO_TEST_CASE(a_closed_door_does_not_make_threads_less_idle) {  // T13 is event's
    const mpm::Census c = census({not_accepting(child(3, 1))});
    BOOST_TEST(mpm::plan_maintenance(c, worker(), {}, kSlots).spawn_slots.empty());
    BOOST_TEST(mpm::plan_maintenance(c, common(), {}, kSlots).spawn_slots.size() == 1U);
}

BOOST_AUTO_TEST_CASE(surplus_is_retired_although_another_still_leaves) {  // T3 is event's
    mpm::Limits limits = worker();
    limits.max_spare_threads = 7;
    const mpm::Census c = census({idle(), idle(), idle(), quiescing()});
    BOOST_TEST(mpm::plan_maintenance(c, limits, {}, kSlots).retire.has_value());
    limits.model = mpm::Model::Event;
    BOOST_TEST(!mpm::plan_maintenance(c, limits, {}, kSlots).retire.has_value());
}

BOOST_AUTO_TEST_CASE(a_free_slot_comes_before_the_limit) {
    // 16 threads are present, of which a retiring child has 4: event is at its limit, worker forks.
    mpm::ChildSummary leaving = busy();
    leaving.quiescing = true;
    const mpm::Census c = census({busy(), busy(), busy(), leaving});
    BOOST_TEST(
        (mpm::plan_maintenance(c, common(), {}, kSlots).decision.branch == Branch::AtCapacity));
    const mpm::Plan plan = mpm::plan_maintenance(c, worker(), {}, kSlots);
    BOOST_REQUIRE(plan.spawn_slots.size() == 1U);
    BOOST_TEST(plan.spawn_slots[0].value() == 4U);
}

BOOST_AUTO_TEST_CASE(the_limit_is_told_once_and_never_as_nearly_reached) {
    const mpm::Census c = census({busy(), busy(), busy(), child(1, 3)});
    const mpm::Plan first = mpm::plan_maintenance(c, worker(), {}, 12);
    BOOST_REQUIRE(first.notices.size() == 1U);
    BOOST_TEST((first.notices[0].kind == NoticeKind::LimitReached));
    BOOST_TEST(first.next.rate == 1);
    BOOST_TEST(mpm::plan_maintenance(c, worker(), first.next, 12).notices.empty());
}

BOOST_AUTO_TEST_CASE(no_slot_below_the_limit_is_told_each_tick) {
    // Children that were born with fewer threads: all four are active, and 8 threads are not 16.
    mpm::ChildSummary small = child(0, 2);
    small.threads = 2;
    const mpm::Census c = census({small, small, small, small});
    for (int tick = 0; tick < 2; ++tick) {
        const mpm::Plan plan = mpm::plan_maintenance(c, worker(), {}, 12);
        BOOST_TEST((plan.decision.branch == Branch::NoFreeSlot));
        BOOST_REQUIRE(plan.notices.size() == 1U);
        BOOST_TEST((plan.notices[0].kind == NoticeKind::ScoreboardFull));
    }
}

BOOST_AUTO_TEST_CASE(growth_doubles_and_ends_at_the_active_limit) {  // M-18d, T10
    const mpm::Plan plan = mpm::plan_maintenance(census({busy()}), worker(), rate(4), 12);
    BOOST_TEST(plan.spawn_slots.size() == 3U);
    BOOST_TEST(plan.next.rate == 8);
}

BOOST_AUTO_TEST_SUITE_END()
