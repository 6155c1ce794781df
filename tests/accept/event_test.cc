// The event MPM: who is let in, who makes way, and what never holds a worker (A-10 to,
//

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <ostream>
#include <string>
#include <thread>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/crowd.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

namespace data = boost::unit_test::data;
using std::chrono::milliseconds;
using std::chrono::seconds;

// FX-1. The deadlines are far away unless a row is about them.
const std::string kOneChild =
    "ServerLimit 1\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\n"
    "MaxSpareThreads 4\nKeepAliveTimeout 600\nTimeOut 600\n";
const std::string kNoShedding = "KeepAliveShedAge 0\nHeadShedAge 0\n";
const std::string kWorkerPath = "/mpmd-test/bytes?10";

const std::string kLongSleep = "/mpmd-test/sleep?600";

using Clients = std::deque<HttpClient>;

Json only_child(const Mpmctl& mpmctl) {
    const Json children = mpmctl.children();
    BOOST_REQUIRE(children.size() == 1U);
    return children.at(0);
}

bool kept_alive_are(const Mpmctl& mpmctl, std::size_t count) {
    return becomes_true(
        seconds(1), [&] { return mpmctl.status().at("connections").at("keep_alive") == count; });
}

// Answered, and parked again by a worker that is idle again: while it is not there is room for
// fewer.
void add_kept_alive(Clients& clients, std::size_t count, std::uint16_t port, const Mpmctl& mpmctl) {
    const std::size_t before = mpmctl.status().at("connections").at("keep_alive");
    for (std::size_t i = 1; i <= count; ++i) {
        clients.emplace_back(port);
        BOOST_REQUIRE(clients.back().get(kWorkerPath).status == 200);
        BOOST_REQUIRE(becomes_true(seconds(1), [&] {
            const Json status = mpmctl.status();
            return status.at("connections").at("keep_alive") == before + i &&
                   status.at("workers").at("busy") == 0;
        }));
    }
}

// Requests that hold a worker each and do not end by themselves.
void add_busy(Clients& clients,
              std::size_t count,
              const std::string& path,
              std::uint16_t port,
              const Mpmctl& mpmctl) {
    for (std::size_t i = 1; i <= count; ++i) {
        clients.emplace_back(port);
        clients.back().send(get_request(path));
        BOOST_REQUIRE(becomes_true(seconds(1),
                                   [&] { return mpmctl.status().at("workers").at("busy") == i; }));
    }
}

bool stops_accepting(const Mpmctl& mpmctl) {
    return becomes_true(seconds(1), [&] { return only_child(mpmctl).at("accepting") == false; });
}

BOOST_AUTO_TEST_SUITE(event)

void expect_exactly(std::size_t limit, const std::string& factor) {
    const ServerProcess server(kOneChild + kNoShedding + "AsyncRequestWorkerFactor " + factor +
                               "\n");
    const Mpmctl mpmctl(server.socket());
    Clients clients;
    add_kept_alive(clients, limit, server.port(), mpmctl);
    BOOST_TEST(stops_accepting(mpmctl));
    for (std::size_t i = limit; i < 20; ++i) {
        clients.emplace_back(server.port());
        clients.back().send(get_request(kWorkerPath));
    }
    // Once a second a child looks at its sockets without being asked.
    std::this_thread::sleep_for(milliseconds(1500));
    BOOST_TEST(std::count_if(clients.begin(), clients.end(),
                             [](const HttpClient& client) { return client.quiet(); }) == 20);
    BOOST_TEST(mpmctl.status().at("connections").at("total") == limit);
    clients.pop_front();
    BOOST_TEST(clients.at(limit - 1).receive().status == 200);
    BOOST_TEST(kept_alive_are(mpmctl, limit));
    BOOST_TEST(std::all_of(clients.begin() + static_cast<std::ptrdiff_t>(limit), clients.end(),
                           [](const HttpClient& client) { return client.quiet(); }));
    BOOST_TEST(number(mpmctl.status().at("requests").at("shed_keep_alive")) == 0U);
}

BOOST_AUTO_TEST_CASE(A_10_exactly_twelve_of_twenty_are_let_in) {  // E-10
    expect_exactly(12, "2");
}

