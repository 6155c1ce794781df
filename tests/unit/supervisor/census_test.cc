#include "daemon/supervisor/census.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/supervisor/crew.h"

namespace mpmd::supervisor {
namespace {

using scoreboard::ChildState;
using scoreboard::WorkerState;

constexpr CensusInputs kInputs{6, 2, Generation(1), false, 2'000'000};

struct Fixture : Crew {
    // The second look: a child is not short of anything before it has looked at its sockets.
    [[nodiscard]] mpm::Census settled() {
        (void)take_census(table, board.view(), kInputs);
        return take_census(table, board.view(), kInputs);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(census)

BOOST_AUTO_TEST_CASE(counts_threads_as_regulation_wants_them) {  // M-14
    Fixture f;
    Child& child = f.add();
    f.set(child, 0, WorkerState::Ready);
    f.set(child, 1, WorkerState::Starting);
    f.set(child, 2, WorkerState::Writing);
    f.set(child, 3, WorkerState::Dead);
    const mpm::Census census = f.settled();
    BOOST_REQUIRE(census.children.size() == 1U);
    const mpm::ChildSummary& seen = census.children[0];
    BOOST_TEST(seen.threads == 4);
    BOOST_TEST(seen.idle_threads == 3);     // dead, starting, ready
    BOOST_TEST(seen.present_threads == 2);  // ready and busy
    BOOST_TEST(seen.busy_threads == 1);
}

BOOST_AUTO_TEST_CASE(a_thread_that_finishes_is_neither_idle_nor_present) {  // M-14
    Fixture f;
    Child& child = f.add();
    f.set_all(child, WorkerState::Graceful);
    const mpm::Census census = f.settled();
    BOOST_TEST(census.children[0].idle_threads == 0);
    BOOST_TEST(census.children[0].present_threads == 0);
}

BOOST_AUTO_TEST_CASE(a_child_that_was_only_forked_has_its_threads_to_come) {  // M-14, T12
    Fixture f;
    Child& child = f.add();
    child.was_ready = false;
    f.set_all(child, WorkerState::Dead);
    BOOST_TEST(f.settled().children[0].idle_threads == 4);
}

BOOST_AUTO_TEST_CASE(a_child_leaves_from_the_moment_it_was_told) {  // M-13
    Fixture f;
    Child& child = f.add();
    BOOST_TEST(!f.settled().children[0].quiescing);
    child.state = ChildState::Draining;
    BOOST_TEST(f.settled().children[0].quiescing);
    BOOST_TEST(!f.settled().children[0].recallable);  // it drains for good
}

BOOST_AUTO_TEST_CASE(a_paused_child_is_recallable_once_its_door_is_closed) {  // un-retire, L-6
    Fixture f;
    Child& child = f.add();
    child.state = ChildState::Draining;
    child.paused = true;
    BOOST_TEST(!f.settled().children[0].recallable);
    child.door_closed = true;
    BOOST_TEST(f.settled().children[0].recallable);
    BOOST_TEST(f.settled().children[0].quiescing);
}

BOOST_AUTO_TEST_CASE(a_closed_door_is_no_news_before_the_second_tick) {  // E-13
    Fixture f;
    Child& child = f.add();
    f.memory(child).status().accepting = 0;
    BOOST_TEST(!take_census(f.table, f.board.view(), kInputs).children[0].not_accepting);
    BOOST_TEST(take_census(f.table, f.board.view(), kInputs).children[0].not_accepting);
}

BOOST_AUTO_TEST_CASE(a_door_that_was_never_open_is_no_news_at_any_tick) {  // E-13
    Fixture f;
    Child& child = f.add();
    f.memory(child).status().accepting = 0;
    f.memory(child).status().heartbeat_ns = 0;  // its listener waits for a processor
    for (int tick = 0; tick < 5; ++tick)
        BOOST_TEST(!take_census(f.table, f.board.view(), kInputs).children[0].not_accepting);
    f.memory(child).status().heartbeat_ns = 1;
    BOOST_TEST(take_census(f.table, f.board.view(), kInputs).children[0].not_accepting);
}

BOOST_AUTO_TEST_CASE(a_listener_is_saturated_after_so_many_ticks_in_a_row) {  // M-23 a
    Fixture f;
    Child& child = f.add();
    f.memory(child).status().listener_busy_permille = 900;
    BOOST_TEST(take_census(f.table, f.board.view(), kInputs).children[0].saturated_ticks == 1);
    BOOST_TEST(take_census(f.table, f.board.view(), kInputs).children[0].saturated_ticks == 2);
    f.memory(child).status().listener_busy_permille = 799;
    BOOST_TEST(take_census(f.table, f.board.view(), kInputs).children[0].saturated_ticks == 0);
}

BOOST_AUTO_TEST_CASE(old_generations_and_free_slots_are_seen) {  // M-12, M-16
    Fixture f;
    f.add(0);
    f.add(1);
    const mpm::Census census = f.settled();
    BOOST_TEST(!census.children[0].current_generation);
    BOOST_TEST(census.children[1].current_generation);
    BOOST_REQUIRE(census.free_slots.size() == 4U);
    BOOST_TEST(census.free_slots[0].value() == 2U);
}

BOOST_AUTO_TEST_CASE(a_child_in_a_new_slot_is_seen_before_the_next_tick) {
    Fixture f;
    f.add();
    f.board.publish(f.table);  // a tick
    f.add();
    BOOST_TEST(scoreboard::take_snapshot(f.board.view()).children.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_a_mad_child_claims_is_clamped) {  // P-11
    Fixture f;
    Child& child = f.add();
    f.memory(child).status().queued = 1'000'000'000;
    f.memory(child).status().listener_busy_permille = -7;
    const mpm::Census census = f.settled();
    BOOST_TEST(census.children[0].queued == std::int64_t{Crew::kShape.connections});
    BOOST_TEST(census.children[0].listener_busy == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor
