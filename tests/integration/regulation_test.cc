// What regulation does between two ticks and says about it: un-retire, slots that are held,
// recycling by memory, the decision log through the API, what is known of each child.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <list>

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

using scoreboard::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;

Snapshot board(const ServerProcess& server) {
    return snapshot_of(server.pid());
}

bool settled(const ServerProcess& server, std::uint32_t children) {
    const Snapshot seen = board(server);
    return seen.totals.children == children && seen.totals.children_starting == 0 &&
           seen.totals.draining == 0 && seen.totals.not_accepting == 0;
}

// Ticks of regulation so far.
std::uint64_t ticks(const ServerProcess& server) {
    std::uint64_t sum = 0;
    for (const scoreboard::DecisionRow& row : decisions_of(server.pid()))
        sum += row.ticks;
    return sum;
}

std::string event_text(const ServerProcess& server, std::string_view kind) {
    for (const scoreboard::EventRow& event : events_of(server.pid()))
        if (scoreboard::text(event.kind) == kind) return std::string(scoreboard::text(event.text));
    return "";
}

std::list<HttpClient> hold(const ServerProcess& server,
                           std::size_t count,
                           const std::string& path) {
    std::list<HttpClient> clients;
    for (std::size_t i = 0; i < count; ++i) {
        clients.emplace_back(server.port());
        BOOST_REQUIRE(clients.back().send(get_request(path)));
    }
    BOOST_REQUIRE(
        becomes_true(seconds(2), [&] { return running_requests(server.pid(), path) == count; }));
    return clients;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regulation_between_ticks)

// False: the machine was so slow that the next tick came before the load, and the child left.
bool taken_back_at_the_next_tick(seconds interval) {
    const ServerProcess server(
        "ServerLimit 6\nStartServers 3\nThreadsPerChild 4\nMaxRequestWorkers 24\n"
        "MinSpareThreads 3\nMaxSpareThreads 12\nMaintenanceInterval " +
        std::to_string(interval.count()) + "s\n");
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 3); }));
    const Mpmctl mpmctl(server.socket());
    const auto before = pids(mpmctl.children());
    BOOST_REQUIRE_EQUAL(mpmctl.run({"set", "MaxSpareThreads=8", "--yes"}).exit_status, 0);
    BOOST_REQUIRE(
        becomes_true(seconds(6), [&] { return had_event(server.pid(), "regulation.retire"); }));
    // Until its door is shut it may still take some of them; or it has gone already.
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const auto children = board(server).children;
        return children.size() < 3 ||
               std::any_of(children.begin(), children.end(), [](const scoreboard::Child& child) {
                   return child.numbers.accepting == 0;
               });
    }));

    // All threads of the other two.
    const auto load = hold_workers(server, 8, "/mpmd-test/sleep?3600");

    BOOST_REQUIRE(becomes_true(seconds(3), [&] {
        return had_event(server.pid(), "regulation.recall") || server.children() != before;
    }));
    if (!had_event(server.pid(), "regulation.recall")) return false;
    BOOST_TEST(event_text(server, "regulation.recall") ==
               "short of workers: 0 idle of 3 wanted; 1 taken back that were about to leave");
    BOOST_TEST(fetch(server.port(), "/mpmd-test/bytes?5").status == 200);  // by the one taken back
    BOOST_TEST((pids(mpmctl.children()) == before));
    BOOST_TEST(board(server).global.spawned == 3U);
    for (const Json& child : mpmctl.children()) {
        BOOST_TEST(child.at("state") == "running");
        BOOST_TEST(child.at("retire_reason") == "");
    }
    return true;
}

BOOST_AUTO_TEST_CASE(a_child_that_was_about_to_leave_is_taken_back) {  // U-19, L-6
    BOOST_TEST(
        (taken_back_at_the_next_tick(seconds(3)) || taken_back_at_the_next_tick(seconds(10))));
}