BOOST_AUTO_TEST_CASE(A_11_a_factor_of_one_and_a_half_lets_exactly_ten_in) {  // E-10
    expect_exactly(10, "1.5");
}

BOOST_AUTO_TEST_CASE(
    A_12_the_oldest_idle_connection_makes_room_for_the_thirteenth) {  // E-14 d, U-10
    const ServerProcess server(kOneChild + "AsyncRequestWorkerFactor 2\nKeepAliveShedAge 1\n");
    const Mpmctl mpmctl(server.socket());
    Clients idle;
    add_kept_alive(idle, 12, server.port(), mpmctl);
    BOOST_TEST(stops_accepting(mpmctl));
    HttpClient thirteenth(server.port());
    BOOST_TEST(thirteenth.get(kWorkerPath).status == 200);
    BOOST_TEST(idle.front().closed_by_peer());
    idle.pop_front();
    std::this_thread::sleep_for(milliseconds(300));
    BOOST_TEST(std::all_of(idle.begin(), idle.end(),
                           [](const HttpClient& client) { return client.quiet(); }));
    BOOST_TEST(number(mpmctl.status().at("requests").at("shed_keep_alive")) == 1U);
}

BOOST_AUTO_TEST_CASE(A_13_an_idle_worker_is_not_enough_when_connections_are) {  // E-10, E-13
    const ServerProcess server(kOneChild + kNoShedding + "AsyncRequestWorkerFactor 2\n");
    const Mpmctl mpmctl(server.socket());
    Clients clients;
    add_kept_alive(clients, 4, server.port(), mpmctl);
    add_busy(clients, 3, kLongSleep, server.port(), mpmctl);
    BOOST_TEST(stops_accepting(mpmctl));  // i = 1, limit 6, C = 7
    const Json child = only_child(mpmctl);
    BOOST_TEST(child.at("idle") == 1);
    BOOST_TEST(child.at("busy") == 3);
    HttpClient eighth(server.port());
    eighth.send(get_request("/small.txt"));
    std::this_thread::sleep_for(milliseconds(1500));
    BOOST_TEST(eighth.quiet());
    BOOST_TEST(only_child(mpmctl).at("accepting") == false);
}

// E-13: a child at its connection limit has no idle threads for regulation, which forks.
BOOST_AUTO_TEST_CASE(a_child_full_of_idle_connections_gets_a_sibling_that_serves_the_next_client) {
    const ServerProcess server(kOneChild + kNoShedding +
                               "AsyncRequestWorkerFactor 2\nServerLimit 2\nMaxRequestWorkers 8\n");
    const Mpmctl mpmctl(server.socket());
    const auto first = only_child(mpmctl).at("pid").get<pid_t>();
    Clients clients;
    // A look at the moment in which it has no idle worker may bring the sibling a little earlier.
    const auto first_is_full = [&] {
        const Json children = mpmctl.children();
        return std::any_of(children.begin(), children.end(), [&](const Json& child) {
            return child.at("pid") == first && child.at("connections") == 12;
        });
    };
    while (clients.size() < 12 || (clients.size() < 23 && !first_is_full()))
        add_kept_alive(clients, 1, server.port(), mpmctl);
    BOOST_REQUIRE(first_is_full());
    HttpClient thirteenth(server.port());
    BOOST_TEST(thirteenth.get(kWorkerPath).status == 200);
    BOOST_TEST(number(mpmctl.status().at("requests").at("shed_keep_alive")) == 0U);
    const Json found =
        mpmctl.connections("peer = 127.0.0.1:" + std::to_string(thirteenth.local_port()));
    BOOST_REQUIRE(found.size() == 1U);
    BOOST_TEST(found.at(0).at("pid").get<pid_t>() != first);
    const Json decisions = mpmctl.json({"decisions"}).at("decisions");
    const auto fork = std::find_if(decisions.begin(), decisions.end(), [](const Json& decision) {
        return decision.at("branch") == "M-18d";
    });
    BOOST_REQUIRE((fork != decisions.end()));
    BOOST_TEST(fork->at("cause") == "connections", fork->dump());
}

