#include "daemon/mpm/victim.h"

#include <vector>

#include <boost/test/unit_test.hpp>

using mpmd::ChildUid;
using mpmd::Generation;
using mpmd::mpm::Candidate;

namespace {

Candidate child(std::uint64_t uid,
                std::uint32_t generation,
                std::int64_t working,
                std::int64_t keep_alive,
                std::int64_t rss) {
    return Candidate{ChildUid(uid), Generation(generation), working, keep_alive, rss};
}

std::uint64_t victim_of(const std::vector<Candidate>& candidates) {
    return mpmd::mpm::choose_victim(candidates).value_or(ChildUid(0)).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(victim)

BOOST_AUTO_TEST_CASE(the_oldest_generation_goes_first_however_busy) {
    BOOST_TEST(victim_of({child(1, 2, 0, 0, 1), child(2, 1, 9, 9, 1)}) == 2U);
}

// 3.3: the original retired a child with 3 of 6 running requests while five nearly idle siblings
// existed.
BOOST_AUTO_TEST_CASE(a_child_at_work_is_spared_while_an_idle_one_exists) {
    BOOST_TEST(victim_of({child(1, 1, 3, 0, 9), child(2, 1, 0, 50, 1), child(3, 1, 1, 0, 1)}) ==
               2U);
}

BOOST_AUTO_TEST_CASE(then_fewest_keep_alives_then_the_biggest) {
    BOOST_TEST(victim_of({child(1, 1, 0, 4, 9), child(2, 1, 0, 3, 1)}) == 2U);
    BOOST_TEST(victim_of({child(1, 1, 0, 4, 100), child(2, 1, 0, 4, 200)}) == 2U);
}

BOOST_AUTO_TEST_CASE(a_tie_goes_to_the_oldest_child) {
    BOOST_TEST(victim_of({child(7, 1, 0, 0, 5), child(3, 1, 0, 0, 5)}) == 3U);
    BOOST_TEST(victim_of({}) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
