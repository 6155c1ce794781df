// Rows about regulation, replacement and what an operator sees of it at a limit,
// Class C timings are exact in tests/scenario; here the
// decision log of the real server is the evidence: counts and order, and lower bounds of time.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <list>
#include <numeric>
#include <set>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/crowd.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using scoreboard::DecisionRow;
using scoreboard::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kFxA =
    "ServerLimit 6\nThreadLimit 8\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 2\n"
    "MinSpareThreads 2\nMaxSpareThreads 12\nKeepAliveTimeout 5\n";
const std::string kFxF =
    "ServerLimit 2\nThreadLimit 4\nThreadsPerChild 2\nMaxRequestWorkers 4\nStartServers 2\n"
    "MinSpareThreads 2\nMaxSpareThreads 4\n";
const std::string kFxS =
    "ServerLimit 48\nThreadsPerChild 1\nMaxRequestWorkers 48\nStartServers 1\nMinSpareThreads 40\n"
    "MaxSpareThreads 48\n";

Snapshot board(const ServerProcess& server) {
    return snapshot_of(server.pid());
}

bool settled(const ServerProcess& server, std::uint32_t children) {
    const Snapshot seen = board(server);
    return seen.totals.children == children && seen.totals.children_starting == 0 &&
           seen.totals.draining == 0 && seen.totals.not_accepting == 0;
}

// Requests that each hold a worker.
class Holders {
public:
    explicit Holders(const ServerProcess& server) : server_(server) {}
    void add(std::size_t count, const std::string& target) {
        const std::size_t before = running_requests(server_.pid(), target);
        for (std::size_t i = 0; i < count; ++i) {
            clients_.emplace_back(server_.port());
            BOOST_REQUIRE(clients_.back().send(get_request(target)));
        }
        BOOST_REQUIRE(becomes_true(
            seconds(2), [&] { return running_requests(server_.pid(), target) == before + count; }));
    }
    [[nodiscard]] bool none_answered() const {
        return std::all_of(clients_.begin(), clients_.end(),
                           [](const HttpClient& client) { return client.quiet(); });
    }
    void expect_all_answered() {
        for (HttpClient& client : clients_)
            BOOST_TEST(client.receive().status == 200);
    }

private:
    const ServerProcess& server_;
    std::list<HttpClient> clients_;
};

std::size_t count_events(const ServerProcess& server, std::string_view kind) {
    const auto events = events_of(server.pid());
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [kind](const scoreboard::EventRow& event) {
            return scoreboard::text(event.kind) == kind;
        }));
}