BOOST_AUTO_TEST_CASE(
    A_14_no_idle_connection_is_dropped_while_all_workers_are_busy) {  // E-11, E-14 a
    const Gate gate;
    const ServerProcess server(kOneChild + "AsyncRequestWorkerFactor 10\n" + gate.lines());
    const Mpmctl mpmctl(server.socket());
    Clients idle;
    add_kept_alive(idle, 4, server.port(), mpmctl);
    Clients busy;
    add_busy(busy, 4, Gate::kPath, server.port(), mpmctl);
    HttpClient fresh(server.port());
    fresh.send(get_request("/small.txt"));
    BOOST_TEST(stops_accepting(mpmctl));
    // Also when the child has looked at its sockets without being asked.
    std::this_thread::sleep_for(milliseconds(1500));
    BOOST_TEST(fresh.quiet());
    gate.open();
    BOOST_TEST(fresh.receive().status == 200);  // when a worker is free, not before
    for (HttpClient& client : busy)
        BOOST_TEST(client.receive().status == 200);
    for (HttpClient& client : idle)
        BOOST_TEST(client.get(kWorkerPath).status == 200);
    BOOST_TEST(number(mpmctl.status().at("requests").at("shed_keep_alive")) == 0U);
}

BOOST_AUTO_TEST_CASE(
    A_15_a_request_without_a_worker_is_told_so_and_never_dropped) {  // E-14 b, U-11
    const ServerProcess server(
        kOneChild + "AsyncRequestWorkerFactor 10\nRequestQueueTimeout 60\nFileCacheCheck 600\n");
    const Mpmctl mpmctl(server.socket());
    Clients kept;
    add_kept_alive(kept, 1, server.port(), mpmctl);
    BOOST_REQUIRE(kept.front().get("/small.txt").status == 200);
    Clients busy;
    add_busy(busy, 4, kLongSleep, server.port(), mpmctl);  // no worker becomes free
    // Not before: those four, too, wait for a worker that has yet to wake up. The listener answers
    // from its memory and tells when it has heard of it.
    BOOST_REQUIRE(
        mpmctl.run({"set", "RequestQueueTimeout=1", "KeepAliveTimeout=601"}).exit_status == 0);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const HttpResponse told = kept.front().get("/small.txt", "Connection: keep-alive\r\n");
        return told.header("keep-alive").find("timeout=601") != std::string::npos;
    }));
    const auto asked = std::chrono::steady_clock::now();
    const HttpResponse answer = kept.front().get(kWorkerPath);
    const auto waited = std::chrono::steady_clock::now() - asked;
    BOOST_TEST(answer.whole);
    BOOST_TEST(answer.status == 503);
    BOOST_TEST((waited >= seconds(1)));
    BOOST_TEST(answer.header("retry-after") != "");
    BOOST_TEST(answer.announces_close());
    BOOST_TEST(kept.front().closed_by_peer());
    BOOST_TEST(number(mpmctl.status().at("requests").at("refused_on_keep_alive")) == 1U);
}

BOOST_AUTO_TEST_CASE(
    A_15_a_request_that_a_worker_becomes_free_for_is_answered) {  // E-14 b: within the wait
    const Gate gate;
    const ServerProcess server(kOneChild + "AsyncRequestWorkerFactor 10\nRequestQueueTimeout 60\n" +
                               gate.lines());
    const Mpmctl mpmctl(server.socket());
    Clients kept;
    add_kept_alive(kept, 1, server.port(), mpmctl);
    Clients busy;
    add_busy(busy, 4, Gate::kPath, server.port(), mpmctl);
    kept.front().send(get_request(kWorkerPath));
    BOOST_REQUIRE(kept_alive_are(mpmctl, 0));
    BOOST_TEST(kept.front().quiet());
    gate.open();
    BOOST_TEST(kept.front().receive().status == 200);
    for (HttpClient& client : busy)
        BOOST_TEST(client.receive().status == 200);
}

