// What the data path survives, seen from outside and without the control plane: a child, a handler
// and the supervisor that die (M-10, decisions 7).

#include <algorithm>
#include <chrono>
#include <csignal>

#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/checked_load.h"
#include "tests/support/http_client.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;

const std::string kLines =
    "StartServers 2\nThreadsPerChild 4\nServerLimit 4\nMaxRequestWorkers 8\n"
    "MinSpareThreads 4\nMaxSpareThreads 16\n";

bool contains(const std::vector<pid_t>& pids, pid_t pid) {
    return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

void await_two_children(const ServerProcess& server) {
    BOOST_REQUIRE(becomes_true(seconds(1), [&server] { return server.children().size() == 2; }));
}

void expect_replaced(const ServerProcess& server, pid_t dead, pid_t other) {
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const auto now = server.children();
        return now.size() == 2 && !contains(now, dead);
    }));
    BOOST_TEST(contains(server.children(), other));
    BOOST_TEST(fetch(server.port(), "/small.txt").body == "small\n");
}

BOOST_AUTO_TEST_SUITE(survival)

BOOST_AUTO_TEST_CASE(a_killed_child_is_replaced_and_the_other_stays) {
    ServerProcess server(ServerOptions{kLines, false});
    await_two_children(server);
    const auto before = server.children();
    ::kill(before[0], SIGKILL);
    expect_replaced(server, before[0], before[1]);
}

BOOST_AUTO_TEST_CASE(a_handler_that_crashes_takes_only_its_child_along) {
    ServerProcess server(ServerOptions{kLines, false});
    await_two_children(server);
    const auto before = server.children();
    HttpClient client(server.port());
    const HttpResponse none = client.get("/mpmd-test/crash?SEGV");
    BOOST_TEST(none.status == 0);
    BOOST_REQUIRE(
        becomes_true(seconds(1), [&] { return has_gone(before[0]) || has_gone(before[1]); }));
    const bool first = has_gone(before[0]);
    expect_replaced(server, before[first ? 0 : 1], before[first ? 1 : 0]);
}

BOOST_AUTO_TEST_CASE(children_without_a_supervisor_answer_what_runs_and_leave) {
    ServerProcess server(ServerOptions{kLines, false});
    await_two_children(server);
    const auto children = server.children();
    HttpClient idle(server.port());
    BOOST_TEST(idle.get("/small.txt").status == 200);
    HttpClient running(server.port());
    BOOST_REQUIRE(running.send(get_request("/mpmd-test/sleep?2")));
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&server] { return running_requests(server.pid(), "/mpmd-test/sleep") == 1; }));
    server.kill_supervisor();
    const HttpResponse answer = running.receive();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == "slept 2 s\n");
    for (const pid_t pid : children)
        BOOST_TEST(becomes_true(seconds(3), [pid] { return has_gone(pid); }));
    BOOST_TEST(!HttpClient(server.port()).connected());
    server.start();
    BOOST_TEST(fetch(server.port(), "/small.txt").body == "small\n");
}

BOOST_AUTO_TEST_CASE(a_graceful_restart_under_load_loses_nothing) {
    ServerProcess server(ServerOptions{kLines + "MaintenanceInterval 100ms\n", false});
    await_two_children(server);
    LoadPlan plan;
    plan.port = server.port();
    plan.files = {{"/small.txt", server.file("/small.txt")}, {"/k1.bin", server.file("/k1.bin")}};
    plan.files["/big.bin"] = server.file("/big.bin");
    plan.big = "/big.bin";
    CheckedLoad load(plan);
    for (int round = 0; round < 3; ++round) {
        const auto before = server.children();
        server.signal(SIGUSR1);
        BOOST_TEST(becomes_true(seconds(3), [&] {
            return std::all_of(before.begin(), before.end(),
                               [](pid_t pid) { return has_gone(pid); });
        }));
    }
    BOOST_TEST(becomes_true(seconds(3), [&load] { return load.answered() > 100U; }));
    const LoadResult result = load.stop();
    BOOST_TEST(result.failed == 0U, describe(result));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