std::size_t count_in(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

// A tick is a second. However late one is, the next but one comes more than a second after it: the
// kernel's timer is periodic, and what was missed is one tick.
constexpr std::uint64_t kTickUs = 950'000;  // and the wall clock may be corrected

void expect_a_tick_apart(const std::vector<DecisionRow>& rows) {
    for (std::size_t i = 2; i < rows.size(); ++i)
        BOOST_TEST(rows[i].wall_us - rows[i - 2].wall_us >= kTickUs);
}

const Json& child_of(const Json& children, std::uint64_t uid) {
    for (const Json& child : children)
        if (number(child.at("uid")) == uid) return child;
    throw std::runtime_error("no child " + std::to_string(uid) + " in " + children.dump());
}

std::vector<std::uint64_t> uids_of(const Json& children) {
    std::vector<std::uint64_t> uids;
    for (const Json& child : children)
        uids.push_back(number(child.at("uid")));
    return uids;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regulation)

BOOST_AUTO_TEST_CASE(A_03_children_double_each_tick) {  // M-18d
    const ServerProcess server(ServerOptions{kFxS, false});
    BOOST_REQUIRE(becomes_true(seconds(7), [&] { return settled(server, 48); }));

    std::vector<DecisionRow> forks;
    for (const DecisionRow& row : decisions_of(server.pid()))
        if (row.spawned > 0) forks.push_back(row);

    const std::vector<std::uint32_t> living{1, 2, 4, 8, 16, 32};  // before each tick; then 48
    BOOST_REQUIRE_EQUAL(forks.size(), living.size());
    for (std::size_t i = 0; i < forks.size(); ++i) {
        BOOST_TEST(forks[i].active == living[i]);
        BOOST_TEST(forks[i].spawned == std::min(living[i], 48 - living[i]));
        BOOST_TEST(forks[i].rate == living[i]);
    }
    expect_a_tick_apart(forks);
    // Told from a rate of 8 on.
    const std::string log = server.error_log();
    BOOST_TEST(count_in(log, "server seems busy: spawning ") == 3U);
    BOOST_TEST(count_in(log, "server seems busy: spawning 8 children") == 1U);
    BOOST_TEST(count_in(log, "server seems busy: spawning 16 children") == 2U);
}

BOOST_AUTO_TEST_CASE(A_04_idle_children_leave_one_a_tick) {  // M-18a
    const ServerProcess server(ServerOptions{
        "ServerLimit 10\nThreadLimit 8\nThreadsPerChild 4\nMaxRequestWorkers 40\nStartServers 6\n"
        "MinSpareThreads 2\nMaxSpareThreads 1\n",
        false});
    BOOST_TEST(board(server).global.max_spare_threads == 7U);
    BOOST_REQUIRE(becomes_true(seconds(8), [&] { return settled(server, 1); }));
    BOOST_TEST(board(server).totals.idle <= 7U);

    std::vector<DecisionRow> retirements;
    for (const DecisionRow& row : decisions_of(server.pid())) {
        BOOST_TEST(row.spawned == 0U);
        if (row.retired_uid != 0) retirements.push_back(row);  // a row has room for one only
    }
    BOOST_REQUIRE_EQUAL(retirements.size(), 5U);
    expect_a_tick_apart(retirements);
    std::set<std::uint64_t> victims;
    for (const DecisionRow& row : retirements) {
        victims.insert(row.retired_uid);
        BOOST_TEST(std::string(scoreboard::text(row.text)).find("too many idle threads") == 0U);
    }
    BOOST_TEST(victims.size() == 5U);
}

BOOST_AUTO_TEST_CASE(A_55_no_more_children_start_than_may_be_active) {  // N16
    const ServerProcess server(
        ServerOptions{"ServerLimit 6\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 5\n"
                      "MinSpareThreads 2\nMaxSpareThreads 20\n",
                      false});
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 4); }));
    BOOST_TEST(board(server).global.spawned == 4U);  // nor was a fifth there for a moment
}

// How long each of `count` requests waited until a thread ran it, sent one after the other.
std::vector<milliseconds> queue_waits(const ServerProcess& server,
                                      std::list<HttpClient>& clients,
                                      std::size_t count,
                                      const std::string& target) {
    std::vector<milliseconds> waits;
    const std::uint32_t before = board(server).totals.busy;  // threads
    for (std::size_t i = 1; i <= count; ++i) {
        clients.emplace_back(server.port());
        const auto sent = std::chrono::steady_clock::now();
        BOOST_REQUIRE(clients.back().send(get_request(target)));
        BOOST_REQUIRE(becomes_true(seconds(2), [&] {
            return board(server).totals.busy == before + static_cast<std::uint32_t>(i);
        }));
        waits.push_back(
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - sent));
    }
    return waits;
}

