// kill -9 of each kind of process, seen through mpmctl: what was replaced, what was untouched.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "tests/support/checked_load.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;

const std::string kTwoChildren =
    "StartServers 2\nThreadsPerChild 4\nServerLimit 8\nMaxRequestWorkers 32\n"
    "MinSpareThreads 4\nMaxSpareThreads 32\nKeepAliveTimeout 600\n";
const std::string kFourChildren =
    "StartServers 4\nThreadsPerChild 4\nServerLimit 8\nMaxRequestWorkers 32\n"
    "MinSpareThreads 4\nMaxSpareThreads 32\n";

bool all_running(const Json& children, std::size_t wanted) {
    return children.size() == wanted &&
           std::all_of(children.begin(), children.end(),
                       [](const Json& child) { return child.at("state") == "running"; });
}

Json await_children(const Mpmctl& mpmctl, std::size_t wanted) {
    Json children;
    const bool settled = becomes_true(seconds(2), [&] {
        children = mpmctl.children();
        return all_running(children, wanted);
    });
    BOOST_REQUIRE_MESSAGE(settled, "children: " + children.dump(1));
    return children;
}

// The uid of the child that has the connection of this client; 0 = nobody yet.
std::uint64_t child_of(const Mpmctl& mpmctl, const HttpClient& client) {
    const std::string peer = "127.0.0.1:" + std::to_string(client.local_port());
    const Json connections = mpmctl.connections();
    for (const Json& connection : connections)
        if (connection.at("peer") == peer) return number(connection.at("child_uid"));
    return 0;
}

// One client with a running request in each of two children; both run until the gate opens.
struct OneInEach {
    std::map<std::uint64_t, std::unique_ptr<HttpClient>> of_child;

    OneInEach(const ServerProcess& server, const Mpmctl& mpmctl) {
        for (const Json& child : mpmctl.children()) {  // only the other one can take it
            const Stopped stopped(child.at("pid").get<pid_t>());
            auto client = std::make_unique<HttpClient>(server.port());
            BOOST_REQUIRE(client->get("/small.txt").status == 200);
            const std::uint64_t uid = child_of(mpmctl, *client);
            BOOST_REQUIRE(uid != number(child.at("uid")));
            of_child.emplace(uid, std::move(client));
        }
        BOOST_REQUIRE(of_child.size() == 2U);
        for (const auto& entry : of_child)
            BOOST_REQUIRE(entry.second->send(get_request(Gate::kPath)));
        BOOST_REQUIRE(becomes_true(seconds(1),
                                   [&] { return mpmctl.status().at("workers").at("busy") == 2; }));
    }
};

LoadPlan light_load(const ServerProcess& server) {
    LoadPlan plan;
    plan.port = server.port();
    plan.files = {{"/small.txt", server.file("/small.txt")}, {"/k1.bin", server.file("/k1.bin")}};
    plan.keep_alive = 2;
    plan.pipelined = 1;
    plan.closing = 1;
    return plan;
}

BOOST_AUTO_TEST_SUITE(faults)

BOOST_AUTO_TEST_CASE(a_killed_child_is_replaced_and_the_other_notices_nothing) {
    const Gate gate;
    ServerProcess server(kTwoChildren + gate.lines());
    const Mpmctl mpmctl(server.socket());
    const Json before = await_children(mpmctl, 2);
    const OneInEach running(server, mpmctl);
    const Json& victim = before.at(0);
    const Json& other = before.at(1);
    const std::uint64_t dead = number(victim.at("uid"));
    ::kill(victim.at("pid").get<pid_t>(), SIGKILL);

    BOOST_TEST(running.of_child.at(dead)->receive().status == 0);

    Json after;
    BOOST_TEST(becomes_true(seconds(2), [&] {
        after = mpmctl.children();
        return all_running(after, 2) && number(after.at(0).at("uid")) != dead &&
               number(after.at(1).at("uid")) != dead;
    }));
    gate.open();
    const HttpResponse kept = running.of_child.at(number(other.at("uid")))->receive();
    BOOST_TEST(kept.status == 200);
    BOOST_TEST(kept.body == Gate::kBody);

    std::uint64_t newest = 0;
    bool other_stays = false;
    for (const Json& child : after) {
        newest = std::max(newest, number(child.at("uid")));
        other_stays = other_stays ||
                      (child.at("uid") == other.at("uid") && child.at("pid") == other.at("pid") &&
                       child.at("start_time") == other.at("start_time"));
    }
    BOOST_TEST(other_stays);
    BOOST_TEST(newest > std::max(dead, number(other.at("uid"))));
    bool told = false;
    const Json events = mpmctl.json({"board"}).at("events");
    for (const Json& event : events)
        told =
            told || (event.at("kind") == "child.crashed" && number(event.at("child_uid")) == dead);
    BOOST_TEST(told, events.dump(1));
    // Why there is a new one stands among the decisions (U-20).
    const std::string why = "child " + std::to_string(dead) + " died of signal 9; child " +
                            std::to_string(newest) + " is started in its place";
    Json decisions;
    const bool kept_in_mind = becomes_true(seconds(2), [&] {
        decisions = mpmctl.json({"decisions"}).at("decisions");
        return std::any_of(decisions.begin(), decisions.end(), [&](const Json& row) {
            return row.at("branch") == "M-10" && row.at("text") == why;
        });
    });
    BOOST_TEST(kept_in_mind, decisions.dump(1));
}