// M-1, M-4, M-10: what happens to a child or is asked for by a signal does not wait for a tick.
BOOST_AUTO_TEST_CASE(deaths_and_signals_do_not_wait_for_a_tick) {
    ServerProcess server(
        ServerOptions{"StartServers 2\nThreadsPerChild 2\nMaxRequestWorkers 8\nMinSpareThreads 1\n"
                      "MaintenanceInterval 10s\n",
                      false});
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    // Between two ticks: of several deaths one at least, however the ticks fall.
    std::uint64_t born = 2;
    const auto replaced_without_a_tick = [&] {
        const std::uint64_t tick = ticks(server);
        ::kill(server.children().front(), SIGKILL);
        ++born;
        BOOST_REQUIRE(becomes_true(seconds(3), [&] {
            const Snapshot seen = board(server);
            return seen.children.size() == 2U &&
                   std::any_of(seen.children.begin(), seen.children.end(), [&](const auto& child) {
                       return child.row.uid == born &&
                              child.row.state == scoreboard::ChildState::Running;
                   });
        }));
        return ticks(server) == tick;
    };
    BOOST_TEST((replaced_without_a_tick() || replaced_without_a_tick()));
    const auto asked = std::chrono::steady_clock::now();
    server.signal(SIGTERM);
    BOOST_TEST(server.wait().exit_status == 0);
    BOOST_TEST((std::chrono::steady_clock::now() - asked < soon(seconds(1))));  // nor now
}

// M-2: the supervisor's own processor time is on the board, and that of those who are gone.
BOOST_AUTO_TEST_CASE(the_processor_time_of_supervisor_and_dead_children_is_kept) {
    const ServerProcess server(
        ServerOptions{"ServerLimit 6\nStartServers 1\nThreadsPerChild 2\nMaxRequestWorkers 4\n"
                      "MinSpareThreads 1\nMaxSpareThreads 4\nMaintenanceInterval 100ms\n",
                      false});
    const auto own = [&] {
        const auto global = snapshot_of(server.pid()).global;
        return global.own_user_us + global.own_system_us;
    };
    const auto gone = [&] {
        const auto global = snapshot_of(server.pid()).global;
        return global.gone_user_us + global.gone_system_us;
    };
    const std::uint64_t before = own();
    BOOST_TEST(becomes_true(seconds(2), [&] { return own() > before; }));
    const std::uint64_t of_the_dead = gone();
    BOOST_TEST(fetch(server.port(), "/mpmd-test/bytes?30000000").status == 200);
    for (const pid_t child : server.children())
        ::kill(child, SIGKILL);
    BOOST_TEST(becomes_true(seconds(2), [&] { return gone() > of_the_dead; }));
}

BOOST_AUTO_TEST_CASE(the_period_is_configurable) {  // M-5
    const auto began = std::chrono::steady_clock::now();
    const ServerProcess server(
        ServerOptions{"StartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\n"
                      "MaintenanceInterval 100ms\n",
                      false});
    // A tick may be late, and then the next is on time; none is early. So some five of them take
    // less than half of what five of a second take.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const std::uint64_t first = ticks(server);
        const auto from = std::chrono::steady_clock::now();
        return becomes_true(seconds(1), [&] { return ticks(server) >= first + 5; }) &&
               std::chrono::steady_clock::now() - from < milliseconds(2500);
    }));
    const auto so_far = std::chrono::steady_clock::now() - began;
    BOOST_TEST(ticks(server) <= static_cast<std::uint64_t>(so_far / milliseconds(100)) + 1);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

Json running(const Mpmctl& mpmctl) {
    Json found;
    for (const Json& child : mpmctl.children())
        if (child.at("state") == "running") found.push_back(child);
    return found;
}

bool has_connection(const Mpmctl& mpmctl, const Json& child) {
    const Json connections = mpmctl.connections();
    return std::any_of(connections.begin(), connections.end(), [&](const Json& connection) {
        return connection.at("child_uid") == child.at("uid");
    });
}

void retire(const Mpmctl& mpmctl, const Json& child) {
    const std::string uid = child.at("uid").get<std::string>();
    BOOST_REQUIRE_EQUAL(mpmctl.run({"restart", uid, "--wait", "ready"}).exit_status, 0);
}

