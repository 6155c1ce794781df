#include "daemon/mpm/quota.h"

#include <set>

#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
using Action = mpm::Handover::Action;
using mpm::QuotaStep;
using mpmd::ChildUid;

namespace {
const ChildUid kOld(1);
const ChildUid kNew(2);
const ChildUid kThird(3);
}  // namespace

BOOST_AUTO_TEST_SUITE(quota)

BOOST_AUTO_TEST_CASE(
    the_successor_is_asked_for_at_90_percent_and_the_door_closes_at_exactly_the_quota) {
    BOOST_TEST((mpm::quota_step(8, 10) == QuotaStep::Serve));  // A-45, E-20
    BOOST_TEST((mpm::quota_step(9, 10) == QuotaStep::StartSuccessor));
    BOOST_TEST((mpm::quota_step(10, 10) == QuotaStep::StopAccepting));
    BOOST_TEST((mpm::quota_step(0, 1) == QuotaStep::Serve));
    BOOST_TEST((mpm::quota_step(1'000'000, 0) == QuotaStep::Serve));
    BOOST_TEST(mpm::quota_left(7, 10).value() == 3);
    BOOST_TEST(mpm::quota_left(12, 10).value() == 0);
    BOOST_TEST(!mpm::quota_left(12, 0));
}

BOOST_AUTO_TEST_CASE(children_born_together_leave_apart_but_never_late) {
    std::set<std::int64_t> quotas;
    for (std::uint64_t uid = 1; uid <= 16; ++uid) {
        const std::int64_t quota = mpm::jittered_quota(10'000, uid);
        BOOST_TEST(quota <= 10'000);
        BOOST_TEST(quota >= 9'000);
        BOOST_TEST(quota == mpm::jittered_quota(10'000, uid));
        quotas.insert(quota);
    }
    BOOST_TEST(quotas.size() > 12U);
    BOOST_TEST(mpm::jittered_quota(10, 5) == 10);  // small quotas are exact
    BOOST_TEST(mpm::jittered_quota(0, 5) == 0);
}

BOOST_AUTO_TEST_CASE(children_that_grew_together_are_recycled_apart) {  // U-14
    std::set<std::int64_t> pauses;
    for (std::uint64_t uid = 1; uid <= 16; ++uid) {
        const auto pause = mpm::recycling_pause(uid).count();
        BOOST_TEST(pause >= 5000);
        BOOST_TEST(pause < 10'000);
        pauses.insert(pause);
    }
    BOOST_TEST(pauses.size() > 12U);
}

BOOST_AUTO_TEST_CASE(a_ready_successor_is_held_until_the_old_child_closed_its_door) {
    mpm::Handover handover(kOld);
    handover.started(kNew);
    BOOST_TEST((handover.ready(kNew) == Action::Nothing));
    BOOST_TEST(handover.holding());
    BOOST_TEST(handover.old_accepts());
    BOOST_TEST((handover.stopped_accepting(kOld) == Action::Release));
    BOOST_TEST(!handover.old_accepts());
    BOOST_TEST(!handover.holding());
    BOOST_TEST((handover.exited(kOld) == Action::Nothing));
    BOOST_TEST(handover.over());
}

BOOST_AUTO_TEST_CASE(a_late_successor_serves_as_soon_as_it_is_ready) {
    mpm::Handover handover(kOld);
    handover.started(kNew);
    BOOST_TEST((handover.stopped_accepting(kOld) == Action::Nothing));
    BOOST_TEST((handover.ready(kNew) == Action::Release));
    BOOST_TEST((handover.exited(kOld) == Action::Nothing));
    BOOST_TEST(handover.over());
}

BOOST_AUTO_TEST_CASE(an_old_child_that_dies_releases_the_successor) {
    mpm::Handover handover(kOld);
    handover.started(kNew);
    BOOST_TEST((handover.ready(kNew) == Action::Nothing));
    BOOST_TEST((handover.exited(kOld) == Action::Release));
    BOOST_TEST(handover.over());
}

BOOST_AUTO_TEST_CASE(a_successor_that_dies_is_started_again) {
    mpm::Handover handover(kOld);
    handover.started(kNew);
    BOOST_TEST((handover.exited(kNew) == Action::StartHeld));
    handover.started(kThird);
    BOOST_TEST((handover.stopped_accepting(kOld) == Action::Nothing));
    BOOST_TEST((handover.exited(kThird) == Action::Start));  // nobody accepts: an ordinary child
    BOOST_TEST((handover.exited(ChildUid(77)) == Action::Nothing));
}

BOOST_AUTO_TEST_SUITE_END()
