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
#include "tests/support/gate.h"
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
        begin_drain(child);
        return child.at("pid").get<pid_t>();
    }
    void begin_drain(const Json& child) {
        const std::size_t before = drains();
        BOOST_REQUIRE_EQUAL(
            ctl.run({"restart", child.at("uid").get<std::string>(), "--wait", "ready"}).exit_status,
            0);
        // Its door is shut: the next connection is another child's.
        BOOST_REQUIRE(becomes_true(seconds(1), [&] {
            const Snapshot seen = snapshot_of(server.pid());
            const auto shut = std::count_if(seen.children.begin(), seen.children.end(),
                                            [](const scoreboard::Child& one) {
                                                return one.leaving() && !one.numbers.accepting;
                                            });
            return seen.totals.draining == before + 1 &&
                   static_cast<std::size_t>(shut) == before + 1;
        }));
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

// False: the machine was so slow that the old limit was over before it was raised.
bool stays_longer_than(seconds limit) {
    Held held(kOneChild + "ChildDrainTimeout " + std::to_string(limit.count()) + "\n");
    const auto began = Clock::now();
    const pid_t pid = held.draining();
    held.set("ChildDrainTimeout=0");
    if (Clock::now() - began >= limit) return false;
    BOOST_TEST(!held.child(pid).contains("drain_deadline"));
    // Past the old limit, and what a sick child has beyond it.
    const seconds past = limit + seconds(3);
    BOOST_REQUIRE(becomes_true(past, [&] { return Clock::now() - began > past; }));
    BOOST_TEST(!has_gone(pid));
    BOOST_TEST(held.child(pid).at("state") == "draining");
    return true;
}

BOOST_AUTO_TEST_CASE(stays_longer_when_ChildDrainTimeout_is_raised) {  // E-18
    BOOST_TEST((stays_longer_than(seconds(4)) || stays_longer_than(seconds(40))));
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
    const auto pid = held.ctl.children().at(0).at("pid").get<pid_t>();
    for (int i = 0; i < 3; ++i)
        held.download();
    Json list;
    Json child;
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        list = held.ctl.json({"ps"});
        for (const Json& one : list.at("children"))
            if (one.at("pid") == pid) child = one;
        return child.at("state") == "draining" && child.contains("drain_deadline");
    }));
    BOOST_TEST(child.at("retire_reason") == "quota");
    const std::int64_t left = time_ms(child.at("drain_deadline")) - time_ms(list.at("sample_time"));
    BOOST_TEST(left > 200'000);
    BOOST_TEST(left <= 300'000);
    held.set("ChildDrainTimeout=1");
    BOOST_TEST(becomes_true(seconds(1), [&] { return has_gone(pid); }));
}

// Contract 4: the grace of connections that were idle before.
BOOST_AUTO_TEST_CASE(lets_idle_connections_go_when_DrainKeepAliveGrace_is_lowered) {  // E-16
    Held held(kOneChild + "DrainKeepAliveGrace 600\nKeepAliveTimeout 600\n");
    HttpClient idle(held.server.port());
    BOOST_REQUIRE(idle.get("/small.txt").status == 200);
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&] { return held.ctl.connections("state = keep_alive").size() == 1; }));
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
    const Gate gate;
    Held held(gate.lines() +
              "ServerLimit 2\nStartServers 2\nThreadsPerChild 2\nMaxRequestWorkers 4\n"
              "MinSpareThreads 1\nMaxSpareThreads 4\nRetiringLimit 1\nMaintenanceInterval 100ms\n");
    auto clients = hold_workers(held.server, 4);  // all of both children
    const auto heartbeat = [&] { return snapshot_of(held.server.pid()).global.tick_mono_ns; };
    held.server.signal(SIGQUIT);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return held.drains() == 2U; }));
    for (int ticks = 0; ticks < 5; ++ticks)
        BOOST_REQUIRE(
            becomes_true(seconds(1), [&, last = heartbeat()] { return heartbeat() != last; }));
    BOOST_TEST(held.drains() == 2U);
    gate.open();
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
        // With the first look of ours these use up no more than one quota: nobody is ended yet.
        if (i < 6) BOOST_REQUIRE(held.clients.back().receive(true).status == 200);
    }
    BOOST_REQUIRE(becomes_true(
        seconds(2), [&] { return count_events(held.server, "child.drain_ended") >= 1U; }));
    BOOST_TEST(becomes_true(seconds(1), [&] { return held.drains() <= 1U; }));
    BOOST_TEST(fetch(held.server.port(), "/small.txt").status == 200);
    BOOST_TEST(becomes_true(seconds(1), [&] { return held.drains() <= 1U; }));

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
    const auto sleepers = hold_workers(held.server, 8, "/mpmd-test/sleep?3600");  // all threads
    const auto before = pids(held.ctl.children());

    BOOST_REQUIRE_EQUAL(held.ctl.run({"graceful", "--wait", "ready"}).exit_status, 0);

    BOOST_TEST(fetch(held.server.port(), "/small.txt").status == 200);
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return held.drains() == 2U && snapshot_of(held.server.pid()).totals.children == 6U &&
               std::count_if(before.begin(), before.end(), has_gone) == 2;
    }));
    BOOST_TEST(count_events(held.server, "child.drain_ended") == 2U);
}

BOOST_AUTO_TEST_CASE(holds_at_once_when_it_is_lowered) {  // contract 4
    Held held(kOneChild + "RetiringLimit 8\n");
    std::vector<pid_t> order;
    for (int i = 0; i < 3; ++i) {
        Json running;
        for (const Json& child : held.ctl.children())
            if (child.at("state") == "running") running = child;
        order.push_back(running.at("pid").get<pid_t>());
        held.download();
        held.begin_drain(running);
    }
    held.set("RetiringLimit=1");
    BOOST_TEST(becomes_true(seconds(1), [&] { return held.drains() == 1U; }));
    BOOST_TEST(becomes_true(seconds(1), [&] { return has_gone(order[0]) && has_gone(order[1]); }));
    BOOST_TEST(!has_gone(order[2]));  // the shortest of them
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
