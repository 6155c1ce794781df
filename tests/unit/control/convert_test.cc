#include "daemon/control/convert.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <google/protobuf/util/json_util.h>

#include "daemon/control/frame.h"

namespace mpmd::control {
namespace {

namespace sb = scoreboard;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kWallUs = 1'772'632'951'000'000;  // 2026-03-04T14:02:31Z

void fill_server(Sample& sample) {
    sb::Header& header = sample.snapshot.header;
    sb::set_text(header.instance, "main");
    sb::set_text(header.instance_id, "00ff");
    sb::set_text(header.version, "0.1.0");
    sb::set_text(header.built, "today");
    header.supervisor_pid = 812;
    header.start_wall_us = kWallUs - 60'000'000;
    header.start_mono_ns = 940 * static_cast<std::uint64_t>(kSecond);
    sb::Global& global = sample.snapshot.global;
    global.epoch = 1;
    global.revision = 41;
    global.generation = 7;
    global.state = sb::ServerState::Running;
    global.shortage = sb::Shortage::Workers;
    sb::set_text(global.shortage_text, "no idle worker for 3 s");
    global.restart_wall_us = header.start_wall_us;
    global.tick_mono_ns = 999 * static_cast<std::uint64_t>(kSecond);
    global.online_cores = 2;
    global.server_limit = 16;
    global.thread_limit = 64;
    global.threads_per_child = 25;
    global.max_request_workers = 400;
    global.start_servers = 3;
    global.min_spare_threads = 75;
    global.max_spare_threads = 250;
    global.async_factor_micro = 2'500'000;
    sb::set_text(global.listen, "127.0.0.1:8080 [::1]:8080");
    // Over, of connections; running, of slots.
    global.episodes[2] = {3, kWallUs - 600'000'000, kWallUs - 590'000'000, 25'000'000, 9, 8, 7, 0};
    global.episodes[4] = {1, kWallUs - 14'000'000, 0, 0, 400, 12, 511, 0};
}

sb::Child running_child() {
    sb::Child running;
    running.slot = 0;
    running.row.uid = 3;
    running.row.pid = 900;
    running.row.generation = 7;
    running.row.revision = 41;
    running.row.threads = 2;
    running.row.connection_rows = 10;
    running.row.state = sb::ChildState::Running;
    running.row.start_wall_us = kWallUs - 30'000'000;
    running.row.rss_bytes = 4'000'000;
    running.row.cpu_permille = 310;
    running.row.open_fds = 37;
    running.letters = "W_";
    running.busy = 1;
    running.idle = 1;
    running.numbers.accepting = true;
    running.numbers.heartbeat_ns = 999'500'000'000;
    running.numbers.listener_busy_permille = 120;
    running.numbers.connections[static_cast<std::size_t>(sb::ConnectionState::Running)] = 1;
    running.numbers.connections[static_cast<std::size_t>(sb::ConnectionState::KeepAlive)] = 1;
    running.numbers.requests_on_listener = 10;
    running.numbers.requests_on_workers = 5;
    running.numbers.accepted = 4;
    running.numbers.bytes_out = 5000;
    return running;
}

sb::Child draining_child() {
    sb::Child draining = running_child();
    draining.slot = 1;
    draining.row.uid = 2;
    draining.row.pid = 899;
    draining.row.state = sb::ChildState::Draining;
    draining.row.reason = sb::RetireReason::Restart;
    draining.numbers.accepting = false;
    return draining;
}

void fill_totals(sb::Totals& totals) {
    totals.connections_by_state = running_child().numbers.connections;
    totals.busy = 2;
    totals.idle = 1;
    totals.children = 2;
    totals.active = 1;
    totals.draining = 1;
    totals.connections = 4;
    totals.connections_by_state[static_cast<std::size_t>(sb::ConnectionState::Running)] = 2;
    totals.connections_by_state[static_cast<std::size_t>(sb::ConnectionState::KeepAlive)] = 2;
    totals.requests_on_listener = 20;
    totals.requests_on_workers = 10;
    totals.status[2] = 29;
    totals.status[4] = 1;
    totals.latency[20] = 10;
}

// Two children of two threads: one running with a GET and a parked connection, one draining.
Sample sample() {
    Sample sample;
    sample.number = 7;
    sample.mono = from_ns(1000 * kSecond);
    sample.wall = WallTime(std::chrono::microseconds(kWallUs));
    sample.load_1 = 0.5;
    fill_server(sample);
    sample.snapshot.children = {running_child(), draining_child()};
    fill_totals(sample.snapshot.totals);
    sample.rates.requests = 12.5;
    sample.rates.children[3] = 6.25;
    return sample;
}

ConnectionFacts connection() {
    ConnectionFacts facts;
    facts.epoch = 1;
    facts.child_uid = 3;
    facts.pid = 900;
    facts.now_ns = 1000 * kSecond;
    facts.row.state = sb::ConnectionState::Running;
    facts.row.family = 4;
    facts.row.thread = 0;
    facts.row.number = 17;
    facts.row.peer_address = {198, 51, 100, 7};
    facts.row.peer_port = 51122;
    facts.row.local_address = {127, 0, 0, 1};
    facts.row.local_port = 8080;
    facts.row.accepted_ns = 990 * static_cast<std::uint64_t>(kSecond);
    facts.row.since_ns = 998 * static_cast<std::uint64_t>(kSecond);
    facts.row.requests = 2;
    facts.row.status = 200;
    facts.row.bytes_in = 300;
    facts.row.bytes_out = 4000;
    facts.row.script_pid = 4712;
    facts.row.script_ns = 998'500'000'000;
    sb::set_text(facts.row.method, "GET");
    sb::set_text(facts.row.vhost, "www.example.org");
    sb::set_text(facts.row.target, "/\x1b]0;evil\x07");
    return facts;
}

v1::Operation operation() {
    sb::OperationHead head{};
    head.number = 17;
    head.update = 5;
    head.kind = sb::OperationKind::Restart;
    head.state = sb::OperationState::Running;
    head.total = 2;
    head.done = 1;
    head.draining = 1;
    head.create_wall_us = kWallUs - 1'000'000;
    head.revision = 41;
    head.generation = 7;
    sb::set_text(head.reason, "launch \"day\"");
    sb::OperationStep draining{};
    draining.old_uid = 2;
    draining.old_pid = 899;
    draining.new_uid = 3;
    draining.new_pid = 900;
    draining.slot = 0;
    draining.state = static_cast<std::uint8_t>(sb::StepState::Draining);
    draining.start_wall_us = kWallUs - 900'000;
    const sb::OperationStep waiting{};
    const sb::OperationStep steps[] = {draining, waiting};
    const Sample at = sample();
    return operation_of(head, steps, "alice", &at);
}

v1::Event event() {
    sb::EventRow row{};
    row.number = 9;
    row.wall_us = kWallUs;
    row.child_uid = 3;
    row.severity = 2;
    sb::set_text(row.kind, "limit.reached");
    sb::set_text(row.text, "MaxRequestWorkers 400 reached");
    return event_of(row);
}

v1::Decision decision() {
    sb::DecisionRow row{};
    row.number = 12;
    row.wall_us = kWallUs - 9'000'000;
    row.last_wall_us = kWallUs;
    row.ticks = 10;
    row.recalled = 1;
    row.idle = 3;
    row.present = 100;
    row.active = 4;
    row.total = 5;
    row.free_slots = 2;
    row.rate = 2;
    row.hold = 1;
    row.spawned = 2;
    row.retired_uid = 6;
    sb::set_text(row.branch, "M-18d");
    sb::set_text(row.cause, "workers");
    sb::set_text(row.text, "short of workers: 3 idle of 75 wanted; 2 started, rate 2");
    return decision_of(row);
}

v1::Worker worker() {
    sb::WorkerRow row{};
    row.state = sb::WorkerState::Writing;
    row.tid = 901;
    row.since_ns = 995 * static_cast<std::uint64_t>(kSecond);
    row.requests = 3;
    row.connection = 17;
    sb::set_text(row.peer, "198.51.100.7:51122");
    sb::set_text(row.method, "GET");
    sb::set_text(row.target, "/export/big.csv");
    sb::set_text(row.vhost, "www.example.org");
    const Sample at = sample();
    return worker_of(at.snapshot.children[0], 0, row, at);
}

std::string json(const google::protobuf::Message& message) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.add_whitespace = true;
    std::string out;
    BOOST_REQUIRE(google::protobuf::util::MessageToJsonString(message, &out, options).ok());
    return out;
}

// MPMD_UPDATE_GOLDEN=1 writes the file instead.
void check_golden(const std::string& name, const google::protobuf::Message& message) {
    const char* folder = std::getenv("MPMD_GOLDEN");
    BOOST_REQUIRE(folder != nullptr);
    const std::string path = std::string(folder) + "/" + name + ".json";
    if (std::getenv("MPMD_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path) << json(message);
        return;
    }
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    BOOST_TEST(json(message) == text.str());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(convert)

// ctl's and every script's JSON is this, field by field (contract section 2).
BOOST_AUTO_TEST_CASE(each_message_reads_as_it_always_did) {
    const Sample at = sample();
    check_golden("server", server_of(at));
    check_golden("child", child_of(at.snapshot.children[0], at));
    check_golden("connection", connection_of(connection()));
    check_golden("operation", operation());
    check_golden("event", event());
    check_golden("decision", decision());
    check_golden("worker", worker());
}

BOOST_AUTO_TEST_CASE(a_parked_connection_has_no_thread) {
    ConnectionFacts parked = connection();
    BOOST_TEST(connection_of(parked).has_thread());
    parked.row.thread = -1;
    BOOST_TEST(!connection_of(parked).has_thread());
}

BOOST_AUTO_TEST_CASE(what_a_client_sent_cannot_reach_the_terminal) {
    BOOST_TEST(connection_of(connection()).target() == "/\\x1b]0;evil\\x07");
}

BOOST_AUTO_TEST_CASE(times_that_a_broken_child_wrote_are_no_ages) {
    ConnectionFacts facts = connection();
    facts.row.accepted_ns = 0xffff'ffff'ffff'ffffU;
    facts.row.since_ns = 2000 * static_cast<std::uint64_t>(kSecond);
    BOOST_TEST(connection_of(facts).age_ms() == 0U);
    BOOST_TEST(connection_of(facts).state_age_ms() == 0U);
    Sample at = sample();
    at.snapshot.children[0].numbers.heartbeat_ns = 0xffff'ffff'ffff'ffffU;
    BOOST_TEST(child_of(at.snapshot.children[0], at).heartbeat_age_ms() == 0U);
    BOOST_TEST(notices_of(at).empty());
}

BOOST_AUTO_TEST_CASE(percentiles_come_from_the_buckets) {
    std::array<std::uint64_t, sb::kHistogramBuckets> buckets{};
    BOOST_TEST(latency_of(buckets).count() == 0U);
    BOOST_TEST(latency_of(buckets).p99_us() == 0.0);
    buckets[sb::latency_bucket(100)] = 98;
    buckets[sb::latency_bucket(50'000)] = 2;
    const v1::Latency latency = latency_of(buckets);
    BOOST_TEST(latency.count() == 100U);
    BOOST_TEST(latency.p50_us() >= 64.0);
    BOOST_TEST(latency.p50_us() <= 128.0);
    BOOST_TEST(latency.p99_us() >= 49'152.0);
    BOOST_TEST(latency.p99_us() <= 65'536.0);
    buckets = {};
    buckets[sb::kHistogramBuckets - 1] = 1;
    BOOST_TEST(latency_of(buckets).p50_us() > 0.0);
}

BOOST_AUTO_TEST_CASE(notices_say_what_needs_a_person) {
    Sample at = sample();
    BOOST_TEST(notices_of(at).empty());
    at.snapshot.global.tick_mono_ns = 980 * static_cast<std::uint64_t>(kSecond);
    at.snapshot.children[1].numbers.heartbeat_ns = 990 * static_cast<std::uint64_t>(kSecond);
    at.snapshot.global.reload_wall_us = kWallUs;
    sb::set_text(at.snapshot.global.reload_error, "mpmd.conf:3: nonsense");
    at.snapshot.global.max_request_workers = 3;
    const auto notices = notices_of(at);
    BOOST_REQUIRE(notices.size() == 4U);
    BOOST_TEST(notices[0].find("20 s") != std::string::npos);
    BOOST_TEST(notices[1].find("mpmd.conf:3") != std::string::npos);
    BOOST_TEST(notices[2].find("child 2 (pid 899)") != std::string::npos);
    BOOST_TEST(notices[3].find("4 threads") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_operation_that_ended_counts_only_who_still_drains) {
    scoreboard::OperationHead head{};
    head.number = 17;
    head.state = scoreboard::OperationState::Succeeded;
    head.total = head.done = 1;
    head.draining = 1;  // when it ended
    Sample at = sample();
    at.snapshot.children.resize(2);
    at.snapshot.children[0].row.operation = 17;  // its successor, which serves
    at.snapshot.children[1].row.operation = 17;
    at.snapshot.children[1].row.reason = scoreboard::RetireReason::Restart;
    BOOST_TEST(operation_of(head, {}, "alice", &at).progress() == "1/1 replaced, 1 draining");
    at.snapshot.children.pop_back();
    const v1::Operation later = operation_of(head, {}, "alice", &at);
    BOOST_TEST(later.progress() == "1/1 replaced");
    BOOST_TEST(later.draining() == 0U);
}

BOOST_AUTO_TEST_CASE(operations_are_named_and_names_are_read_back) {
    BOOST_TEST(operation_name(17) == "op-17");
    BOOST_TEST(operation_number("op-17").value() == 17U);
    for (const char* wrong : {"", "op-", "op-0", "17", "op-1x", "op--1"})
        BOOST_TEST(!operation_number(wrong), wrong);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::control