bool status_names_held_slots(const Mpmctl& mpmctl) {
    const Json status = mpmctl.status();
    const Json& episodes = status.at("limit_episodes");
    return std::any_of(episodes.begin(), episodes.end(),
                       [](const Json& episode) { return episode.at("cause") == "slots"; }) &&
           status.at("shortage_text").get<std::string>().find("slots held by generation") !=
               std::string::npos;
}

}  // namespace

namespace {

// Of two children each is replaced while it holds a download, and then hangs.
std::list<HttpClient> hang_two_that_leave(const ServerProcess& server, const Mpmctl& mpmctl) {
    const std::string download = "/mpmd-test/stream?100000000&rate=1000";
    std::list<HttpClient> clients;
    for (std::uint32_t i = 1; i <= 2; ++i) {
        const Json both = running(mpmctl);
        const Json& child = both.at(0);
        {
            const Stopped other(both.at(1).at("pid").get<pid_t>());  // so it is this one's
            clients.emplace_back(server.port());
            BOOST_REQUIRE(clients.back().send(get_request(download)));
            BOOST_REQUIRE(clients.back().receive(true).status == 200);
        }
        BOOST_REQUIRE(has_connection(mpmctl, child));
        retire(mpmctl, child);
        BOOST_REQUIRE(becomes_true(seconds(1), [&] { return board(server).totals.draining == i; }));
        ::kill(child.at("pid").get<pid_t>(), SIGSTOP);  // and it hangs
    }
    return clients;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(slots)

// M-18c, U-1: more children leave than may, and one cannot be ended sooner. The message names who
// holds the slots, once; StopTimeout frees them.
BOOST_AUTO_TEST_CASE(that_are_all_held_are_named_once_with_their_holders) {
    const ServerProcess server(
        "ServerLimit 2\nStartServers 2\nThreadsPerChild 4\nMaxRequestWorkers 8\n"
        "MinSpareThreads 5\nMaxSpareThreads 8\nRetiringLimit 2\nStopTimeout 600\n"
        "MaintenanceInterval 200ms\n");
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    const auto clients = hang_two_that_leave(server, mpmctl);
    BOOST_REQUIRE_EQUAL(mpmctl.run({"set", "RetiringLimit=1"}).exit_status, 0);
    // Of three slots two are held, so of the two children that serve one cannot be replaced.
    const Json two = running(mpmctl);
    BOOST_REQUIRE_EQUAL(two.size(), 2U);
    for (const Json& child : two)
        if (child.at("slot") == 3) ::kill(child.at("pid").get<pid_t>(), SIGKILL);
    BOOST_REQUIRE(becomes_true(seconds(2), [&] { return had_event(server.pid(), "slots.begin"); }));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);

    const std::string text = event_text(server, "slots.begin");
    BOOST_TEST(text.find("no free process slot: ") == 0U, text);
    BOOST_TEST(text.find("2 of 3 slots held by generation ") != std::string::npos, text);
    BOOST_TEST(text.find("from 127.0.0.1:") != std::string::npos, text);
    BOOST_TEST(text.find("GET /mpmd-test/stream?") != std::string::npos, text);
    BOOST_TEST(text.find("RetiringLimit") != std::string::npos, text);
    BOOST_TEST(becomes_true(seconds(1), [&] { return status_names_held_slots(mpmctl); }));
    // Every tick finds it so, and none says it again.
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const auto now = decisions_of(server.pid());
        return !now.empty() && now.back().ticks >= 3;
    }));
    const auto events = events_of(server.pid());
    BOOST_TEST(std::count_if(events.begin(), events.end(), [](const auto& event) {
                   return scoreboard::text(event.kind) == "slots.begin";
               }) == 1);

    BOOST_REQUIRE_EQUAL(mpmctl.run({"set", "StopTimeout=1"}).exit_status, 0);
    BOOST_TEST(becomes_true(seconds(3), [&] {  // the other one drains on, in its reserve
        const Snapshot seen = board(server);
        return seen.totals.children == 3U && seen.totals.draining == 1U &&
               seen.totals.children_starting == 0U;
    }));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(decisions)

