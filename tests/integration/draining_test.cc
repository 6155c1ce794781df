// Children on their way out of a real server: until when they may stay, who changes that, how many
// may be on the way at once, and that they never keep new ones from serving (E-18, U-1, U-2, M-22;
// decisions.md 4 and 7; contract 4).

#include <algorithm>
#include <chrono>
#include <csignal>
#include <list>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

namespace data = boost::unit_test::data;
using scoreboard::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

const std::string kDownload = "/mpmd-test/stream?100000000&rate=1000";
const std::string kOneChild =
    "ServerLimit 4\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 16\nMinSpareThreads 1\n"
    "MaxSpareThreads 8\n";

struct Held {
    explicit Held(const std::string& lines) : server(lines) {}

    // One more download, begun in a child.
    HttpClient& download() {
        const std::size_t before = running_requests(server.pid(), kDownload);
        clients.emplace_back(server.port());
        BOOST_REQUIRE(clients.back().send(get_request(kDownload)));
        BOOST_REQUIRE(becomes_true(
            seconds(2), [&] { return running_requests(server.pid(), kDownload) == before + 1; }));
        return clients.back();
    }
    // The first child, which a download holds, makes room for another.
    pid_t draining() {
        const Json child = ctl.children().at(0);
        download();
        BOOST_REQUIRE_EQUAL(
            ctl.run({"restart", child.at("uid").get<std::string>(), "--wait", "ready"}).exit_status,
            0);
        BOOST_REQUIRE(becomes_true(seconds(1), [&] { return drains() == 1U; }));
        return child.at("pid").get<pid_t>();
    }
    [[nodiscard]] std::size_t drains() const { return snapshot_of(server.pid()).totals.draining; }
    [[nodiscard]] Json child(pid_t pid) const {
        for (const Json& child : ctl.children())
            if (child.at("pid") == pid) return child;
        return {};
    }
    void set(const std::string& change) const {
        BOOST_REQUIRE_EQUAL(ctl.run({"set", change}).exit_status, 0);
    }

    ServerProcess server;
    Mpmctl ctl{server.socket()};
    std::list<HttpClient> clients;
};

