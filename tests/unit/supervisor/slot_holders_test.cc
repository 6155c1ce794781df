#include "daemon/supervisor/slot_holders.h"

#include <boost/test/unit_test.hpp>

#include "daemon/os/clock.h"
#include "tests/unit/supervisor/crew.h"

namespace mpmd::supervisor {
namespace {

using scoreboard::ChildState;

constexpr MonoTime kNow = MonoTime(Seconds(10'000));

}  // namespace

BOOST_AUTO_TEST_SUITE(holders_of_slots)  // M-18c, U-1: never "the scoreboard is full" alone

BOOST_AUTO_TEST_CASE(names_the_generation_and_its_oldest_connection) {
    Crew crew;
    crew.add(4);
    for (int i = 0; i < 5; ++i) {
        Child& child = crew.add(3);
        child.state = ChildState::Draining;
        crew.connect(child, 0, 60 * i, "/page");
        if (i == 2) crew.connect(child, 7, 14 * 60, "/big.iso");
    }
    BOOST_TEST(supervisor::slot_holders(crew.table, crew.board.view(), 6, kNow) ==
               "5 of 6 slots held by generation 3, oldest connection 14 min from "
               "198.51.100.7:51122: GET /big.iso; raise RetiringLimit or lower ChildDrainTimeout");
}

BOOST_AUTO_TEST_CASE(counts_the_other_generations_and_says_when_there_is_hope) {
    Crew crew;
    for (const std::uint32_t generation : {2U, 3U, 3U}) {
        Child& child = crew.add(generation);
        child.state = ChildState::Draining;
        child.drain_deadline_wall = os::wall_now() + Seconds(40 * 60 + 30);
    }
    BOOST_TEST(supervisor::slot_holders(crew.table, crew.board.view(), 3, kNow) ==
               "2 of 3 slots held by generation 3 and 1 by others that leave; the first is free in "
               "40 min at the latest; raise RetiringLimit or lower ChildDrainTimeout");
}

BOOST_AUTO_TEST_CASE(a_request_cannot_write_lines_of_its_own) {
    Crew crew;
    Child& child = crew.add(3);
    child.state = ChildState::Draining;
    crew.connect(child, 0, 1, "/a\n[alert] all is lost");
    const std::string text = supervisor::slot_holders(crew.table, crew.board.view(), 1, kNow);
    BOOST_TEST(text.find('\n') == std::string::npos);
    BOOST_TEST(text.find("/a\\x0a[alert]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(children_that_serve_hold_them_too) {
    Crew crew;
    crew.add(1);
    BOOST_TEST(supervisor::slot_holders(crew.table, crew.board.view(), 1, kNow) ==
               "all 1 are held by children that serve; raise ServerLimit");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor
