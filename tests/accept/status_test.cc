// The status page.

#include <boost/test/unit_test.hpp>

#include "tests/support/auto_status.h"
#include "tests/support/crowd.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using namespace std::chrono_literals;

// 7.3, with ours behind Scoreboard (M-24).
std::vector<std::string> auto_keys(bool extended) {
    std::vector<std::string> keys = {"ServerVersion",
                                     "ServerMPM",
                                     "Server Built",
                                     "CurrentTime",
                                     "RestartTime",
                                     "ParentServerConfigGeneration",
                                     "ParentServerMPMGeneration",
                                     "ServerUptimeSeconds",
                                     "ServerUptime",
                                     "Load1",
                                     "Load5",
                                     "Load15"};
    const std::vector<std::string> more = {
        "Total Accesses",  "Total kBytes",      "Total Duration", "CPUUser", "CPUSystem",
        "CPUChildrenUser", "CPUChildrenSystem", "CPULoad",        "Uptime",  "ReqPerSec",
        "BytesPerSec",     "BytesPerReq",       "DurationPerReq"};
    const std::vector<std::string> always = {
        "BusyWorkers",        "GracefulWorkers",   "IdleWorkers",
        "Processes",          "Stopping",          "ConnsTotal",
        "ConnsAsyncWaitIO",   "ConnsAsyncWriting", "ConnsAsyncKeepAlive",
        "ConnsAsyncClosing",  "Scoreboard",        "ListenerBusy",
        "RequestsOnListener", "RequestsOnWorkers", "RequestsInProgress"};
    if (extended) keys.insert(keys.end(), more.begin(), more.end());
    keys.insert(keys.end(), always.begin(), always.end());
    return keys;
}

// FX-A.
const std::string kFixture = std::string(kStatusLines) +
                             "ServerLimit 6\nThreadLimit 8\nThreadsPerChild 4\n"
                             "MaxRequestWorkers 16\nStartServers 2\nMinSpareThreads 2\n"
                             "MaxSpareThreads 12\nKeepAliveTimeout 5\n";

ServerOptions alone(const std::string& more = "") {
    ServerOptions options;
    options.lines = kFixture + more;
    options.wait_for_control = false;
    return options;
}

// Both children are up, eight letters, and nothing else is under way; the page that says so.
AutoStatus await_eight(const ServerProcess& server, const std::string& letters, int idle) {
    AutoStatus page;
    BOOST_REQUIRE(becomes_true(1s, [&] {
        page = auto_status(server.port());
        std::string board = page["Scoreboard"];
        std::sort(board.begin(), board.end());
        std::string expected = letters + "........";
        std::sort(expected.begin(), expected.end());
        // A thread has its letter a moment before it is counted.
        return board == expected && page["IdleWorkers"] == std::to_string(idle) &&
               page["RequestsInProgress"] == "1";
    }));
    return page;
}

}  // namespace

BOOST_AUTO_TEST_CASE(A_02_the_idle_server_shows_eight_waiting_threads) {
    const ServerProcess server(alone());
    const AutoStatus page = await_eight(server, "________", 8);
    BOOST_TEST(page["Scoreboard"].size() == 16U);
    BOOST_TEST(page["BusyWorkers"] == "0");
    BOOST_TEST(page["Processes"] == "2");
    BOOST_TEST(page["Stopping"] == "0");
}

BOOST_AUTO_TEST_CASE(A_02_with_listener_answers_off_the_page_holds_a_worker_as_in_the_original) {
    const ServerProcess server(alone("ListenerAnswers Off\n"));
    const AutoStatus page = await_eight(server, "_______W", 7);
    BOOST_TEST(page["Scoreboard"].size() == 16U);
    BOOST_TEST(page["BusyWorkers"] == "1");
    BOOST_TEST(page["Processes"] == "2");
    BOOST_TEST(page["Stopping"] == "0");
}

BOOST_AUTO_TEST_CASE(A_18_three_idle_keep_alives_are_counted_at_once) {
    const ServerProcess server(alone("KeepAliveTimeout 60\n"));
    Crowd idle({server.port(), 3, get_request("/small.txt"), true});
    idle.settle(5s);
    BOOST_REQUIRE_EQUAL(idle.answered(), 3U);
    const auto three = [](const AutoStatus& page) {
        return page["ConnsAsyncKeepAlive"] == "3" && page["ConnsTotal"] == "3";
    };
    BOOST_TEST(becomes_true(100ms, [&] { return three(auto_status(server.port())); }));
    // Also for one who asks over a connection that is kept alive itself.
    HttpClient steady(server.port());
    (void)steady.get("/small.txt");
    BOOST_TEST(
        becomes_true(100ms, [&] { return three(parse_auto(steady.get("/server-status?auto"))); }));
}

BOOST_AUTO_TEST_CASE(A_50_auto_has_httpds_keys_in_order_and_refresh_its_line) {
    const ServerProcess server(alone());
    (void)fetch(server.port(), "/mpmd-test/sleep?0.05");
    AutoStatus page;
    BOOST_REQUIRE(becomes_true(2s, [&] {
        page = auto_status(server.port());
        return page["ServerUptimeSeconds"] != "0" && !page["CPULoad"].empty();
    }));
    BOOST_TEST(page.keys() == auto_keys(true), boost::test_tools::per_element());
    BOOST_TEST(page.name == "localhost");
    BOOST_TEST(page["ParentServerConfigGeneration"] == "1");
    BOOST_TEST(page["ParentServerMPMGeneration"] == "0");
    BOOST_TEST(page["ServerMPM"] == "event");

    const auto refresh = [&server](const std::string& query) {
        return fetch(server.port(), "/server-status?" + query).header("refresh");
    };
    BOOST_TEST(refresh("refresh") == "10");
    BOOST_TEST(refresh("refresh=0") == "10");
    BOOST_TEST(refresh("refresh=7") == "7");
    BOOST_TEST(refresh("auto&refresh=7") == "7");
    BOOST_TEST(refresh("auto") == "");
}

BOOST_AUTO_TEST_CASE(A_51_extended_status_off_leaves_out_keys_13_to_25) {
    const ServerProcess server(alone("ExtendedStatus Off\n"));
    const AutoStatus page = await_eight(server, "________", 8);
    BOOST_TEST(page.keys() == auto_keys(false), boost::test_tools::per_element());
    const std::string html = fetch(server.port(), "/server-status").body;
    BOOST_TEST(html.find("in state: _") != std::string::npos);
    BOOST_TEST(html.find("<th>Srv</th>") == std::string::npos);
}

// Both directives are IMMEDIATE: nobody is restarted for them.
BOOST_AUTO_TEST_CASE(A_51_extended_status_and_the_tail_of_requests_change_while_it_serves) {
    const ServerProcess server(kFixture);
    const Mpmctl mpmctl(server.socket());
    const auto shows = [&server](const std::string& what) {
        return fetch(server.port(), "/server-status").body.find(what) != std::string::npos;
    };
    const std::string path = "/begin" + std::string(150, 'x') + "end";
    (void)fetch(server.port(), path);
    BOOST_TEST(becomes_true(1s, [&] { return shows("GET /beginxx"); }));
    BOOST_TEST(mpmctl.run({"set", "ExtendedStatus=Off"}).exit_status == 0);
    BOOST_TEST(
        becomes_true(1s, [&] { return auto_status(server.port()).keys() == auto_keys(false); }));
    BOOST_TEST(becomes_true(1s, [&] { return !shows("/begin"); }));  // the other child, too
    BOOST_TEST(mpmctl.run({"set", "ExtendedStatus=On", "SeeRequestTail=On"}).exit_status == 0);
    BOOST_TEST(becomes_true(1s, [&] {
        (void)fetch(server.port(), path);
        return shows("xxend HTTP/1.1");
    }));
}

}  // namespace mpmd::test