std::size_t count_events(const ServerProcess& server, std::string_view kind) {
    const auto events = events_of(server.pid());
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [kind](const scoreboard::EventRow& event) {
            return scoreboard::text(event.kind) == kind;
        }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(a_draining_child)

// E-18, contract 4: ChildDrainTimeout is for living children, too.
BOOST_DATA_TEST_CASE(leaves_when_ChildDrainTimeout_is_lowered,
                     data::make({"MPM event\n", "MPM worker\n"}),
                     model) {
    Held held(model + kOneChild + "ChildDrainTimeout 300\n");
    const pid_t pid = held.draining();
    const std::int64_t before = time_ms(held.child(pid).at("drain_deadline"));
    held.set("ChildDrainTimeout=100");
    BOOST_TEST(before - time_ms(held.child(pid).at("drain_deadline")) >= 199'000);
    BOOST_TEST(!has_gone(pid));

    held.set("ChildDrainTimeout=1");
    BOOST_TEST(!held.clients.front().receive().whole);  // it is cut
    BOOST_TEST(becomes_true(seconds(1), [&] { return has_gone(pid); }));
}

BOOST_AUTO_TEST_CASE(stays_longer_when_ChildDrainTimeout_is_raised) {  // E-18
    Held held(kOneChild + "ChildDrainTimeout 4\n");
    const auto began = Clock::now();
    const pid_t pid = held.draining();
    held.set("ChildDrainTimeout=0");
    BOOST_TEST(!held.child(pid).contains("drain_deadline"));
    // Past the old limit, and what a sick child has beyond it.
    BOOST_REQUIRE(becomes_true(seconds(7), [&] { return Clock::now() - began > seconds(7); }));
    BOOST_TEST(!has_gone(pid));
    BOOST_TEST(held.child(pid).at("state") == "draining");
}

// E-18, U-2: a later order gives no more time than there was.
BOOST_AUTO_TEST_CASE(keeps_its_deadline_through_a_graceful_stop) {
    Held held(kOneChild + "ChildDrainTimeout 3\n");
    const auto began = Clock::now();
    const pid_t pid = held.draining();
    held.server.signal(SIGQUIT);
    BOOST_TEST(becomes_true(seconds(3), [&] { return has_gone(pid); }));
    BOOST_TEST((Clock::now() - began >= seconds(3)));
    BOOST_TEST(held.server.wait(soon(seconds(1))).exit_status == 0);
}

BOOST_AUTO_TEST_CASE(keeps_its_deadline_when_the_supervisor_dies) {  // decisions.md 7
    Held held(kOneChild + "ChildDrainTimeout 2\n");
    const auto began = Clock::now();
    const pid_t pid = held.draining();
    held.server.kill_supervisor();
    // Without its own deadline it would have 30 s.
    const bool gone = becomes_true(seconds(2), [&] { return has_gone(pid); });
    BOOST_TEST(gone);
    BOOST_TEST((Clock::now() - began >= seconds(2)));
}

// U-2: also when nobody told it to leave.
BOOST_AUTO_TEST_CASE(whose_quota_is_used_up_shows_and_keeps_a_deadline) {  // E-18
    Held held(kOneChild + "ChildDrainTimeout 300\nMaxConnectionsPerChild 3\n");
    const auto uid = held.ctl.children().at(0).at("uid");
    for (int i = 0; i < 3; ++i)
        held.download();
    const auto drains = [&] {
        for (const Json& child : held.ctl.children())
            if (child.at("uid") == uid) return child.at("state") == "draining";
        return false;
    };
    BOOST_REQUIRE(becomes_true(seconds(1), drains));
    const Json list = held.ctl.json({"ps"});
    const Json& child = list.at("children").at(0);
    BOOST_TEST(child.at("retire_reason") == "quota");
    const std::int64_t left = time_ms(child.at("drain_deadline")) - time_ms(list.at("sample_time"));
    BOOST_TEST(left > 200'000);
    BOOST_TEST(left <= 300'000);
    held.set("ChildDrainTimeout=1");
    BOOST_TEST(becomes_true(seconds(1), [&] { return has_gone(child.at("pid").get<pid_t>()); }));
}

// Contract 4: the grace of connections that were idle before.
BOOST_AUTO_TEST_CASE(lets_idle_connections_go_when_DrainKeepAliveGrace_is_lowered) {  // E-16
    Held held(kOneChild + "DrainKeepAliveGrace 600\nKeepAliveTimeout 600\n");
    HttpClient idle(held.server.port());
    BOOST_REQUIRE(idle.get("/small.txt").status == 200);
    held.draining();
    BOOST_TEST(idle.quiet());
    held.set("DrainKeepAliveGrace=1");
    BOOST_TEST(idle.closed_by_peer());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_stopped_child)

// Contract 4: StopTimeout also holds for one that was told to stop before.
BOOST_AUTO_TEST_CASE(that_hangs_is_killed_when_StopTimeout_is_lowered) {
    Held held(kOneChild + "StopTimeout 600\n");
    const auto pid = held.ctl.children().at(0).at("pid").get<pid_t>();
    ::kill(pid, SIGSTOP);
    held.server.signal(SIGHUP);
    BOOST_REQUIRE(
        becomes_true(seconds(2), [&] { return held.child(pid).value("state", "") == "stopping"; }));
    held.set("StopTimeout=1");
    BOOST_TEST(becomes_true(seconds(1), [&] { return has_gone(pid); }));
    BOOST_TEST(becomes_true(seconds(1), [&] {  // and the restart is over
        return held.ctl.json({"ops"}).at("operations").at(0).at("state") ==
               "OPERATION_STATE_SUCCEEDED";
    }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(a_graceful_stop)

BOOST_AUTO_TEST_CASE(ends_at_the_GracefulShutdownTimeout_that_was_set) {  // A-30, contract 4
    Held held(kOneChild + "GracefulShutdownTimeout 600\n");
    held.set("GracefulShutdownTimeout=1");
    const HttpClient& client = held.download();
    const auto began = Clock::now();
    held.server.signal(SIGQUIT);
    BOOST_TEST(held.server.wait(soon(seconds(1))).exit_status == 0);
    BOOST_TEST((Clock::now() - began >= seconds(1)));
    BOOST_TEST(!client.quiet());
}

// U-1: here nobody is replaced, so as many may drain as there are.
BOOST_AUTO_TEST_CASE(is_not_hurried_by_RetiringLimit) {
    Held held(
        "ServerLimit 2\nStartServers 2\nThreadsPerChild 2\nMaxRequestWorkers 4\n"
        "MinSpareThreads 1\nMaxSpareThreads 4\nRetiringLimit 1\n");
    std::list<HttpClient> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(held.server.port());
        BOOST_REQUIRE(clients.back().send(get_request("/mpmd-test/sleep?2")));
    }
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&] { return running_requests(held.server.pid(), "/mpmd-test/sleep") == 4U; }));
    held.server.signal(SIGQUIT);
    for (HttpClient& client : clients)
        BOOST_TEST(client.receive().status == 200);
    BOOST_TEST(held.server.wait(soon(seconds(2))).exit_status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(retiring_limit)

// U-1, M-22, decisions.md 4: children whose quota is used up do not take the slots of those that
// serve; the longest drain is ended, and its holder named.
BOOST_AUTO_TEST_CASE(leaves_room_for_children_that_serve) {
    Held held(
        "ServerLimit 2\nStartServers 2\nThreadsPerChild 4\nMaxRequestWorkers 8\n"
        "MinSpareThreads 1\nMaxSpareThreads 8\nRetiringLimit 1\nMaxConnectionsPerChild 4\n"
        "MaintenanceInterval 200ms\n");
    for (int i = 0; i < 15; ++i) {
        held.clients.emplace_back(held.server.port());
        BOOST_REQUIRE(held.clients.back().send(get_request(kDownload)));
    }
    BOOST_REQUIRE(becomes_true(
        seconds(2), [&] { return count_events(held.server, "child.drain_ended") >= 1U; }));
    BOOST_TEST(becomes_true(seconds(1), [&] { return held.drains() <= 1U; }));
    HttpClient fresh(held.server.port(), seconds(10));
    BOOST_TEST(fresh.get("/small.txt").status == 200);
    BOOST_TEST(held.drains() <= 1U);

    const auto events = events_of(held.server.pid());
    const auto ended = std::find_if(events.begin(), events.end(), [](const auto& event) {
        return scoreboard::text(event.kind) == "child.drain_ended";
    });
    BOOST_REQUIRE((ended != events.end()));
    const std::string text(scoreboard::text(ended->text));
    BOOST_TEST(text.find("more than RetiringLimit (1) would drain") != std::string::npos, text);
    BOOST_TEST(text.find("from 127.0.0.1:") != std::string::npos, text);
    BOOST_TEST(text.find("GET /mpmd-test/stream") != std::string::npos, text);
}

// a rollout with its reserve full goes on, and everybody is replaced.
BOOST_AUTO_TEST_CASE(holds_up_no_restart) {
    Held held(
        "ServerLimit 4\nStartServers 4\nThreadsPerChild 2\nMaxRequestWorkers 8\n"
        "MinSpareThreads 1\nMaxSpareThreads 8\nRetiringLimit 2\n");
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&] { return snapshot_of(held.server.pid()).totals.children == 4U; }));
    std::list<HttpClient> sleepers;  // every child has two threads
    for (int i = 0; i < 8; ++i) {
        sleepers.emplace_back(held.server.port());
        BOOST_REQUIRE(sleepers.back().send(get_request("/mpmd-test/sleep?60")));
    }
    BOOST_REQUIRE(becomes_true(
        seconds(2), [&] { return running_requests(held.server.pid(), "/mpmd-test/sleep") == 8U; }));
    const auto before = pids(held.ctl.children());

    BOOST_REQUIRE_EQUAL(held.ctl.run({"graceful", "--wait", "ready"}).exit_status, 0);

    BOOST_TEST(fetch(held.server.port(), "/small.txt").status == 200);
    BOOST_TEST(becomes_true(seconds(1), [&] { return held.drains() == 2U; }));
    BOOST_TEST(becomes_true(
        seconds(1), [&] { return std::count_if(before.begin(), before.end(), has_gone) == 2; }));
    BOOST_TEST(count_events(held.server, "child.drain_ended") == 2U);
    BOOST_TEST(snapshot_of(held.server.pid()).totals.children == 6U);
}

BOOST_AUTO_TEST_CASE(holds_at_once_when_it_is_lowered) {  // contract 4
    Held held(kOneChild + "RetiringLimit 8\n");
    std::vector<pid_t> order;
    for (int i = 0; i < 3; ++i) {
        for (const Json& child : held.ctl.children())
            if (child.at("state") == "running") order.push_back(child.at("pid").get<pid_t>());
        held.download();
        BOOST_REQUIRE_EQUAL(held.ctl.run({"restart", "--all", "--wait", "ready"}).exit_status, 0);
    }
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return held.drains() == 3U; }));
    held.set("RetiringLimit=1");
    BOOST_TEST(becomes_true(seconds(1), [&] { return held.drains() == 1U; }));
    BOOST_REQUIRE_EQUAL(order.size(), 3U);
    BOOST_TEST(becomes_true(seconds(1), [&] { return has_gone(order[0]) && has_gone(order[1]); }));
    BOOST_TEST(!has_gone(order[2]));  // the shortest of them
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