BOOST_AUTO_TEST_CASE(A_20_fifty_half_request_lines_hold_no_worker) {  // U-12
    const ServerProcess server(kOneChild + "AsyncRequestWorkerFactor 20\n");
    const Mpmctl mpmctl(server.socket());
    Crowd half({server.port(), 50, "GET /small.t", false});
    half.settle(seconds(5));
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&] { return mpmctl.status().at("connections").at("reading") == 50; }));
    BOOST_TEST(fetch(server.port(), kWorkerPath).status == 200);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    // None of the half heads had to go for that.
    BOOST_TEST(mpmctl.status().at("connections").at("reading") == 50);
    BOOST_TEST(becomes_true(seconds(1), [&] { return only_child(mpmctl).at("board") == "____"; }));
}

BOOST_AUTO_TEST_CASE(A_20_fifty_half_request_lines_make_way_where_twelve_may_be_open) {  // E-14 e
    // FX-1 as it stands: factor 2, HeadShedAge 2 s. Who is idle is too young to make way.
    const ServerProcess server(kOneChild + "KeepAliveShedAge 600\n");
    const Mpmctl mpmctl(server.socket());
    HttpClient idle(server.port());
    BOOST_REQUIRE(idle.get(kWorkerPath).status == 200);
    Crowd half({server.port(), 50, "GET /small.t", false});
    half.settle(seconds(5));
    BOOST_REQUIRE(stops_accepting(mpmctl));
    // Behind all of them, and without waiting for HeadShedAge three times over.
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(fetch(server.port(), kWorkerPath).status == 200);
    const auto waited = std::chrono::steady_clock::now() - begin;
    BOOST_TEST_MESSAGE("answered after " << std::chrono::duration_cast<milliseconds>(waited).count()
                                         << " ms");
    BOOST_TEST((waited <= soon(milliseconds(100))));
    const Json requests = mpmctl.status().at("requests");
    BOOST_TEST(number(requests.at("shed_head")) >= 38U);
    BOOST_TEST(number(requests.at("shed_keep_alive")) == 0U);
    BOOST_TEST(idle.get(kWorkerPath).status == 200);
    BOOST_TEST(only_child(mpmctl).at("board").get<std::string>().find('R') == std::string::npos);
}

struct FileSettings {  // what is added to FX-1
    const char* name;
    const char* lines;
};
std::ostream& operator<<(std::ostream& out, const FileSettings& f) {
    return out << f.name;
}
const FileSettings kFileSettings[] = {
    {"from the cache", ""},
    {"every file looked up by a worker", "FileCacheCheck 0\n"},
    {"every request with a worker", "ListenerAnswers Off\n"},
    {"no cache at all", "FileCacheEntries 0\nFileCacheSize 0\n"},
};

BOOST_DATA_TEST_CASE(A_21_a_slow_reader_of_20_mb_holds_no_worker, data::make(kFileSettings), f) {
    const ServerProcess server(kOneChild + f.lines);  // U-13
    const Mpmctl mpmctl(server.socket());
    const std::string large(20'000'000, 'x');
    server.dir().write("site/large.bin", large);
    HttpClient slow(server.port());
    slow.send(get_request("/large.bin"));
    const auto parked = [&] {
        const Json status = mpmctl.status();
        return status.at("connections").at("writing") == 1 &&
               status.at("workers").at("busy") == 0 && status.at("workers").at("idle") == 4;
    };
    auto since = std::chrono::steady_clock::now();
    BOOST_TEST(becomes_true(seconds(1), [&] {  // and stays there
        if (!parked()) since = std::chrono::steady_clock::now();
        return std::chrono::steady_clock::now() - since >= milliseconds(500);
    }));
    const HttpResponse answer = slow.receive();
    BOOST_TEST(answer.whole);
    BOOST_TEST((answer.body == large));
}

// What the client's connection shows of the child that answered it.
pid_t served_by(const Mpmctl& mpmctl, const HttpClient& client) {
    const Json found =
        mpmctl.connections("peer = 127.0.0.1:" + std::to_string(client.local_port()));
    BOOST_REQUIRE(found.size() == 1U);
    return found.at(0).at("pid").get<pid_t>();
}

