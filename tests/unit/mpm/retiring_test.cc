#include "daemon/mpm/retiring.h"

#include <vector>

#include <boost/test/unit_test.hpp>

using mpmd::ChildUid;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Seconds;
using mpmd::mpm::DrainClock;
using mpmd::mpm::Retiring;

namespace {

MonoTime at(int seconds) {
    return MonoTime(Seconds(seconds));
}

std::vector<std::uint64_t> ended(const std::vector<Retiring>& draining, std::int64_t limit) {
    std::vector<std::uint64_t> uids;
    for (const ChildUid uid : mpmd::mpm::drains_to_end(draining, limit))
        uids.push_back(uid.value());
    return uids;
}

using Uids = std::vector<std::uint64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(time_to_drain)

BOOST_AUTO_TEST_CASE(counts_from_the_first_order) {  // E-18
    DrainClock clock;
    BOOST_TEST(!clock.runs());
    clock.order(at(10), Seconds(300), false);
    BOOST_TEST(clock.runs());
    BOOST_TEST((clock.since() == at(10)));
    BOOST_TEST((clock.deadline() == at(310)));
}

BOOST_AUTO_TEST_CASE(is_never_lengthened_by_a_later_order) {  // E-18, U-2, decisions.md 7
    DrainClock clock;
    clock.order(at(10), Seconds(3), false);
    clock.order(at(11), Seconds(0), true);  // QUIT that waits for ever
    BOOST_TEST((clock.deadline() == at(13)));
    clock.order(at(11), Seconds(30), true);
    BOOST_TEST((clock.deadline() == at(13)));
    BOOST_TEST((clock.since() == at(10)));
}

BOOST_AUTO_TEST_CASE(is_shortened_by_one) {
    DrainClock clock;
    clock.order(at(10), Seconds(300), false);
    clock.order(at(20), Seconds(5), true);
    BOOST_TEST((clock.deadline() == at(25)));
    DrainClock unlimited;
    unlimited.order(at(10), Seconds(0), false);
    BOOST_TEST(!unlimited.deadline());
    unlimited.order(at(20), Seconds(5), true);
    BOOST_TEST((unlimited.deadline() == at(25)));
    BOOST_TEST((unlimited.since() == at(10)));
}

BOOST_AUTO_TEST_CASE(follows_ChildDrainTimeout_either_way) {  // contract 4: living children too
    DrainClock clock;
    BOOST_TEST(!clock.revise(Seconds(1)));  // it does not drain
    clock.order(at(10), Seconds(300), false);
    BOOST_TEST(clock.revise(Seconds(1)));
    BOOST_TEST((clock.deadline() == at(11)));
    BOOST_TEST(!clock.revise(Seconds(1)));
    BOOST_TEST(clock.revise(Seconds(600)));
    BOOST_TEST((clock.deadline() == at(610)));
    BOOST_TEST(clock.revise(Seconds(0)));
    BOOST_TEST(!clock.deadline());
}

BOOST_AUTO_TEST_CASE(that_an_order_has_set_itself_stays) {
    DrainClock own;
    own.order(at(10), Seconds(60), true);
    BOOST_TEST(!own.revise(Seconds(1)));
    BOOST_TEST((own.deadline() == at(70)));
    DrainClock kept;
    kept.order(at(10), Seconds(3), false);
    kept.order(at(11), Seconds(0), true);  // too late to matter
    BOOST_TEST(kept.revise(Seconds(8)));
    BOOST_TEST((kept.deadline() == at(18)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(more_drains_than_RetiringLimit)

// U-1, M-22, A-64
BOOST_AUTO_TEST_CASE(end_with_the_longest) {
    const std::vector<Retiring> draining = {
        {ChildUid(7), at(30)}, {ChildUid(3), at(40)}, {ChildUid(5), at(20)}, {ChildUid(9), at(10)}};
    BOOST_TEST(ended(draining, 4).empty());
    BOOST_TEST(ended(draining, 3) == Uids{9}, boost::test_tools::per_element());
    BOOST_TEST(ended(draining, 1) == (Uids{9, 5, 7}), boost::test_tools::per_element());
    BOOST_TEST(ended({}, 1).empty());
}

BOOST_AUTO_TEST_CASE(that_began_together_end_with_the_oldest_child) {
    const std::vector<Retiring> draining = {
        {ChildUid(2), at(5)}, {ChildUid(1), at(5)}, {ChildUid(3), at(5)}};
    BOOST_TEST(ended(draining, 1) == (Uids{1, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