BOOST_AUTO_TEST_CASE(a_killed_control_leaves_the_data_path_untouched_and_the_next_call_answered) {
    ServerProcess server(kTwoChildren);
    const Mpmctl mpmctl(server.socket());
    const auto old = pids(await_children(mpmctl, 2));
    CheckedLoad load(light_load(server));
    std::uint64_t total = 0;
    for (int round = 0; round < 3; ++round) {
        const pid_t control = server.control();
        BOOST_REQUIRE(control > 0);
        const std::uint64_t answered = load.answered();
        ::kill(control, SIGKILL);
        const Json status = mpmctl.json({"status"});  // this very call
        BOOST_TEST(server.control() != control);
        const auto now = pids(mpmctl.children());  // the load may have called for more
        BOOST_TEST(std::includes(now.begin(), now.end(), old.begin(), old.end()));
        BOOST_TEST(number(status.at("requests").at("total")) >= total);
        total = number(status.at("requests").at("total"));
        BOOST_TEST(becomes_true(seconds(1), [&] { return load.answered() > answered + 100; }));
    }
    const LoadResult result = load.stop();
    BOOST_TEST(result.failed == 0U, describe(result));
    BOOST_TEST(total > 0U);
}

BOOST_AUTO_TEST_CASE(a_killed_supervisor_takes_control_along_and_its_children_drain) {
    const Gate gate;
    ServerProcess server(kTwoChildren + gate.lines());
    const Mpmctl mpmctl(server.socket());
    await_children(mpmctl, 2);
    const OneInEach running(server, mpmctl);
    const auto children = server.children();
    const pid_t control = server.control();
    server.kill_supervisor();
    // They noticed: nobody accepts any more.
    BOOST_TEST(becomes_true(seconds(1), [&] { return !HttpClient(server.port()).connected(); }));
    gate.open();
    for (const auto& entry : running.of_child) {
        const HttpResponse answer = entry.second->receive();
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == Gate::kBody);
    }
    for (const pid_t pid : children)
        BOOST_TEST(becomes_true(seconds(3), [pid] { return has_gone(pid); }));
    BOOST_TEST(becomes_true(seconds(1), [control] { return has_gone(control); }));
    BOOST_TEST(!HttpClient(server.port()).connected());
    BOOST_TEST(mpmctl.run({"status"}).exit_status == 3);
    server.start();
    const Json after = await_children(mpmctl, 2);
    BOOST_TEST(after.size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_operation_of_a_killed_server_has_ended_when_the_next_one_runs) {
    const Gate gate;
    ServerProcess server(kTwoChildren + gate.lines());
    const Mpmctl mpmctl(server.socket());
    await_children(mpmctl, 2);
    const OneInEach running(server, mpmctl);
    const std::string name =
        mpmctl.json({"restart", "--all", "--no-wait"}).at("name").get<std::string>();
    BOOST_REQUIRE(becomes_true(seconds(5), [&] {
        const Json operation = mpmctl.json({"ops", "show", name});
        return operation.at("done") == 2 && operation.at("draining") == 2;
    }));

    server.kill_supervisor();
    gate.open();
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return !HttpClient(server.port()).connected(); }));
    server.start();

    // Its database is open.
    BOOST_REQUIRE(becomes_true(seconds(2), [&] {
        return mpmctl.run({"ops", "show", name}).exit_status == 0;
    }));
    const Ended waited = mpmctl.run({"ops", "wait", name});
    BOOST_TEST(waited.exit_status == 1);
    BOOST_TEST(waited.out.find("2/2 replaced; the server ended") != std::string::npos, waited.out);
    const Json kept = mpmctl.json({"ops", "show", name});
    BOOST_TEST(kept.at("state") == "OPERATION_STATE_FAILED");
    for (const Json& step : kept.at("steps"))
        BOOST_TEST(step.at("state") == "done");
}

BOOST_AUTO_TEST_CASE(a_rollout_goes_on_when_control_is_killed_in_the_middle) {
    const Gate gate;
    ServerProcess server(kFourChildren + gate.lines());
    const Mpmctl mpmctl(server.socket());
    const Json before = await_children(mpmctl, 4);
    // Requests that run on keep the operation in its draining phase.
    auto crowd = hold_workers(server, 8);
    const auto restart = mpmctl.start({"restart", "--all"});
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const Json operations = mpmctl.json({"ops"}).at("operations");
        return !operations.empty() && operations.at(0).at("state") == "OPERATION_STATE_RUNNING";
    }));
    const pid_t control = server.control();
    ::kill(control, SIGKILL);
    BOOST_REQUIRE(becomes_true(
        seconds(1), [&] { return server.control() > 0 && server.control() != control; }));
    gate.open();
    const Ended ended = restart->wait();
    BOOST_TEST(ended.exit_status == 0, ended.out + ended.err);

    const Json operation = mpmctl.json({"ops"}).at("operations").at(0);
    BOOST_TEST(operation.at("state") == "OPERATION_STATE_SUCCEEDED", operation.dump(1));
    BOOST_TEST(operation.at("kind") == "restart");
    BOOST_TEST(operation.at("done") == 4);
    BOOST_TEST(operation.at("total") == 4);
    const Json shown = mpmctl.json({"ops", "show", operation.at("name").get<std::string>()});
    BOOST_TEST(shown.at("steps").size() == 4U);
    for (const Json& step : shown.at("steps"))
        BOOST_TEST(step.at("new_uid") != step.at("old_uid"));
    for (HttpClient& client : crowd)
        BOOST_TEST(client.receive().status == 200);  // nobody's request was cut
    const auto old = pids(before);
    for (const pid_t pid : pids(await_children(mpmctl, 4)))
        BOOST_TEST(!std::binary_search(old.begin(), old.end(), pid));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