// The row as we read it: threads for the step wait (StartServers), and MinSpareThreads, half of it,
// is what regulation has ready again for the next one. The first 40 of MaxRequestWorkers 80 take
// every thread there is; only children forked since can run the 20 that follow.
BOOST_AUTO_TEST_CASE(A_66_a_load_step_finds_waiting_threads) {
    const ServerProcess server(
        ServerOptions{"ServerLimit 8\nThreadsPerChild 10\nMaxRequestWorkers 80\nStartServers 4\n"
                      "MinSpareThreads 20\nMaxSpareThreads 70\n",
                      false});
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&] { return settled(server, 4) && board(server).totals.idle == 40; }));
    std::set<std::uint64_t> born_before;
    for (const scoreboard::Child& child : board(server).children)
        born_before.insert(child.row.uid);

    std::list<HttpClient> clients;
    const std::string target = "/mpmd-test/sleep?600";
    // No tick in the midst of the first step: children serve without their supervisor.
    server.signal(SIGSTOP);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return state_of(server.pid()) == 'T'; }));
    std::vector<milliseconds> waits = queue_waits(server, clients, 40, target);
    const auto busy_of = [&](bool old) {
        std::int64_t busy = 0;
        for (const scoreboard::Child& child : board(server).children)
            if ((born_before.count(child.row.uid) == 1) == old) busy += child.busy;
        return busy;
    };
    BOOST_TEST(busy_of(true) == 40);
    BOOST_TEST(busy_of(false) == 0);
    server.signal(SIGCONT);

    BOOST_REQUIRE(becomes_true(seconds(2), [&] { return board(server).totals.idle >= 20; }));
    for (const milliseconds wait : queue_waits(server, clients, 20, target))
        waits.push_back(wait);
    BOOST_TEST(busy_of(false) == 20);
    BOOST_TEST(std::all_of(clients.begin(), clients.end(),
                           [](const HttpClient& client) { return client.quiet(); }));

    std::sort(waits.begin(), waits.end());
    const milliseconds p99 = waits[waits.size() * 99 / 100];
    BOOST_TEST_MESSAGE("queue wait p99 " << p99.count() << " ms");
    BOOST_TEST((p99 <= soon(milliseconds(50))));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(A_37_a_limit_is_an_event_with_a_beginning_and_an_end) {  // M-18b, U-4
    const Gate gate;
    const ServerProcess server(kFxF + gate.lines());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    const Mpmctl mpmctl(server.socket());
    Holders load(server);
    load.add(4, Gate::kPath);
    HttpClient fifth(server.port());  // waits in the kernel: no worker is idle
    BOOST_REQUIRE(fifth.send(get_request("/")));

    BOOST_REQUIRE(becomes_true(seconds(3), [&] {
        const Json status = mpmctl.status();
        return !status.at("limit_episodes").empty() &&
               status.at("limit_episodes").at(0).at("peak_backlog") >= 1;
    }));
    const Json running = mpmctl.status().at("limit_episodes").at(0);
    BOOST_TEST(running.at("cause") == "workers");
    BOOST_TEST(running.at("running") == true);
    BOOST_TEST(!running.contains("end_time"));
    BOOST_TEST(number(running.at("count")) == 1U);
    BOOST_TEST(running.at("peak_busy") == 4);
    BOOST_TEST(mpmctl.run({"status"}).out.find("limit        workers: for ") != std::string::npos);
    BOOST_TEST(load.none_answered());  // all that was while it lasted

    BOOST_REQUIRE(becomes_true(seconds(5), [&] {  // the last tick that sees it is a second back
        return mpmctl.status().at("limit_episodes").at(0).at("duration_seconds") >= 4;
    }));
    gate.open();
    load.expect_all_answered();
    BOOST_TEST(fifth.receive().status == 200);
    BOOST_REQUIRE(
        becomes_true(seconds(3), [&] { return count_events(server, "limit.end") == 1U; }));
    Json over;
    BOOST_REQUIRE(becomes_true(seconds(3), [&] {
        over = mpmctl.status().at("limit_episodes").at(0);
        return over.at("running") == false;
    }));
    BOOST_TEST(time_ms(over.at("end_time")) >= time_ms(over.at("start_time")) + 2000);
    BOOST_TEST(number(over.at("count")) == 1U);
    BOOST_TEST(over.at("total_seconds") >= 2);

    BOOST_TEST(count_events(server, "limit.begin") == 1U);
    BOOST_TEST(count_events(server, "slots.begin") == 0U);
    BOOST_TEST(becomes_true(
        seconds(1), [&] { return count_in(server.error_log(), "enough again after") == 1U; }));
    const std::string log = server.error_log();
    BOOST_TEST(count_in(log, "server reached MaxRequestWorkers setting (4)") == 1U);
    BOOST_TEST(count_in(log, "no free process slot") == 0U);
}

BOOST_AUTO_TEST_CASE(A_37_close_to_the_limit_is_told_once) {  // M-18b
    const ServerProcess server(
        ServerOptions{"ServerLimit 2\nThreadsPerChild 4\nMaxRequestWorkers 8\nStartServers 2\n"
                      "MinSpareThreads 3\nMaxSpareThreads 8\nMaintenanceInterval 200ms\n",
                      false});
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    Holders load(server);
    load.add(6, "/mpmd-test/sleep?600");
    const auto told = [&] {
        return count_in(server.error_log(),
                        "server is within MinSpareThreads of MaxRequestWorkers (8)");
    };
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return told() == 1U; }));
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const auto decisions = decisions_of(server.pid());
        return !decisions.empty() && decisions.back().ticks >= 3;
    }));
    BOOST_TEST(told() == 1U);
    BOOST_TEST(count_in(server.error_log(), "server reached MaxRequestWorkers") == 0U);
}

BOOST_AUTO_TEST_CASE(A_52_status_answers_when_nothing_else_does) {
    const Gate gate;
    const ServerProcess server(
        "ServerLimit 1\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\n"
        "MaxSpareThreads 4\nListenBacklog 16\n" +
        gate.lines());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 1); }));
    const Mpmctl mpmctl(server.socket());
    Holders load(server);
    load.add(4, Gate::kPath);
    CrowdPlan plan;
    plan.port = server.port();
    plan.clients = 40;  // more than the queue holds
    plan.bytes = get_request("/");
    plan.reads_response = true;
    Crowd crowd(plan);
    crowd.pump(milliseconds(300));

    const Json status = mpmctl.status();
    BOOST_TEST(status.at("workers").at("busy") == 4);
    BOOST_TEST(status.at("workers").at("idle") == 0);
    BOOST_TEST(status.at("connections").at("total") == 4);  // nobody else was accepted
    BOOST_TEST(mpmctl.run({"status"}).exit_status == 0);
    BOOST_TEST(mpmctl.children().size() == 1U);
    // All that came back while every worker was still busy and the whole queue waited.
    crowd.pump(milliseconds(1));
    BOOST_TEST(crowd.answered() == 0U);
    BOOST_TEST(load.none_answered());

    BOOST_TEST(becomes_true(seconds(3), [&] {
        const Json episodes = mpmctl.status().at("limit_episodes");
        return !episodes.empty() && episodes.at(0).at("peak_backlog") >= 16;
    }));
    gate.open();
    load.expect_all_answered();
    crowd.settle(seconds(5));
    BOOST_TEST(crowd.answered() >= 16U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(replacing)

BOOST_AUTO_TEST_CASE(A_36_old_children_at_work_do_not_hold_up_the_new_ones) {  // M-22, U-1
    const Gate gate;
    const ServerProcess server(ServerOptions{kFxF + gate.lines(), false});
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    Holders load(server);
    load.add(4, Gate::kPath);

    server.signal(SIGUSR1);
    const HttpResponse answer = fetch(server.port(), "/");

    BOOST_TEST(answer.status == 200);
    BOOST_TEST(load.none_answered());  // it did not wait for any of them
    BOOST_TEST(count_events(server, "slots.begin") == 0U);
    gate.open();
    load.expect_all_answered();
    BOOST_TEST(count_in(server.error_log(), "no free process slot") == 0U);
}

BOOST_AUTO_TEST_CASE(A_53_a_reload_returns_when_the_new_generation_serves) {  // U-7
    const Gate gate;
    ServerProcess server(kFxA + gate.lines());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    const Mpmctl mpmctl(server.socket());
    const auto generation = mpmctl.status().at("generation").get<std::uint32_t>();
    Holders load(server);
    load.add(1, Gate::kPath);

    server.write_config(kFxA + "DirectoryIndex small.txt\n");
    const Json ready = mpmctl.json({"graceful", "--wait", "ready"});

    BOOST_TEST(ready.at("state") == "OPERATION_STATE_RUNNING");
    BOOST_TEST(ready.at("done") == ready.at("total"));
    BOOST_TEST(load.none_answered());
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
    BOOST_TEST(mpmctl.status().at("generation") == generation + 1);
    // The operation tells of the child that still finishes.
    const auto waits = [](const Json& step) {
        return step.at("state") == "draining" && step.at("connections_left") == 1;
    };
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const Json shown = mpmctl.json({"ops", "show", ready.at("name").get<std::string>()});
        const Json& steps = shown.at("steps");
        return shown.at("draining") == 1 && std::count_if(steps.begin(), steps.end(), waits) == 1;
    }));
    gate.open();
    load.expect_all_answered();
    const Json done = mpmctl.json({"ops", "wait", ready.at("name").get<std::string>()});
    BOOST_TEST(done.at("state") == "OPERATION_STATE_SUCCEEDED");

    const auto before = pids(mpmctl.children());
    server.write_broken_config("KeepAliveTimeout soon");
    const Json refusal = mpmctl.json({"graceful", "--wait", "ready"}, 6);
    BOOST_TEST(refusal.dump().find("KeepAliveTimeout") != std::string::npos, refusal.dump());
    BOOST_TEST((pids(mpmctl.children()) == before));
    BOOST_TEST(mpmctl.status().at("generation") == generation + 1);
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
}