BOOST_AUTO_TEST_CASE(say_why_it_forked_and_why_not) {  // U-20, 7.6
    const ServerProcess server(
        "ServerLimit 6\nStartServers 1\nThreadsPerChild 2\nMaxRequestWorkers 8\nMinSpareThreads 1\n"
        "MaxSpareThreads 8\nMaintenanceInterval 200ms\n");
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return board(server).totals.idle == 2U; }));
    BOOST_REQUIRE_EQUAL(mpmctl.run({"set", "MinSpareThreads=5"}).exit_status, 0);
    // A quiet row grows instead of pushing the others out.
    Json list;
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        list = mpmctl.json({"decisions"}).at("decisions");
        return settled(server, 4) && !list.empty() && list.at(0).at("branch") == "M-18e" &&
               list.at(0).at("ticks") >= 3 &&
               list.at(0).at("text") == "enough: 8 idle threads, at least 5 and at most 8 wanted";
    }));
    const Json& quiet = list.at(0);
    BOOST_TEST(time_ms(quiet.at("last_time")) >= time_ms(quiet.at("time")) + 200);
    const Json& fork = list.at(1);
    BOOST_TEST(number(fork.at("number")) + 1 == number(quiet.at("number")));
    BOOST_TEST(fork.at("branch") == "M-18d");
    BOOST_TEST(fork.at("cause") == "workers");
    BOOST_TEST(fork.at("text") == "short of workers: 4 idle of 5 wanted; 2 started, rate 2");

    const std::string table = mpmctl.run({"decisions"}).out;
    BOOST_TEST(table.find("short of workers: 2 idle of 5 wanted") != std::string::npos, table);
    BOOST_TEST(mpmctl.run({"decisions", "-n", "0"}).exit_status == 2);
    BOOST_TEST(mpmctl.run({"decisions", "-n", "x"}).exit_status == 2);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(children_as_processes)

BOOST_AUTO_TEST_CASE(their_memory_and_descriptors_are_known) {  // 7.6
    const ServerProcess server(
        "StartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 8\nMinSpareThreads 1\n"
        "MaintenanceInterval 200ms\n");
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const Json child = mpmctl.children().at(0);
        const auto open =
            static_cast<std::int64_t>(open_files_of(child.at("pid").get<pid_t>()).size());
        return std::abs(child.at("open_fds").get<std::int64_t>() - open) <= 2 &&
               number(child.at("rss_bytes")) > 500'000U;
    }));
}

// U-2: what still runs in a child that leaves ends with ChildDrainTimeout, and the time left shows.
// False: the machine was so slow that it was over before it could be looked at.
bool deadline_is_shown_and_kept(seconds limit) {
    const ServerProcess server(
        "StartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 8\nMinSpareThreads 1\n"
        "ChildDrainTimeout " +
        std::to_string(limit.count()) + "s\n");
    const Mpmctl mpmctl(server.socket());
    const Json before = mpmctl.children().at(0);
    auto held = hold(server, 1, "/mpmd-test/stream?100000000&rate=1000");

    const auto begin = std::chrono::steady_clock::now();
    const std::string uid = before.at("uid").get<std::string>();
    BOOST_REQUIRE_EQUAL(mpmctl.run({"restart", uid, "--wait", "ready"}).exit_status, 0);
    Json list;
    for (const Json& child : (list = mpmctl.json({"ps"})).at("children")) {
        if (child.at("uid") != uid || child.at("state") != "draining") continue;
        const std::int64_t left =
            time_ms(child.at("drain_deadline")) - time_ms(list.at("sample_time"));
        if (left <= 0) return false;
        BOOST_TEST(left <= limit / milliseconds(1));
        BOOST_TEST(!held.front().receive().whole);  // it is cut
        BOOST_TEST((std::chrono::steady_clock::now() - begin >= limit));
        BOOST_TEST(
            becomes_true(seconds(1), [&] { return has_gone(before.at("pid").get<pid_t>()); }));
        return true;
    }
    return false;
}

