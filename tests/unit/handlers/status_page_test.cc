// The status page over a scoreboard made by hand. Its texts are files in tests/golden/status;
// MPMD_GOLDEN=write writes them anew; look at the difference before it is committed.

#include "daemon/handlers/status_page.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "daemon/handlers/server_status.h"
#include "tests/unit/handlers/asked.h"
#include "tests/unit/handlers/status_board.h"

namespace mpmd::handlers {
namespace {

using scoreboard::ConnectionState;
using test::Asked;
using test::StatusBoard;

void check_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(MPMD_GOLDEN_DIR) + "/" + name;
    const char* mode = std::getenv("MPMD_GOLDEN");
    if (mode != nullptr && std::string_view(mode) == "write") {
        std::ofstream(path) << text;
        return;
    }
    std::stringstream expected;
    expected << std::ifstream(path).rdbuf();
    BOOST_TEST_INFO("text " << path << ", made:\n" << text);
    BOOST_TEST((expected.str() == text));
}

StatusMoment moment() {
    StatusMoment moment;
    moment.wall_us = 1'000'003'723'000'000;
    moment.mono_ns = 1000 * test::kSecond;
    moment.load = {0.5, 1.25, 10};
    moment.asking_slot = 0;
    moment.asking_state = static_cast<std::uint8_t>(ConnectionState::Reading);
    moment.with_workers = true;
    return moment;
}

StatusFigures figures_of(const StatusBoard& board, const StatusMoment& at = moment()) {
    StatusFigures figures = take_figures(board.view(), at);
    figures.current_time = "Sunday, 09-Sep-2001 02:48:43 UTC";
    figures.restart_time = "Sunday, 09-Sep-2001 01:46:40 UTC";
    return figures;
}

std::string html_of(const StatusBoard& board, bool as_table) {
    return status_html_head("www.example.org", "192.0.2.1") +
           status_html(figures_of(board), as_table);
}

std::vector<std::string> keys_of(const std::string& text) {
    std::vector<std::string> keys;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        keys.push_back(line.substr(0, line.find(": ")));
    return keys;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status_page)

BOOST_AUTO_TEST_CASE(the_text_for_programs) {
    check_golden("auto.txt", status_auto(figures_of(StatusBoard())));
}

BOOST_AUTO_TEST_CASE(the_page) {
    check_golden("page.html", html_of(StatusBoard(), true));
}

BOOST_AUTO_TEST_CASE(the_page_without_table) {
    check_golden("notable.html", html_of(StatusBoard(), false));
}

BOOST_AUTO_TEST_CASE(the_page_without_extended_status) {
    StatusBoard board;
    board.global.extended_status = 0;
    board.publish();
    check_golden("plain.html", html_of(board, true));
    check_golden("plain-auto.txt", status_auto(figures_of(board)));
}

// A-50, 7.3.
BOOST_AUTO_TEST_CASE(keys_are_httpds_in_its_order_and_ours_come_last) {
    const std::vector<std::string> expected = {"ServerVersion",
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
                                               "Load15",
                                               "Total Accesses",
                                               "Total kBytes",
                                               "Total Duration",
                                               "CPUUser",
                                               "CPUSystem",
                                               "CPUChildrenUser",
                                               "CPUChildrenSystem",
                                               "CPULoad",
                                               "Uptime",
                                               "ReqPerSec",
                                               "BytesPerSec",
                                               "BytesPerReq",
                                               "DurationPerReq",
                                               "BusyWorkers",
                                               "GracefulWorkers",
                                               "IdleWorkers",
                                               "Processes",
                                               "Stopping",
                                               "ConnsTotal",
                                               "ConnsAsyncWaitIO",
                                               "ConnsAsyncWriting",
                                               "ConnsAsyncKeepAlive",
                                               "ConnsAsyncClosing",
                                               "Scoreboard",
                                               "ListenerBusy",
                                               "RequestsOnListener",
                                               "RequestsOnWorkers",
                                               "RequestsInProgress"};
    const auto keys = keys_of(status_auto(figures_of(StatusBoard())));
    BOOST_TEST(keys == expected, boost::test_tools::per_element());
}

// httpd's worker has no keys of connections: its Scoreboard follows IdleWorkers.
BOOST_AUTO_TEST_CASE(under_worker_the_keys_of_connections_are_ours) {
    StatusBoard board;
    board.global.model = 1;
    board.publish();
    const auto keys = keys_of(status_auto(figures_of(board)));
    const auto idle = std::find(keys.begin(), keys.end(), "IdleWorkers");
    BOOST_REQUIRE(keys.end() - idle > 12);
    BOOST_TEST(idle[1] == "Scoreboard");
    BOOST_TEST(idle[2] == "Processes");
    BOOST_TEST(idle[8] == "ConnsAsyncClosing");
    BOOST_TEST(idle[9] == "ListenerBusy");
}

//
BOOST_AUTO_TEST_CASE(without_extended_status_keys_13_to_25_are_absent) {
    StatusBoard board;
    board.global.extended_status = 0;
    board.publish();
    const auto keys = keys_of(status_auto(figures_of(board)));
    BOOST_TEST(keys.at(11) == "Load15");
    BOOST_TEST(keys.at(12) == "BusyWorkers");
    BOOST_TEST(keys.back() == "RequestsInProgress");
    BOOST_TEST(figures_of(board).workers.empty());
}

BOOST_AUTO_TEST_CASE(averages_are_left_out_where_there_is_nothing_to_average) {
    StatusFigures figures;
    const auto absent = [&figures](const std::string& key) {
        const auto keys = keys_of(status_auto(figures));
        return std::find(keys.begin(), keys.end(), key) == keys.end();
    };
    for (const char* key : {"CPULoad", "ReqPerSec", "BytesPerSec", "BytesPerReq", "DurationPerReq"})
        BOOST_TEST(absent(key), key);
    BOOST_TEST(!absent("Uptime"));
    figures.uptime = 5;
    BOOST_TEST(absent("CPULoad"));
    BOOST_TEST(!absent("ReqPerSec"));
    figures.cpu_gone_system = 0.5;
    figures.accesses = 1;
    BOOST_TEST(!absent("CPULoad"));
    BOOST_TEST(!absent("DurationPerReq"));
}

// S-2 and 7.3: a server whose old children do the work is not idle; idle is who can be used.
BOOST_AUTO_TEST_CASE(busy_counts_stopping_children_and_idle_does_not) {
    const StatusFigures figures = figures_of(StatusBoard());
    BOOST_TEST(figures.busy == 5U);  // W, then W K of the old one, C L of the one beyond
    BOOST_TEST(figures.graceful == 1U);
    BOOST_TEST(figures.idle == 2U);
    BOOST_TEST(figures.stopping == 2U);
    BOOST_TEST(figures.children.size() == 3U);
}

// S-4: what httpd's readers count on.
BOOST_AUTO_TEST_CASE(the_map_has_dots_for_free_slots_below_the_active_limit_only) {
    BOOST_TEST(figures_of(StatusBoard()).letters ==
               "W__S"
               "...."
               "GWK_"
               "...."
               "C....L");
}

// S-1, A-18, A-2: one connection less than there are, one request more than was counted.
BOOST_AUTO_TEST_CASE(the_page_leaves_out_its_own_connection_and_counts_its_request) {
    StatusMoment at = moment();
    const StatusBoard board;
    StatusFigures figures = figures_of(board, at);
    BOOST_TEST(figures.connections == 2 + 1 + 3 + 70 + 1 + 2 - 1U);
    BOOST_TEST(figures.in(ConnectionState::Reading) == 1U);
    BOOST_TEST(figures.in(ConnectionState::KeepAlive) == 70U);
    BOOST_TEST(figures.in_progress == 2U);
    // One that asks again is counted as kept alive until its answer is out.
    at.asking_state = static_cast<std::uint8_t>(ConnectionState::KeepAlive);
    figures = figures_of(board, at);
    BOOST_TEST(figures.in(ConnectionState::KeepAlive) == 69U);
    // A worker's request is in progress already.
    at.asked_on_listener = false;
    BOOST_TEST(figures_of(board, at).in_progress == 1U);
}

BOOST_AUTO_TEST_CASE(totals_are_of_listeners_and_workers_and_of_the_dead) {
    const StatusFigures figures = figures_of(StatusBoard());
    BOOST_TEST(figures.on_listener == 1000 + 5000 + 10U);
    BOOST_TEST(figures.on_workers == 40 + 21 + 5U);
    BOOST_TEST(figures.accesses == 6010 + 66U);
    BOOST_TEST(figures.duration_ms == 15000);
    BOOST_TEST(figures.cpu_user == 0.03 + 3 * 1.5, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(children_of_before_a_hard_restart_do_not_count) {
    StatusBoard board;
    board.global.epoch = 2;
    board.global.gone_requests_on_listener = board.global.gone_requests_on_workers = 0;
    board.publish();
    BOOST_TEST(figures_of(board).accesses == 0U);
    BOOST_TEST(figures_of(board).cpu_user == 0.03, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(threads_that_rest_and_never_worked_have_no_row_and_a_free_slot_its_past) {
    const StatusFigures figures = figures_of(StatusBoard());
    std::vector<std::string> rows;
    for (const StatusWorker& worker : figures.workers)
        rows.push_back(std::to_string(worker.slot) + scoreboard::letter(worker.row.state) +
                       (worker.pid == 0 ? "-" : ""));
    const std::vector<std::string> expected = {"0W", "0_", "0S", "2G", "2W",
                                               "2K", "5C", "5L", "1.-"};
    BOOST_TEST(rows == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_that_a_client_sent_is_html) {
    for (const bool as_table : {true, false}) {
        const std::string html = html_of(StatusBoard(), as_table);
        BOOST_TEST(html.find("<script") == std::string::npos);
        BOOST_TEST(html.find("<img") == std::string::npos);
        BOOST_TEST(html.find('\x1b') == std::string::npos);
        BOOST_TEST(html.find("secret") == std::string::npos);
        BOOST_TEST(html.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?a&amp;b\\xff\\x1b") !=
                   std::string::npos);
    }
    BOOST_TEST(status_html_head("a'\"<b>", "::1").find("<b>") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_large_server_has_a_bounded_table) {
    StatusBoard board;
    for (std::uint32_t slot = 6; slot < 6 + 20; ++slot) {
        auto place = board.child(slot, 2, 128);
        for (std::uint32_t thread = 0; thread < 128; ++thread)
            StatusBoard::set(place, thread, scoreboard::WorkerState::Writing);
        board.segment.child(slot).write(place.row);
    }
    board.global.high_slot = 26;
    board.publish();
    const StatusFigures figures = figures_of(board);
    BOOST_TEST(figures.workers.size() == kStatusWorkers);
    BOOST_TEST(figures.workers_left_out == 20 * 128 + 9 - kStatusWorkers);
    BOOST_TEST(figures.busy == 5 + 20 * 128U);
    BOOST_TEST(html_of(board, true).find(" more workers are not shown") != std::string::npos);
}

// ---- the handler

BOOST_AUTO_TEST_CASE(the_handler_answers_on_the_listener_and_on_workers) {
    const StatusBoard board;
    ServerStatus status(board.view(), 0, "");
    http::Response response;
    const Asked asked("/server-status?auto&refresh=7");
    status.answer(asked.request, response);
    BOOST_TEST(response.status == 200);
    BOOST_TEST(test::has_line(response, "Content-Type: text/plain; charset=ISO-8859-1"));
    BOOST_TEST(test::has_line(response, "Refresh: 7"));
    BOOST_TEST(test::memory_of(response).starts_with("a\nServerVersion: mpmd/0.2.0 (Debian)\n"));
    BOOST_TEST(test::memory_of(response).find("RequestsInProgress: 2\n") != std::string::npos);
    status.run(asked.request, response);
    BOOST_TEST(test::memory_of(response).find("RequestsInProgress: 1\n") != std::string::npos);

    const Asked page("/server-status");
    status.answer(page.request, response);
    BOOST_TEST(test::has_line(response, "Content-Type: text/html; charset=ISO-8859-1"));
    BOOST_TEST(test::line_value(response, "Refresh") == "");
    const std::string body = test::memory_of(response);
    BOOST_TEST(body.find("<h1>mpmd Server Status for a (via 0.0.0.0)</h1>") != std::string::npos);

    const Asked head("/server-status", "", "HEAD");
    status.answer(head.request, response);
    BOOST_TEST(response.status == 200);
    BOOST_TEST(test::memory_of(response) == "(no memory body)");
    BOOST_TEST(response.declared_length.value_or(0) > 1000U);
}

BOOST_AUTO_TEST_CASE(other_methods_and_a_missing_board_are_not_found) {
    const StatusBoard board;
    ServerStatus status(board.view(), 0, "");
    http::Response response;
    for (const char* method : {"POST", "PUT", "OPTIONS", "DELETE", "BREW"}) {
        const Asked asked("/server-status", "Content-Length: 0\r\n", method);
        status.answer(asked.request, response);
        BOOST_TEST(response.status == 404, method);
        status.run(asked.request, response);
        BOOST_TEST(response.status == 404, method);
    }
    ServerStatus none({}, 0, "");
    const Asked asked("/server-status");
    none.answer(asked.request, response);
    BOOST_TEST(response.status == 404);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::handlers