BOOST_AUTO_TEST_CASE(A_56_a_child_is_retired_when_its_successor_is_ready) {  // E-15, E-16
    const Gate gate;
    const ServerProcess server(
        "ServerLimit 6\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 1\n"
        "MinSpareThreads 1\nMaxSpareThreads 12\n" +
        gate.lines());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 1); }));
    const Mpmctl mpmctl(server.socket());
    const std::uint64_t old_uid = uids_of(mpmctl.children()).at(0);
    Holders load(server);
    load.add(2, Gate::kPath);

    const Json operation = mpmctl.json({"restart", std::to_string(old_uid), "--wait", "ready"});
    BOOST_TEST(operation.at("done") == 1);
    BOOST_REQUIRE(becomes_true(milliseconds(50), [&] {
        return child_of(mpmctl.children(), old_uid).at("accepting") == false;
    }));
    const Json children = mpmctl.children();
    const Json old = child_of(children, old_uid);
    BOOST_TEST(old.at("state") == "draining");
    BOOST_TEST(old.at("retire_reason") == "restart");
    BOOST_TEST(old.at("connections") == 2);
    BOOST_TEST(old.at("held_by").get<std::string>().find(Gate::kPath) != std::string::npos);
    // Whoever comes now is the successor's.
    const std::uint64_t accepted = number(old.at("accepted"));
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(fetch(server.port(), "/").status == 200);
    BOOST_TEST(number(child_of(mpmctl.children(), old_uid).at("accepted")) == accepted);
    BOOST_TEST(load.none_answered());
    // It was ready before the old one was told.
    const Snapshot seen = board(server);
    std::uint64_t ready = 0;
    std::uint64_t retired = 0;
    for (const scoreboard::Child& child : seen.children) {
        if (child.row.uid == old_uid)
            retired = child.row.retire_wall_us;
        else
            ready = child.row.ready_wall_us;
    }
    BOOST_TEST(ready > 0U);
    BOOST_TEST(retired >= ready);

    gate.open();
    load.expect_all_answered();
    BOOST_TEST(becomes_true(seconds(1), [&] { return settled(server, 1); }));
}

