#include "daemon/supervisor/decision_log.h"

#include <boost/test/unit_test.hpp>

#include "daemon/scoreboard/snapshot.h"

namespace mpmd::supervisor {
namespace {

mpm::Limits limits() {
    mpm::Limits out;
    out.server_limit = 16;
    out.threads_per_child = 25;
    out.max_request_workers = 150;
    out.min_spare_threads = 75;
    out.max_spare_threads = 250;
    return out;
}

mpm::Decision decision(mpm::Branch branch, mpm::Cause shortage = mpm::Cause::None) {
    mpm::Decision out;
    out.branch = branch;
    out.shortage = shortage;
    out.idle = 3;
    out.least = 75;
    out.most = 250;
    out.present = 100;
    out.active = 4;
    out.total = 5;
    out.rate = 2;
    return out;
}

mpm::ChildSummary victim() {
    mpm::ChildSummary child;
    child.uid = ChildUid(7);
    child.working_connections = 1;
    child.keep_alive_connections = 12;
    return child;
}

WallTime at(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(seconds));
}

struct Fixture {
    Board board = std::move(*Board::create({}));
    DecisionLog log{board};
    void add(const mpm::Decision& seen, const Deeds& deeds, std::int64_t second) {
        log.add(seen, limits(), deeds, at(second));
        board.publish(ChildTable{});
    }
    [[nodiscard]] std::vector<scoreboard::DecisionRow> rows() const {
        return scoreboard::decisions(board.view());
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(text_of_a_decision)  // U-20: every fork, and every one that did not happen

BOOST_AUTO_TEST_CASE(says_why_children_were_started) {
    Deeds deeds;
    deeds.wanted = deeds.spawned = 2;
    BOOST_TEST(supervisor::decision_text(decision(mpm::Branch::Spawn, mpm::Cause::Workers),
                                         limits(), deeds) ==
               "short of workers: 3 idle of 75 wanted; 2 started, rate 2");
}

BOOST_AUTO_TEST_CASE(says_that_fork_was_not_possible) {  // M-19
    Deeds deeds;
    deeds.wanted = 2;
    BOOST_TEST(
        supervisor::decision_text(decision(mpm::Branch::Spawn, mpm::Cause::Listener), limits(),
                                  deeds) ==
        "short of listener: 3 idle of 75 wanted; 0 started, rate 2, 2 wanted: fork is paused or "
        "was refused");
}

BOOST_AUTO_TEST_CASE(says_who_was_taken_back) {
    Deeds deeds;
    deeds.recalled = 1;
    BOOST_TEST(supervisor::decision_text(decision(mpm::Branch::Recalled, mpm::Cause::Workers),
                                         limits(), deeds) ==
               "short of workers: 3 idle of 75 wanted; 1 taken back that were about to leave");
}

BOOST_AUTO_TEST_CASE(says_who_retires_and_why_it_was_chosen) {
    Deeds deeds;
    deeds.retired = victim();
    mpm::Decision seen = decision(mpm::Branch::Surplus);
    seen.idle = 300;
    BOOST_TEST(supervisor::decision_text(seen, limits(), deeds) ==
               "too many idle threads: 300 where MaxSpareThreads is 250; child 7 retires (1 "
               "connections at work, 12 kept alive)");
    seen.idle = 10;
    seen.active = 8;
    BOOST_TEST(supervisor::decision_text(seen, limits(), deeds) ==
               "too many children: 8 where MaxRequestWorkers 150 allows 6; child 7 retires (1 "
               "connections at work, 12 kept alive)");
}

BOOST_AUTO_TEST_CASE(says_why_nobody_retired) {
    mpm::Decision seen = decision(mpm::Branch::Surplus);
    seen.idle = 300;
    seen.kept = mpm::Kept::StillRetiring;
    BOOST_TEST(supervisor::decision_text(seen, limits(), {}) ==
               "too many idle threads: 300 where MaxSpareThreads is 250; nobody retired while "
               "others still leave");
}

BOOST_AUTO_TEST_CASE(says_why_nothing_was_started) {
    BOOST_TEST(supervisor::decision_text(decision(mpm::Branch::Enough), limits(), {}) ==
               "enough: 3 idle threads, at least 75 and at most 250 wanted");
    BOOST_TEST(supervisor::decision_text(decision(mpm::Branch::AtCapacity, mpm::Cause::Workers),
                                         limits(), {}) ==
               "short of workers: 3 idle of 75 wanted; 100 threads are all that MaxRequestWorkers "
               "150 allows");
    BOOST_TEST(supervisor::decision_text(decision(mpm::Branch::Cancelled, mpm::Cause::Connections),
                                         limits(), {}) ==
               "short of connections: 3 idle of 75 wanted; 4 children are all that "
               "MaxRequestWorkers 150 allows");
    Deeds held;
    held.holders = "5 of 6 slots held by generation 3";
    BOOST_TEST(supervisor::decision_text(decision(mpm::Branch::NoFreeSlot, mpm::Cause::Workers),
                                         limits(), held) ==
               "short of workers: 3 idle of 75 wanted; no free process slot: 5 of 6 slots held by "
               "generation 3");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(decision_log)  // 7.6

BOOST_AUTO_TEST_CASE(a_quiet_hour_is_one_row) {
    Fixture f;
    for (int second = 0; second < 3600; ++second) {
        mpm::Decision seen = decision(mpm::Branch::Enough);
        seen.idle = 80 + second % 10;  // the numbers may move
        f.add(seen, {}, second);
    }
    const auto rows = f.rows();
    BOOST_REQUIRE(rows.size() == 1U);
    BOOST_TEST(rows[0].ticks == 3600U);
    BOOST_TEST(rows[0].idle == 89U);  // of the last tick
    BOOST_TEST(rows[0].last_wall_us - rows[0].wall_us == 3599'000'000U);
}

BOOST_AUTO_TEST_CASE(what_was_done_and_what_changed_stands_alone) {
    Fixture f;
    Deeds fork;
    fork.wanted = fork.spawned = 1;
    Deeds retirement;
    retirement.retired = victim();
    f.add(decision(mpm::Branch::Enough), {}, 0);
    f.add(decision(mpm::Branch::Spawn, mpm::Cause::Workers), fork, 1);
    f.add(decision(mpm::Branch::Spawn, mpm::Cause::Workers), fork, 2);
    f.add(decision(mpm::Branch::AtCapacity, mpm::Cause::Workers), {}, 3);
    f.add(decision(mpm::Branch::AtCapacity, mpm::Cause::Workers), {}, 4);
    f.add(decision(mpm::Branch::AtCapacity, mpm::Cause::Connections), {}, 5);  // another reason
    f.add(decision(mpm::Branch::Surplus), retirement, 6);
    f.add(decision(mpm::Branch::Surplus), {}, 7);

    const auto rows = f.rows();
    BOOST_REQUIRE(rows.size() == 7U);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        BOOST_TEST(rows[i].number == i + 1);
        BOOST_TEST(rows[i].ticks == (i == 3 ? 2U : 1U));
    }
    BOOST_TEST(scoreboard::text(rows[1].branch) == "M-18d");
    BOOST_TEST(scoreboard::text(rows[1].cause) == "workers");
    BOOST_TEST(rows[1].spawned == 1U);
    BOOST_TEST(rows[1].rate == 2U);
    BOOST_TEST(rows[1].total == 5U);
    BOOST_TEST(scoreboard::text(rows[3].branch) == "M-18b");
    BOOST_TEST(rows[5].retired_uid == 7U);
    BOOST_TEST(rows[6].retired_uid == 0U);
}

BOOST_AUTO_TEST_CASE(the_ring_keeps_the_last_256) {
    Fixture f;
    Deeds fork;
    fork.wanted = fork.spawned = 1;
    for (int i = 0; i < 300; ++i)
        f.add(decision(mpm::Branch::Spawn, mpm::Cause::Workers), fork, i);
    const auto rows = f.rows();
    BOOST_REQUIRE(rows.size() == 256U);
    BOOST_TEST(rows.front().number == 45U);
    BOOST_TEST(rows.back().number == 300U);
}

BOOST_AUTO_TEST_CASE(a_child_that_another_rule_started_stands_alone) {  // M-10
    Fixture f;
    f.add(decision(mpm::Branch::Enough), {}, 1);
    f.log.add_start("M-10", "child 3 died of signal 9; child 5 is started in its place", at(2));
    f.add(decision(mpm::Branch::Enough), {}, 3);
    const auto rows = f.rows();
    BOOST_REQUIRE(rows.size() == 3U);
    const scoreboard::DecisionRow& row = rows[1];
    BOOST_TEST(scoreboard::text(row.branch) == "M-10");
    BOOST_TEST(scoreboard::text(row.text) ==
               "child 3 died of signal 9; child 5 is started in its place");
    BOOST_TEST(row.spawned == 1U);
    BOOST_TEST(row.ticks == 1U);
    BOOST_TEST(row.idle == 3U);  // as at the last look
    for (const std::size_t other : {std::size_t{0}, std::size_t{2}})
        BOOST_TEST(rows[other].spawned == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor
