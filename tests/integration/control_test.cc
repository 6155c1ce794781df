// mpmctl against the real control plane: each command makes its round trip, the JSON is what the
// contract promises, and the exit codes say what happened.

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;

const std::string kLines =
    "StartServers 2\nThreadsPerChild 4\nServerLimit 8\nMaxRequestWorkers 32\n"
    "MinSpareThreads 4\nMaxSpareThreads 32\nMaintenanceInterval 100ms\n";
constexpr uid_t kStranger = 65533;

struct Fields {
    std::vector<std::string> numbers;  // up to 32 bits, and floating point
    std::vector<std::string> counts;   // 64 bits: strings of digits
    std::vector<std::string> texts;
};

void expect_fields(const Json& object, const Fields& fields) {
    BOOST_TEST_CONTEXT(object.dump(1)) {
        for (const std::string& name : fields.numbers)
            BOOST_TEST((object.contains(name) && object.at(name).is_number()), name);
        for (const std::string& name : fields.counts) {
            BOOST_REQUIRE_MESSAGE(object.contains(name) && object.at(name).is_string(), name);
            const auto text = object.at(name).get<std::string>();
            BOOST_TEST((!text.empty() && text.find_first_not_of("0123456789") == std::string::npos),
                       name);
        }
        for (const std::string& name : fields.texts)
            BOOST_TEST((object.contains(name) && object.at(name).is_string()), name);
    }
}

// Both are there, with all their threads and nothing to do.
void await_two(const Mpmctl& mpmctl) {
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const Json status = mpmctl.status();
        return status.at("children").at("active") == 2 && status.at("workers").at("idle") == 8;
    }));
}

void expect_refusal(const Mpmctl& mpmctl,
                    const std::vector<std::string>& words,
                    int exit_status,
                    const std::string& reason) {
    BOOST_TEST_CONTEXT(words.front() << " ... expecting " << exit_status << " " << reason) {
        const Json document = mpmctl.json(words, exit_status);
        const Json& error = document.at("error");
        BOOST_TEST(error.at("reason") == reason, error.dump());
        BOOST_TEST(!error.at("message").get<std::string>().empty());
        BOOST_TEST(error.at("details").is_object());
        BOOST_TEST(!error.at("code").get<std::string>().empty());
    }
}

BOOST_AUTO_TEST_SUITE(control)

BOOST_AUTO_TEST_CASE(every_command_makes_its_round_trip) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    HttpClient client(server.port());
    BOOST_REQUIRE(client.get("/small.txt").status == 200);
    const std::vector<std::vector<std::string>> commands{
        {"status"},
        {"ps"},
        {"ps", "--threads"},
        {"conns"},
        {"conns", "state = keep_alive and peer in 127.0.0.0/8", "--sort", "-age", "--limit", "5"},
        {"board"},
        {"get"},
        {"get", "--all"},
        {"get", "keepalivetimeout"},
        {"describe", "MinSpareThreads"},
        {"set", "--dry-run", "KeepAliveTimeout=9"},
        {"set", "KeepAliveTimeout=9", "--reason", "a test"},
        {"reset", "KeepAliveTimeout"},
        {"restart", "--all", "--dry-run"},
        {"restart", "--all", "--reason", "a test"},
        {"graceful", "--dry-run"},
        {"graceful"},
        {"ops"},
        {"ops", "list"},
        {"ops", "show", "op-1"},
        {"ops", "wait", "op-1"},
        {"ops", "watch", "op-1"},
    };
    for (const auto& words : commands) {
        std::string shown;
        for (const std::string& word : words)
            shown += word + " ";
        BOOST_TEST_CONTEXT(shown) {
            BOOST_TEST(mpmctl.json(words).is_object());
            const Ended table = mpmctl.run(words);
            BOOST_TEST(table.exit_status == 0, table.err);
            BOOST_TEST(table.out.find_first_not_of(" \n") != std::string::npos);
        }
    }
    BOOST_TEST(mpmctl.run({"restart", "--all", "--dry-run"}).out ==
               "would replace 2 children, 2 at a time\n");
    BOOST_TEST(mpmctl.run({"restart", "--all", "--dry-run", "--surge", "1"}).out ==
               "would replace 2 children, 1 at a time\n");
    BOOST_TEST(mpmctl.value("KeepAliveTimeout") == "5");
}