BOOST_AUTO_TEST_CASE(A_64_twenty_generations_are_held_and_every_new_one_serves) {  // U-1, U-2
    const ServerProcess server(
        "ServerLimit 10\nThreadsPerChild 4\nMaxRequestWorkers 40\nStartServers 2\n"
        "MinSpareThreads 2\nMaxSpareThreads 12\n");
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    const Mpmctl mpmctl(server.socket());
    const auto first = mpmctl.status().at("generation").get<std::uint32_t>();
    const std::string download = "/mpmd-test/stream?100000000&rate=1000";
    Holders held(server);
    for (std::uint32_t restart = 1; restart <= 20; ++restart) {
        held.add(1, download);
        BOOST_REQUIRE_EQUAL(mpmctl.run({"graceful", "--wait", "ready"}).exit_status, 0);
        BOOST_TEST(fetch(server.port(), "/").status == 200);
        BOOST_TEST(board(server).global.generation == first + restart);
        BOOST_TEST(becomes_true(seconds(1), [&] {
            const Snapshot seen = board(server);
            return std::all_of(seen.children.begin(), seen.children.end(), [&](const auto& child) {
                return child.leaving() || child.row.generation == first + restart;
            });
        }));
    }
    // Those that only waited for a client's FIN leave; the twenty that are held stay, each with
    // what holds it and how long it still may.
    BOOST_REQUIRE(becomes_true(seconds(3), [&] { return board(server).totals.draining == 20U; }));
    std::set<std::uint32_t> generations;
    for (const Json& child : mpmctl.children()) {
        if (child.at("state") != "draining") continue;
        generations.insert(child.at("generation").get<std::uint32_t>());
        BOOST_TEST(child.at("held_by").get<std::string>().find(download) != std::string::npos);
        BOOST_TEST(child.at("retire_reason") == "reload");
        BOOST_TEST(child.contains("drain_deadline"));
    }
    BOOST_TEST(generations.size() == 20U);
    const std::string table = mpmctl.run({"ps"}).out;
    BOOST_TEST(count_in(table, "held by ") == 20U);
    BOOST_TEST(count_in(table, " left") == 20U);
    BOOST_TEST(mpmctl.connections("target ~ stream").size() == 20U);
    BOOST_TEST(count_events(server, "slots.begin") == 0U);
}

BOOST_AUTO_TEST_CASE(A_64_no_more_generations_are_held_than_RetiringLimit_allows) {  // U-1, M-22
    const ServerProcess server(
        "ServerLimit 2\nThreadsPerChild 4\nMaxRequestWorkers 8\nStartServers 2\n"
        "MinSpareThreads 2\nMaxSpareThreads 8\nRetiringLimit 3\n");
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    const Mpmctl mpmctl(server.socket());
    const auto first = mpmctl.status().at("generation").get<std::uint32_t>();
    std::list<HttpClient> held;
    for (std::uint32_t restart = 1; restart <= 20; ++restart) {
        held.emplace_back(server.port());
        BOOST_REQUIRE(held.back().send(get_request("/mpmd-test/stream?100000000&rate=1000")));
        BOOST_REQUIRE(held.back().receive(true).status == 200);  // its head: the child has it
        BOOST_REQUIRE_EQUAL(mpmctl.run({"graceful", "--wait", "ready"}).exit_status, 0);
        BOOST_TEST(fetch(server.port(), "/").status == 200);
        const Snapshot seen = board(server);
        BOOST_TEST(seen.global.generation == first + restart);
        BOOST_TEST(seen.totals.children <= 2U + 3U + 1U);  // and a successor on its way
    }
    BOOST_REQUIRE(becomes_true(seconds(3), [&] { return board(server).totals.draining <= 3U; }));
    // The longest were ended: the last ones are left.
    for (const Json& child : mpmctl.children())
        if (child.at("state") == "draining")
            BOOST_TEST(child.at("generation").get<std::uint32_t>() >= first + 17);
    BOOST_TEST(mpmctl.connections("target ~ stream").size() <= 3U);
    BOOST_TEST(
        becomes_true(seconds(1), [&] { return count_events(server, "child.drain_ended") >= 17U; }));
    BOOST_TEST(count_events(server, "slots.begin") == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
