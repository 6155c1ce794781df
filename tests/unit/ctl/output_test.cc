#include <boost/test/unit_test.hpp>

#include "ctl/output/json.h"
#include "ctl/output/show.h"
#include "ctl/output/table.h"

namespace ctl = mpmd::ctl;
namespace v1 = mpmd::api::v1;

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(json_keeps_the_names_of_the_proto_and_prints_zeros) {
    v1::Server server;
    server.mutable_workers()->set_busy(0);
    server.set_shortage("none");
    const std::string json = ctl::message_json(server);
    BOOST_TEST(json.find("\"uptime_seconds\": 0") != std::string::npos);
    BOOST_TEST(json.find("\"busy\": 0") != std::string::npos);
    BOOST_TEST(json.find("\"shortage\": \"none\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(thread_is_absent_from_json_while_a_connection_is_parked) {  // contract 2
    v1::Connection parked;
    parked.set_id("1.2.3");
    BOOST_TEST(ctl::message_json(parked).find("\"thread\"") == std::string::npos);
    v1::Connection running;
    running.set_thread(0);
    BOOST_TEST(ctl::message_json(running).find("\"thread\": 0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_table_cuts_its_last_column_only_at_the_terminals_edge) {
    ctl::Table table({{"ID", ctl::Align::Right}, {"REQUEST"}});
    table.add({"12345", "GET /a/long/path"});
    BOOST_TEST(table.text(0) == "   ID  REQUEST\n12345  GET /a/long/path\n");
    BOOST_TEST(table.text(12) == "   ID  REQUE\n12345  GET /\n");
}

BOOST_AUTO_TEST_CASE(sizes_and_ages_are_scaled_for_people) {
    BOOST_TEST(ctl::scaled_bytes(999) == "999B");
    BOOST_TEST(ctl::scaled_bytes(1536) == "1.5K");
    BOOST_TEST(ctl::scaled_bytes(83886080) == "80M");
    BOOST_TEST(ctl::scaled_age(950) == "950ms");
    BOOST_TEST(ctl::scaled_age(1500) == "1.5s");
    BOOST_TEST(ctl::scaled_age(61'000) == "1m01s");
    BOOST_TEST(ctl::scaled_age(3ULL * 3600 * 1000) == "3h00m");
    BOOST_TEST(ctl::scaled_age(100ULL * 3600 * 1000) == "4d04h");
}

BOOST_AUTO_TEST_CASE(a_finished_operation_says_how_it_ended_and_how_long_it_took) {
    v1::Operation operation;
    operation.set_name("op-12");
    operation.set_state(v1::OPERATION_STATE_SUCCEEDED);
    operation.set_result("16/16 replaced");
    operation.mutable_create_time()->set_seconds(1000);
    operation.mutable_end_time()->set_seconds(1098);
    BOOST_TEST(ctl::outcome_line(operation) == "op-12 succeeded: 16/16 replaced in 1m38s");
    operation.set_state(v1::OPERATION_STATE_FAILED);
    operation.set_result("3/16 replaced; the server ended before the others were");
    BOOST_TEST(ctl::outcome_line(operation) ==
               "op-12 failed after 1m38s: 3/16 replaced; the server ended before the others were");
}

BOOST_AUTO_TEST_CASE(a_decision_is_a_line_that_ends_with_its_reason) {
    v1::ListDecisionsResponse list;
    v1::Decision* quiet = list.add_decisions();
    quiet->set_number(8);
    quiet->mutable_time()->set_seconds(1'700'000'000);
    quiet->mutable_last_time()->set_seconds(1'700'000'009);
    quiet->set_ticks(10);
    quiet->set_branch("M-18e");
    quiet->set_text("enough");
    v1::Decision* fork = list.add_decisions();
    fork->set_number(7);
    fork->mutable_time()->set_seconds(1'699'999'999);
    fork->mutable_last_time()->set_seconds(1'699'999'999);
    fork->set_ticks(1);
    fork->set_branch("M-18d");
    fork->set_spawned(2);
    fork->set_text("short of workers: 3 idle of 75 wanted; 2 started, rate 2");
    v1::Decision* retirement = list.add_decisions();
    retirement->set_retired_uid(4);
    BOOST_TEST(
        ctl::show_decisions(list, 0) ==
        "NUMBER  TIME            RULE   IDLE  THREADS  ACTIVE  ALL  DID  WHY\n"
        "     8  22:13:20 +9.0s  M-18e     0        0       0    0       enough\n"
        "     7  22:13:19        M-18d     0        0       0    0   +2  short of workers: 3 "
        "idle of 75 wanted; 2 started, rate 2\n"
        "     0  -                         0        0       0    0   -1\n");
}

BOOST_AUTO_TEST_CASE(a_time_at_a_limit_is_a_line_with_its_age_and_peak) {  // U-4
    v1::Server server;
    BOOST_TEST(ctl::show_limit_episodes(server).empty());
    v1::LimitEpisode* running = server.add_limit_episodes();
    running->set_cause("workers");
    running->set_count(1);
    running->set_running(true);
    running->set_duration_seconds(840);
    running->set_peak_busy(400);
    running->set_peak_queued(12);
    running->set_peak_backlog(511);
    running->set_total_seconds(840);
    v1::LimitEpisode* over = server.add_limit_episodes();
    over->set_cause("slots");
    over->set_count(3);
    over->mutable_start_time()->set_seconds(1'700'000'000);
    over->set_duration_seconds(5);
    over->set_total_seconds(61);
    BOOST_TEST(ctl::show_limit_episodes(server) ==
               "limit        workers: for 14m00s now, peak 400 busy, 12 queued, 511 not accepted "
               "yet; once since start, 14m00s\n"
               "limit        slots: last 2023-11-14T22:13:20Z for 5.0s, peak 0 busy, 0 queued, 0 "
               "not accepted yet; 3 times since start, 1m01s\n");
}

BOOST_AUTO_TEST_CASE(a_child_that_leaves_says_how_long_and_for_whom) {  // U-2
    v1::ListChildrenResponse list;
    list.mutable_sample_time()->set_seconds(1000);
    v1::Child* child = list.add_children();
    child->set_retire_reason("reload");
    child->mutable_drain_deadline()->set_seconds(1042);
    child->set_held_by("14m02s 198.51.100.7:51122 GET /big.iso");
    BOOST_TEST(ctl::show_children(list, 0).find(
                   "reload, 42s left, held by 14m02s 198.51.100.7:51122 GET /big.iso") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_child_that_is_silent_may_hang) {
    v1::ListChildrenResponse list;
    v1::Child* child = list.add_children();
    child->set_accepting(true);
    child->set_heartbeat_age_ms(5000);
    BOOST_TEST(ctl::show_children(list, 0).find("hang") == std::string::npos);
    child->set_heartbeat_age_ms(7300);
    BOOST_TEST(ctl::show_children(list, 0).find("may hang: no sign of life for 7.3s") !=
               std::string::npos);
    child->set_retire_reason("quota");
    BOOST_TEST(ctl::show_children(list, 0).find("for 7.3s; quota") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_crash_is_one_line_and_its_stack_on_request) {
    v1::ListCrashesResponse list;
    BOOST_TEST(ctl::show_crashes(list, false, 0).find("EnableExceptionHook") != std::string::npos);
    v1::Crash& crash = *list.add_crashes();
    crash.set_number(3);
    crash.set_pid(4711);
    crash.set_signal("SEGV");
    crash.set_thread("worker 2");
    crash.set_request("GET /x");
    crash.add_stack("mpmd+0x1f3a2");
    const std::string brief = ctl::show_crashes(list, false, 0);
    BOOST_TEST(brief.find("SEGV    worker 2  no    GET /x\n") != std::string::npos, brief);
    BOOST_TEST(brief.find("mpmd+") == std::string::npos);
    BOOST_TEST(ctl::show_crashes(list, true, 0).find("  mpmd+0x1f3a2\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