BOOST_AUTO_TEST_CASE(status_has_the_fields_of_the_contract) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    const Json status = mpmctl.status();
    expect_fields(status,
                  {{"generation", "uptime_seconds"}, {"revision"}, {"version", "mpm", "shortage"}});
    BOOST_TEST(status.at("mpm") == "event");
    BOOST_TEST(status.at("shortage") == "none");
    expect_fields(status.at("workers"),
                  {{"busy", "idle", "starting", "graceful", "limit"}, {}, {}});
    expect_fields(
        status.at("connections"),
        {{"total", "reading", "running", "wait_io", "writing", "keep_alive", "closing"}, {}, {}});
    expect_fields(status.at("children"), {{"total", "active", "draining"}, {}, {}});
    expect_fields(status.at("requests"),
                  {{"in_progress", "per_second"}, {"total", "on_listener", "on_workers"}, {}});
    BOOST_TEST(status.at("workers").at("idle") == 8);
    BOOST_TEST(status.at("workers").at("limit") == 32);
}

BOOST_AUTO_TEST_CASE(ps_and_conns_have_the_fields_of_the_contract) {
    ServerProcess server(kLines + "KeepAliveTimeout 600\n");
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    HttpClient parked(server.port());
    BOOST_REQUIRE(parked.get("/small.txt").status == 200);
    // S-6: more of it than httpd's 63 characters.
    const std::string asked = "/mpmd-test/sleep?600." + std::string(70, '0');
    HttpClient running(server.port());
    BOOST_REQUIRE(running.send(get_request(asked)));
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        return mpmctl.connections("state = running and thread != none").size() == 1 &&
               mpmctl.connections("state = keep_alive").size() == 1;
    }));
    BOOST_TEST(mpmctl.connections("state = running").at(0).at("target") == asked);
    Json children;
    BOOST_TEST(becomes_true(seconds(1), [&] {  // memory is looked at once a second
        children = mpmctl.children();
        return std::none_of(children.begin(), children.end(),
                            [](const Json& child) { return number(child.at("rss_bytes")) == 0; });
    }));
    BOOST_TEST(children.size() == 2U);
    for (const Json& child : children) {
        expect_fields(child, {{"slot", "pid", "generation", "threads", "connections",
                               "listener_busy_permille"},
                              {"uid", "revision", "rss_bytes"},
                              {"state", "start_time"}});
        BOOST_TEST(child.at("threads") == 4);
    }
    const Json connections = mpmctl.connections();
    BOOST_TEST(connections.size() == 2U);
    for (const Json& connection : connections) {
        expect_fields(connection, {{"pid", "status", "requests"},
                                   {"child_uid", "state_age_ms", "age_ms", "bytes_in", "bytes_out"},
                                   {"id", "state", "peer", "local", "vhost", "method", "target"}});
        BOOST_TEST(connection.at("tls") == false);
        BOOST_TEST(connection.contains("thread") == (connection.at("state") == "running"));
        BOOST_TEST(connection.at("local") == "127.0.0.1:" + std::to_string(server.port()));
    }
    // S-5: of a parked one as well
    const Json park = mpmctl.connections("peer = 127.0.0.1:" + std::to_string(parked.local_port()));
    BOOST_REQUIRE(park.size() == 1U);
    BOOST_TEST(park.at(0).at("state") == "keep_alive");
    BOOST_TEST(park.at(0).at("target") == "/small.txt");
    BOOST_TEST(park.at(0).at("status") == 200);
    BOOST_TEST(park.at(0).at("requests") == 1);
    BOOST_TEST(number(park.at(0).at("bytes_out")) > 6U);
}

BOOST_AUTO_TEST_CASE(lists_are_wrapped_and_values_stand_alone) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(mpmctl.json({"ps"}).at("children").is_array());
    BOOST_TEST(mpmctl.json({"conns"}).at("connections").is_array());
    BOOST_TEST(mpmctl.json({"get"}).at("directives").is_array());
    BOOST_TEST(mpmctl.json({"ops"}).at("operations").is_array());
    const Ended value = mpmctl.run({"get", "ThreadsPerChild", "-o", "value"});
    BOOST_TEST(value.out == "4\n");
}

BOOST_AUTO_TEST_CASE(a_change_that_changes_nothing_says_so) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    const auto set = [&](std::vector<std::string> more = {}) {
        more.insert(more.begin(), {"set", "KeepAliveTimeout=5"});
        return mpmctl.run(more).out;
    };
    BOOST_TEST(set({"--dry-run"}).find("no value would change") != std::string::npos);
    BOOST_TEST(set().find("no value changes") != std::string::npos);  // it holds over a load now
    const Json revision = mpmctl.status().at("revision");
    BOOST_TEST(set() ==
               "KeepAliveTimeout: stays 5\nnothing changes: it is so already\n"
               "nothing changed: rev " +
                   revision.get<std::string>() + " stays\n");
    BOOST_TEST(mpmctl.status().at("revision") == revision);
}

BOOST_AUTO_TEST_CASE(restarting_one_child_leaves_the_other) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    const Json before = mpmctl.children();
    const Json operation =
        mpmctl.json({"restart", before.at(0).at("uid").get<std::string>(), "--reason", "one"});
    BOOST_TEST(operation.at("state") == "OPERATION_STATE_SUCCEEDED");
    BOOST_TEST(operation.at("total") == 1);
    const Json after = mpmctl.children();
    bool other_stays = false;
    bool victim_stays = false;
    for (const Json& child : after) {
        other_stays = other_stays || child.at("pid") == before.at(1).at("pid");
        victim_stays = victim_stays || child.at("pid") == before.at(0).at("pid");
        BOOST_TEST(child.at("generation") == before.at(0).at("generation"));
    }
    BOOST_TEST(other_stays);
    BOOST_TEST(!victim_stays);
}

BOOST_AUTO_TEST_CASE(graceful_reads_the_file_and_refuses_a_bad_one) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    const auto generation = mpmctl.status().at("generation").get<std::uint32_t>();
    server.write_config(kLines + "DirectoryIndex small.txt\n");
    BOOST_TEST(mpmctl.run({"graceful"}).exit_status == 0);
    BOOST_TEST(mpmctl.status().at("generation") == generation + 1);
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
    const auto before = pids(mpmctl.children());
    server.write_broken_config("KeepAliveTimeout soon");
    for (const auto& words : {std::vector<std::string>{"graceful", "--dry-run"}, {"graceful"}}) {
        const Json refusal = mpmctl.json(words, 6);
        BOOST_TEST(refusal.dump().find("KeepAliveTimeout") != std::string::npos, refusal.dump());
    }
    BOOST_TEST((pids(mpmctl.children()) == before));
    const Json status = mpmctl.status();
    BOOST_TEST(status.at("generation") == generation + 1);
    BOOST_TEST(status.at("last_reload").at("succeeded") == false);
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(exit_codes)

BOOST_AUTO_TEST_CASE(two_is_wrong_usage_and_needs_no_server) {
    const Mpmctl mpmctl("/nonexistent/control.sock");
    for (const auto& words : {std::vector<std::string>{"nonsense"},
                              {"set", "KeepAliveTimeout"},
                              {"restart"},
                              {"conns", "--limit", "none"},
                              {"status", "--timeout", "now"}})
        BOOST_TEST(mpmctl.run(words).exit_status == 2, words.front());
}

BOOST_AUTO_TEST_CASE(three_is_nobody_there) {
    BOOST_TEST(Mpmctl("/nonexistent/control.sock").run({"status"}).exit_status == 3);
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(server.stop() == 0);
    const Json refusal = mpmctl.json({"status"}, 3);
    BOOST_TEST(refusal.at("error").at("code") == "UNAVAILABLE");
}

BOOST_AUTO_TEST_CASE(four_is_a_stranger_or_a_viewer_who_wants_to_act) {
    if (::geteuid() != 0) skip("only root can become another user");
    ServerProcess server(kLines);
    const Mpmctl stranger(server.socket(), kStranger);
    BOOST_TEST(stranger.run({"status"}).exit_status == 4);
    server.write_config(kLines + "ControlRole viewer uid:" + std::to_string(kStranger) + "\n");
    const Mpmctl root(server.socket());
    const Ended graceful = root.run({"graceful"});
    BOOST_TEST(graceful.exit_status == 0, graceful.out + graceful.err);
    BOOST_TEST(becomes_true(seconds(1), [&] { return stranger.run({"status"}).exit_status == 0; }));
    expect_refusal(stranger, {"restart", "--all"}, 4, "ROLE_REQUIRED");
    expect_refusal(stranger, {"set", "KeepAliveTimeout=nonsense"}, 4, "ROLE_REQUIRED");
    expect_refusal(stranger, {"graceful"}, 4, "ROLE_REQUIRED");
}

