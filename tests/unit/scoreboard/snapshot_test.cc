#include "daemon/scoreboard/snapshot.h"

#include <cstring>

#include <boost/test/unit_test.hpp>

namespace mpmd::scoreboard {
namespace {

// A board with one running child of four threads, as the supervisor and the child would write it.
struct Board {
    Board() : segment(std::move(*Segment::create(Header{}))) {
        // The extent stays writable through the supervisor's mapping.
        auto* base = reinterpret_cast<std::byte*>(&segment.global()) - kGlobalOffset + kArenaOffset;
        extent = Extent(base, shape);
        row.uid = 11;
        row.extent_offset = kArenaOffset;
        row.threads = shape.threads;
        row.connection_rows = shape.connections;
        row.state = ChildState::Running;
        segment.child(0).write(row);
        global.high_slot = 1;
        segment.global().write(global);
    }
    void set(std::uint32_t thread, WorkerState state) const {
        WorkerRow worker{};
        worker.state = state;
        extent.worker(thread).write(worker);
    }
    ExtentShape shape{4, 8};
    Segment segment;
    Extent extent;
    ChildRow row{};
    Global global{};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(snapshot)

BOOST_AUTO_TEST_CASE(letters_and_counts_say_what_each_thread_does) {
    const Board board;
    board.set(0, WorkerState::Ready);
    board.set(1, WorkerState::Writing);
    board.set(2, WorkerState::Starting);
    board.set(3, WorkerState::Graceful);
    board.extent.status().accepting = 1;

    const Snapshot seen = take_snapshot(board.segment.view());

    BOOST_REQUIRE_EQUAL(seen.children.size(), 1U);
    BOOST_TEST(seen.children[0].letters == "_WSG");
    BOOST_TEST(seen.totals.busy == 1U);
    BOOST_TEST(seen.totals.idle == 1U);
    BOOST_TEST(seen.totals.starting == 1U);
    BOOST_TEST(seen.totals.graceful == 1U);
}

BOOST_AUTO_TEST_CASE(threads_of_a_child_that_does_not_accept_or_leaves_are_not_idle) {
    Board board;
    board.set(0, WorkerState::Ready);
    BOOST_TEST(take_snapshot(board.segment.view()).totals.idle == 0U);

    board.extent.status().accepting = 1;
    BOOST_TEST(take_snapshot(board.segment.view()).totals.idle == 1U);

    board.row.state = ChildState::Draining;
    board.segment.child(0).write(board.row);
    const Snapshot seen = take_snapshot(board.segment.view());
    BOOST_TEST(seen.totals.idle == 0U);
    BOOST_TEST(seen.totals.draining == 1U);
    BOOST_TEST(seen.totals.active == 0U);
}

BOOST_AUTO_TEST_CASE(totals_include_what_the_dead_left) {
    Board board;
    board.global.gone_requests_on_workers = 100;
    board.global.gone_status[2] = 90;
    board.segment.global().write(board.global);
    board.extent.status().requests_on_workers = 5;
    board.extent.status().status[2] = 5;

    const Totals totals = take_snapshot(board.segment.view()).totals;

    BOOST_TEST(totals.requests_on_workers == 105U);
    BOOST_TEST(totals.status[2] == 95U);
}

BOOST_AUTO_TEST_CASE(a_child_that_writes_nonsense_is_clamped_to_what_it_can_have) {
    const Board board;
    ChildStatus& status = board.extent.status();
    status.listener_busy_permille = -5;
    status.queued = 1'000'000;
    status.connections[1] = -1;
    status.connections[5] = 2'000'000'000;
    status.accepting = 77;
    board.set(0, static_cast<WorkerState>(200));

    const Snapshot seen = take_snapshot(board.segment.view());

    BOOST_TEST(seen.children[0].numbers.listener_busy_permille == 0U);
    BOOST_TEST(seen.children[0].numbers.queued == 8U);
    BOOST_TEST(seen.children[0].numbers.connections[1] == 0U);
    BOOST_TEST(seen.children[0].numbers.connections[5] == 8U);
    BOOST_TEST(seen.children[0].letters[0] == '.');
}

BOOST_AUTO_TEST_CASE(connections_are_listed_with_text_that_ends_and_threads_that_exist) {
    const Board board;
    ConnectionRow row{};
    row.state = ConnectionState::Running;
    row.number = 9;
    row.thread = 99;
    std::memset(row.target.data(), 'x', row.target.size());
    board.extent.connection(3).write(row);
    row.state = static_cast<ConnectionState>(99);
    board.extent.connection(4).write(row);

    int seen = 0;
    each_connection(board.segment.view(), board.row,
                    [&](std::uint32_t index, const ConnectionRow& found) {
                        ++seen;
                        BOOST_TEST(index == 3U);
                        BOOST_TEST(found.thread == -1);
                        BOOST_TEST(text(found.target).size() == found.target.size() - 1);
                    });
    BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_CASE(a_row_whose_writer_died_inside_is_left_out_until_it_is_settled) {
    const Board board;
    Cell<ChildRow>& cell = board.segment.child(0);
    // The sequence counter is the first word; odd means "being written".
    auto* sequence = reinterpret_cast<std::atomic<std::uint64_t>*>(&cell);
    sequence->fetch_add(1);
    BOOST_TEST(take_snapshot(board.segment.view()).children.empty());
    cell.settle();
    BOOST_TEST(take_snapshot(board.segment.view()).children.size() == 1U);
}

BOOST_AUTO_TEST_CASE(events_come_oldest_first_and_only_those_that_the_ring_still_has) {
    Board board;
    for (std::uint64_t number = 1; number <= kEvents + 10; ++number) {
        EventRow event{};
        event.number = number;
        board.segment.event(number % kEvents).write(event);
    }
    board.global.next_event = kEvents + 11;
    board.segment.global().write(board.global);

    const auto all = events(board.segment.view());
    BOOST_REQUIRE_EQUAL(all.size(), kEvents);
    BOOST_TEST(all.front().number == 11U);
    const auto last = events(board.segment.view(), kEvents + 8);
    BOOST_REQUIRE_EQUAL(last.size(), 2U);
    BOOST_TEST(last.back().number == kEvents + 10);
}

BOOST_AUTO_TEST_CASE(an_operation_is_found_by_number_with_its_steps) {
    const Board board;
    OperationHead head{};
    head.number = 5;
    head.steps = 2;
    board.segment.operation(1).head.write(head);
    OperationStep step{};
    step.old_uid = 3;
    board.segment.operation(1).steps[1].write(step);

    const auto found = find_operation(board.segment.view(), 5);
    BOOST_REQUIRE(found.has_value());
    BOOST_REQUIRE_EQUAL(found->steps.size(), 2U);
    BOOST_TEST(found->steps[1].old_uid == 3U);
    BOOST_TEST(!find_operation(board.segment.view(), 6).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_dying_child_left_is_read_within_its_bounds) {  // P-11, P-25
    const Board board;
    BOOST_TEST(!crash_note(board.segment.view(), board.row).has_value());
    CrashNote note{};
    note.signal = 11;
    note.thread = 77;  // there are four
    note.frames = 1000;
    note.target.fill('x');  // without an end
    board.extent.crash_note().write(note);

    const auto seen = crash_note(board.segment.view(), board.row);

    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST(seen->thread == kMainThread);
    BOOST_TEST(seen->frames == kCrashFrames);
    BOOST_TEST(text(seen->target).size() == seen->target.size() - 1);
}

BOOST_AUTO_TEST_CASE(the_ring_of_crashes_keeps_the_last_ones_in_order) {
    Board board;
    constexpr std::uint64_t kMany = kCrashes + 10;
    for (std::uint64_t number = 1; number <= kMany; ++number) {
        CrashRow row{};
        row.number = number;
        board.segment.crash(number % kCrashes).write(row);
    }
    board.global.next_crash = kMany + 1;
    board.segment.global().write(board.global);

    const auto all = crashes(board.segment.view());

    BOOST_REQUIRE_EQUAL(all.size(), kCrashes);
    BOOST_TEST(all.front().number == 11U);
    BOOST_TEST(all.back().number == kMany);
    BOOST_TEST(crashes(board.segment.view(), kMany - 2).size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::scoreboard