// With FX-1 as it stands there is no free slot for a successor, only the reserve of those that
// leave.
const FileSettings kBudgets[] = {{"one child", ""},
                                 {"three children", "ServerLimit 3\nMaxRequestWorkers 12\n"}};

BOOST_DATA_TEST_CASE(A_45_a_used_up_child_hands_over_to_a_successor_that_stands_ready,
                     data::make(kBudgets),
                     budget) {  // E-20
    // The grace is long: clients stay where they were answered and can be asked for.
    const ServerProcess server(kOneChild +
                               "AsyncRequestWorkerFactor 10\nMaxConnectionsPerChild 10\n"
                               "DrainKeepAliveGrace 600\n" +
                               budget.lines);
    const Mpmctl mpmctl(server.socket());
    const Json first = only_child(mpmctl);
    const auto first_pid = first.at("pid").get<pid_t>();
    const auto before = number(first.at("accepted"));  // of the start of this test
    BOOST_REQUIRE(before < 5U);
    Clients clients;
    const auto ask = [&] {
        clients.emplace_back(server.port());
        BOOST_REQUIRE(clients.back().get("/small.txt").status == 200);
        return served_by(mpmctl, clients.back());
    };
    for (std::uint64_t i = before; i < 9; ++i)
        BOOST_TEST(ask() == first_pid);
    // Before the tenth the successor is ready, and lets nobody in yet.
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const Json children = mpmctl.children();
        return children.size() == 2U &&
               std::any_of(children.begin(), children.end(),
                           [](const Json& child) { return child.at("state") == "ready"; });
    }));
    BOOST_TEST(ask() == first_pid);
    std::size_t by_second = 0;
    while (clients.size() < 15) {
        const pid_t by = ask();
        BOOST_TEST(by != first_pid);
        ++by_second;
    }
    BOOST_TEST(by_second == 5U + before);
    const Json children = mpmctl.children();
    const auto old = std::find_if(children.begin(), children.end(),
                                  [&](const Json& child) { return child.at("pid") == first_pid; });
    BOOST_REQUIRE((old != children.end()));
    BOOST_TEST(number(old->at("accepted")) == 10U);  // exactly
    BOOST_TEST(old->at("state") == "draining");
    BOOST_TEST(old->at("retire_reason") == "quota");
    BOOST_TEST(old->contains("drain_deadline"));  // E-18: how long it still may
    // Who brings another request is answered, and told to go.
    BOOST_TEST(clients.front().get("/small.txt").announces_close());
}

BOOST_AUTO_TEST_CASE(A_45_the_kept_alive_connections_of_a_used_up_child_are_closed) {
    const ServerProcess server(kOneChild +
                               "AsyncRequestWorkerFactor 10\nMaxConnectionsPerChild 10\n"
                               "DrainKeepAliveGrace 1\nServerLimit 3\nMaxRequestWorkers 12\n");
    const Mpmctl mpmctl(server.socket());
    const auto first = only_child(mpmctl).at("uid");
    HttpClient idle(server.port());
    BOOST_REQUIRE(idle.get("/small.txt").status == 200);
    for (int i = 0; i < 15; ++i)
        BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(idle.closed_by_peer());
    BOOST_TEST(becomes_true(seconds(3), [&] {
        const Json children = mpmctl.children();
        return std::none_of(children.begin(), children.end(),
                            [&](const Json& child) { return child.at("uid") == first; });
    }));
}

BOOST_AUTO_TEST_CASE(A_59_a_worker_parks_a_connection_without_waking_the_listener) {  // E-3
    const ServerProcess server(kOneChild + "MaxKeepAliveRequests 0\nKeepAliveTimeout 5\n");
    const Mpmctl mpmctl(server.socket());
    HttpClient client(server.port());
    for (int i = 0; i < 1000; ++i)
        BOOST_REQUIRE(client.get(kWorkerPath).status == 200);
    BOOST_TEST(becomes_true(
        seconds(1), [&] { return number(only_child(mpmctl).at("requests_on_workers")) >= 1000U; }));
    BOOST_TEST(number(only_child(mpmctl).at("deadline_wakeups")) <= 10U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