BOOST_AUTO_TEST_CASE(five_is_a_revision_that_moved_or_another_operation) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    const auto seen = mpmctl.json({"get"}).at("etag").get<std::string>();
    mpmctl.json({"set", "KeepAliveTimeout=7", "--if-rev", seen});
    expect_refusal(mpmctl, {"set", "KeepAliveTimeout=8", "--if-rev", seen}, 5, "REVISION_CHANGED");
    BOOST_TEST(mpmctl.value("KeepAliveTimeout") == "7");
}

BOOST_AUTO_TEST_CASE(five_is_also_another_operation_that_still_replaces_children) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    // As long as the supervisor may open nothing it starts no successor and tries again.
    rlimit whole{};
    BOOST_REQUIRE(::prlimit(server.pid(), RLIMIT_NOFILE, nullptr, &whole) == 0);
    const rlimit nothing{3, whole.rlim_max};
    BOOST_REQUIRE(::prlimit(server.pid(), RLIMIT_NOFILE, &nothing, nullptr) == 0);
    const Json first = mpmctl.json({"restart", "--all", "--no-wait"});
    expect_refusal(mpmctl, {"restart", "--all"}, 5, "OPERATION_ACTIVE");
    BOOST_REQUIRE(::prlimit(server.pid(), RLIMIT_NOFILE, &whole, nullptr) == 0);
    const auto name = first.at("name").get<std::string>();
    BOOST_TEST(mpmctl.json({"ops", "wait", name}).at("done") == 2);
}

BOOST_AUTO_TEST_CASE(five_is_also_what_would_need_new_children_and_was_not_allowed_to) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    const auto before = pids(mpmctl.children());
    expect_refusal(mpmctl, {"set", "ThreadsPerChild=8"}, 5, "NEEDS_RESTART");
    BOOST_TEST((pids(mpmctl.children()) == before));
    BOOST_TEST(mpmctl.value("ThreadsPerChild") == "4");
}

BOOST_AUTO_TEST_CASE(six_is_rejected_and_a_filter_is_told_where) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    expect_refusal(mpmctl, {"set", "KeepAliveTimeout=-1"}, 6, "VALUE_OUT_OF_RANGE");
    expect_refusal(mpmctl, {"set", "NoSuchDirective=1"}, 6, "UNKNOWN_DIRECTIVE");
    expect_refusal(mpmctl, {"set", "PidFile=/tmp/x"}, 6, "NOT_OVERRIDABLE");
    const Json refusal = mpmctl.json({"conns", "state = keep_alive and agee > 5s"}, 6);
    BOOST_TEST(refusal.at("error").at("reason") == "BAD_FILTER");
    BOOST_TEST(refusal.dump().find("24") != std::string::npos, refusal.dump());
}

BOOST_AUTO_TEST_CASE(eight_is_not_found_or_gone) {
    ServerProcess server(kLines);
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    expect_refusal(mpmctl, {"ps", "999999"}, 8, "GONE");
    expect_refusal(mpmctl, {"restart", "999999"}, 8, "GONE");
    BOOST_TEST(mpmctl.run({"ops", "show", "op-999999"}).exit_status == 8);
}

BOOST_AUTO_TEST_CASE(nine_is_what_this_release_does_not_do) {
    BOOST_TEST(Mpmctl("127.0.0.1:9").run({"status"}).exit_status == 9);
}

BOOST_AUTO_TEST_CASE(seventy_five_is_giving_up_while_the_work_goes_on) {
    const Gate gate;
    ServerProcess server(kLines + gate.lines());
    const Mpmctl mpmctl(server.socket());
    await_two(mpmctl);
    auto running = hold_workers(server, 1);
    const Json refusal = mpmctl.json({"restart", "--all", "--timeout", "5s"}, 75);
    BOOST_TEST(refusal.at("error").at("reason") == "STILL_RUNNING");
    const auto name = refusal.at("error").at("details").at("operation").get<std::string>();
    gate.open();
    BOOST_TEST(running.front().receive().status == 200);
    BOOST_TEST(mpmctl.json({"ops", "wait", name}).at("state") == "OPERATION_STATE_SUCCEEDED");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