BOOST_AUTO_TEST_CASE(their_draining_has_a_deadline_that_is_shown_and_kept) {
    BOOST_TEST((deadline_is_shown_and_kept(seconds(2)) || deadline_is_shown_and_kept(seconds(25))));
}

// M-24: where a request ran is counted for each child.
BOOST_AUTO_TEST_CASE(they_tell_the_listeners_requests_from_the_workers) {
    const ServerProcess server(
        "StartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\n"
        "FileCacheCheck 600\n");
    const Mpmctl mpmctl(server.socket());
    const auto count = [](const Json& child, const char* where) { return number(child.at(where)); };
    Json before;
    std::uint64_t asked = 1;  // by ServerProcess, to see it serve
    // A file goes into the cache when it is no longer new.
    BOOST_REQUIRE(becomes_true(seconds(3), [&] {
        asked += fetch(server.port(), "/k1.bin").status == 200 ? 1U : 0U;
        before = mpmctl.children().at(0);
        return count(before, "requests_on_listener") > 0;
    }));
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {  // a sample may be older than the last request
        before = mpmctl.children().at(0);
        return count(before, "requests_on_listener") + count(before, "requests_on_workers") ==
               asked;
    }));
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(fetch(server.port(), "/k1.bin").status == 200);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(fetch(server.port(), "/mpmd-test/sleep?0").status == 200);
    const auto counted = [&](const char* where, std::uint64_t more) {
        return count(mpmctl.children().at(0), where) == count(before, where) + more;
    };
    BOOST_TEST(becomes_true(milliseconds(500), [&] {
        return counted("requests_on_listener", 5) && counted("requests_on_workers", 3);
    }));
}

// U-6: httpd ignores these until it is stopped; here the same supervisor has more children at once.
BOOST_AUTO_TEST_CASE(they_become_more_than_the_file_allowed_without_a_stop) {
    const ServerProcess server(
        "ServerLimit 2\nStartServers 2\nThreadsPerChild 2\nMaxRequestWorkers 4\n"
        "MinSpareThreads 2\nMaxSpareThreads 4\nMaintenanceInterval 200ms\n");
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled(server, 2); }));
    const Mpmctl mpmctl(server.socket());
    const auto before = pids(mpmctl.children());
    BOOST_REQUIRE_EQUAL(mpmctl
                            .run({"set", "ServerLimit=8", "MaxRequestWorkers=16",
                                  "MaxSpareThreads=16", "MinSpareThreads=11", "--yes"})
                            .exit_status,
                        0);
    BOOST_REQUIRE(becomes_true(seconds(2), [&] { return settled(server, 8); }));
    const auto after = pids(mpmctl.children());
    for (const pid_t pid : before)
        BOOST_TEST(std::count(after.begin(), after.end(), pid) == 1);
}

BOOST_AUTO_TEST_CASE(too_large_ones_are_replaced_one_after_another_by_ready_ones) {  // U-14
    const ServerProcess server(
        "StartServers 2\nThreadsPerChild 4\nMaxRequestWorkers 16\nMinSpareThreads 2\n"
        "MaxSpareThreads 12\nMaintenanceInterval 100ms\nMaxChildRSS 1048576\n");
    BOOST_REQUIRE(
        becomes_true(seconds(1), [&] { return had_event(server.pid(), "child.memory"); }));
    std::size_t fewest = 99;
    BOOST_REQUIRE(becomes_true(seconds(2), [&] {
        const Snapshot seen = board(server);
        std::size_t serving = 0;
        for (const scoreboard::Child& child : seen.children)
            if (child.row.state == scoreboard::ChildState::Running) ++serving;
        fewest = std::min(fewest, serving);
        return board(server).global.spawned >= 3U && settled(server, 2);
    }));
    BOOST_TEST(fewest >= 2U);  // the successor was ready first
    // All are too large; each waits for its turn, 5 s at least after the one before.
    std::uint64_t last = 0;
    for (const scoreboard::EventRow& event : events_of(server.pid())) {
        if (scoreboard::text(event.kind) != "child.memory") continue;
        BOOST_TEST((last == 0 || event.wall_us - last >= 5'000'000U));
        last = event.wall_us;
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
