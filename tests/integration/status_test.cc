// The status page of a real server: what it says of a saturated one, of a restart, of what clients
// sent; and the programs out there that read it, where they are installed.

#include <algorithm>
#include <csignal>
#include <numeric>
#include <regex>

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/auto_status.h"
#include "tests/support/board_view.h"
#include "tests/support/free_port.h"
#include "tests/support/gate.h"
#include "tests/support/program.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using namespace std::chrono_literals;

const std::string kOneChild = std::string(kStatusLines) +
                              "ServerLimit 1\nStartServers 1\nThreadsPerChild 4\n"
                              "MaxRequestWorkers 4\nMinSpareThreads 1\nMaxSpareThreads 4\n"
                              "KeepAliveTimeout 60\nKeepAliveShedAge 0\n";

ServerOptions alone(const std::string& lines) {
    ServerOptions options;
    options.lines = lines;
    options.wait_for_control = false;
    return options;
}

AutoStatus ask(HttpClient& client) {
    return parse_auto(client.get("/server-status?auto"));
}

std::string page(const ServerProcess& server, const std::string& query = "") {
    return fetch(server.port(), "/server-status" + query).body;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// As soon as it has that. A thread puts its row in order when the client has its answer already.
std::string page_with(const ServerProcess& server,
                      const std::string& part,
                      const std::string& query = "") {
    std::string html;
    BOOST_TEST(becomes_true(1s,
                            [&] {
                                html = page(server, query);
                                return contains(html, part);
                            }),
               part << " in " << html);
    return html;
}

std::size_t count_of(const std::string& text, char letter) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), letter));
}

std::vector<std::string> words(const char* first, const std::vector<std::string>& rest) {
    std::vector<std::string> all = {first};
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

void need(const std::string& program) {
    if (::access(program.c_str(), X_OK) != 0) skip((program + " is not installed").c_str());
}

std::string said_by(const std::vector<std::string>& command) {
    Program program(command);
    const Ended ended = program.wait(60s);
    BOOST_TEST_INFO(ended.err);
    BOOST_TEST(ended.exit_status == 0);
    return ended.out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(server_status)

// S-9, U-18: every worker is busy, and the page is there; M-24: and it is in progress itself.
BOOST_AUTO_TEST_CASE(a_saturated_server_still_shows_itself) {
    const ServerProcess server(alone(kOneChild));
    HttpClient monitor(server.port());
    BOOST_TEST(ask(monitor).status == 200);
    std::vector<std::unique_ptr<HttpClient>> sleepers;
    for (int i = 0; i < 4; ++i) {
        sleepers.push_back(std::make_unique<HttpClient>(server.port()));
        sleepers.back()->send(get_request("/mpmd-test/sleep?3600"));
    }
    AutoStatus seen;
    BOOST_TEST(becomes_true(1s, [&] {
        seen = ask(monitor);
        return seen["BusyWorkers"] == "4" && seen["Scoreboard"] == "WWWW" &&
               seen["RequestsInProgress"] == "5" && seen["ConnsTotal"] == "4";
    }));
    BOOST_TEST(seen["BusyWorkers"] == "4");
    BOOST_TEST(seen["IdleWorkers"] == "0");
    BOOST_TEST(seen["Scoreboard"] == "WWWW");
    BOOST_TEST(seen["RequestsInProgress"] == "5");
    BOOST_TEST(seen["ConnsTotal"] == "4");
    const std::string html = monitor.get("/server-status").body;
    BOOST_TEST(contains(html, "5 requests currently being processed, 0 workers gracefully"));
    BOOST_TEST(contains(html, "<td nowrap>GET /mpmd-test/sleep?3600 HTTP/1.1</td>"));
}

std::string line_after(const std::string& text, const std::string& key) {
    const std::size_t at = text.find(key);
    if (at == std::string::npos) return "";
    const std::size_t begin = text.find_first_not_of(' ', at + key.size());
    return text.substr(begin, text.find('\n', begin) - begin);
}

BOOST_AUTO_TEST_CASE(version_and_date_are_those_of_the_command_line) {
    const ServerProcess server(alone(kOneChild));
    const Ended said = Program({program_path("MPMD", "mpmd"), "-V"}).wait();
    const std::string version = line_after(said.out, "Server version:");
    const std::string built = line_after(said.out, "Server built:");
    BOOST_TEST(version.find("mpmd/") == 0U);
    BOOST_TEST(!built.empty());
    HttpClient client(server.port());
    const AutoStatus seen = ask(client);
    BOOST_TEST(seen["ServerVersion"] == version);
    BOOST_TEST(seen["Server Built"] == built);
    BOOST_TEST(contains(page(server), "Server Version: " + version + "</dt>"));
    BOOST_TEST(contains(page(server), "Server Built: " + built + "</dt>"));
    BOOST_TEST(contains(server.error_log(), "Server built: " + built + "\n"));
}

BOOST_AUTO_TEST_CASE(totals_are_what_was_served) {
    const ServerProcess server(alone(kOneChild));
    HttpClient monitor(server.port());
    const auto total = [](const AutoStatus& seen) { return std::stoul(seen["Total Accesses"]); };
    const AutoStatus before = ask(monitor);
    for (int i = 0; i < 20; ++i)
        (void)monitor.get("/small.txt");
    (void)monitor.get("/mpmd-test/sleep?0.3");
    const AutoStatus after = ask(monitor);
    BOOST_TEST(total(after) == total(before) + 22);  // and the page before
    BOOST_TEST(std::stoul(after["RequestsOnListener"]) + std::stoul(after["RequestsOnWorkers"]) ==
               total(after));
    BOOST_TEST(std::stoul(after["Total Duration"]) >= 300U);
    std::string html;
    std::smatch row;
    const std::regex sleeper(
        "<td>_</td><td>[0-9.]+</td><td>[0-9]+</td><td>([0-9]+)</td><td>([0-9]+)</td>[^\\n]*sleep");
    // The thread shows that it is idle when its client has long been answered.
    BOOST_REQUIRE(becomes_true(1s, [&] {
        html = monitor.get("/server-status").body;
        return std::regex_search(html, row, sleeper);
    }));
    BOOST_TEST(std::stoul(row[1]) >= 300U);  // Req
    BOOST_TEST(std::stoul(row[2]) >= 300U);  // Dur
}

// S-7: httpd shows the whole process' processor time in every row.
BOOST_AUTO_TEST_CASE(the_processor_time_of_a_row_is_its_threads) {
    Gate gate;
    const ServerProcess server(alone(gate.lines() + kOneChild));
    HttpClient client(server.port());
    HttpClient other(server.port());
    for (HttpClient* waiter : {&client, &other})
        waiter->send(get_request(Gate::kPath));
    // At the same time: rows of two threads.
    BOOST_REQUIRE(
        becomes_true(1s, [&] { return running_requests(server.pid(), Gate::kPath) == 2; }));
    gate.open();
    for (HttpClient* waiter : {&client, &other})
        BOOST_TEST(waiter->receive().status == 200);
    const auto rows = [](const std::string& html) {
        std::vector<double> seconds;
        const std::regex row("<td>_</td><td>([0-9.]+)</td>");
        for (std::sregex_iterator at(html.begin(), html.end(), row), end; at != end; ++at)
            seconds.push_back(std::stod((*at)[1]));
        return seconds;
    };
    std::vector<double> seconds;
    BOOST_REQUIRE(becomes_true(5s, [&] {
        (void)client.get("/mpmd-test/bytes?30000000");
        seconds = rows(page(server));
        return std::accumulate(seconds.begin(), seconds.end(), 0.0) > 0.05 && seconds.size() >= 2;
    }));
    const double all = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    BOOST_REQUIRE(becomes_true(3s, [&] {
        HttpClient fresh(server.port());  // the other may be at its last request
        const AutoStatus seen = ask(fresh);
        return std::stod(seen["CPUUser"]) + std::stod(seen["CPUSystem"]) >= all;
    }));
}

// S-2, S-8, P-6, A-25's view of it; and what is left of a child in its slot.
BOOST_AUTO_TEST_CASE(an_old_generation_is_shown_as_stopping_and_busy) {
    Gate gate;
    const ServerProcess server(
        alone(gate.lines() + kStatusLines +
              "ServerLimit 6\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 16\n"
              "MinSpareThreads 1\nMaxSpareThreads 5\n"));
    (void)fetch(server.port(), "/mpmd-test/sleep?0.05");
    const AutoStatus before = auto_status(server.port());
    HttpClient waiter(server.port());
    waiter.send(get_request(Gate::kPath, "Connection: close\r\n"));
    BOOST_REQUIRE(
        becomes_true(1s, [&] { return running_requests(server.pid(), Gate::kPath) == 1; }));
    server.signal(SIGUSR1);
    AutoStatus seen;
    BOOST_REQUIRE(becomes_true(2s, [&] {
        seen = auto_status(server.port());
        return seen["ParentServerMPMGeneration"] == "1" && seen["Stopping"] == "1" &&
               seen["Processes"] == "2" && seen["BusyWorkers"] == "1" &&
               seen["IdleWorkers"] == "4" && count_of(seen["Scoreboard"], '.') == 11U &&
               count_of(seen["Scoreboard"], 'W') == 1U;
    }));
    BOOST_TEST(seen["ParentServerConfigGeneration"] == "2");
    BOOST_TEST(seen["BusyWorkers"] == "1");
    BOOST_TEST(seen["Processes"] == "2");
    BOOST_TEST(seen["RestartTime"] == before["RestartTime"]);
    BOOST_TEST(std::stoul(seen["Total Accesses"]) > std::stoul(before["Total Accesses"]));
    // Its idle workers have left (4.5, E-16): four waiting ones are the new child's.
    BOOST_TEST(seen["GracefulWorkers"] == "0");
    BOOST_TEST(count_of(seen["Scoreboard"], '_') == 4U);
    BOOST_TEST(count_of(seen["Scoreboard"], 'W') == 1U);
    BOOST_TEST(contains(page(server), "<td>yes (old gen)</td>"));

    gate.open();
    BOOST_TEST(waiter.receive().status == 200);
    BOOST_REQUIRE(becomes_true(3s, [&] {
        seen = auto_status(server.port());
        return seen["Processes"] == "1" && seen["Stopping"] == "0";
    }));
    // The table keeps what was done in the slot that is free now.
    const std::string html = page_with(server, "-0</b></td><td>-</td><td>0/0/");
    BOOST_TEST(!contains(html, "old gen"));
}

// A-26's view of it.
BOOST_AUTO_TEST_CASE(a_hard_restart_begins_all_counts_anew) {
    const ServerProcess server(alone(kOneChild));
    for (int i = 0; i < 5; ++i)
        (void)fetch(server.port(), "/mpmd-test/sleep?0.01");
    server.signal(SIGHUP);
    // The old child answers until it is told, in the new generation and epoch too.
    std::string html;
    BOOST_REQUIRE(becomes_true(2s, [&] {
        html = page(server);
        return contains(html, "MPM Generation: 1<") && !contains(html, "old gen");
    }));
    BOOST_TEST(auto_status(server.port())["RequestsOnWorkers"] == "0");
    BOOST_TEST(!contains(html, "sleep"), html);
}

BOOST_AUTO_TEST_CASE(what_clients_send_is_shown_as_text) {
    const ServerProcess server(alone(kOneChild));
    HttpClient client(server.port());
    client.send("GET /<script>alert('x')</script>?\"&<b> HTTP/1.1\r\nHost: a'&b\r\n\r\n");
    (void)client.receive();
    for (const char* query : {"", "?notable"}) {
        const std::string html = page_with(server, "a&#39;&amp;b", query);
        BOOST_TEST(!contains(html, "<script"));
        BOOST_TEST(!contains(html, "<b> HTTP"));
    }
    client.send("GET /server-status HTTP/1.1\r\nHost: x'&amp\r\n\r\n");
    BOOST_TEST(contains(client.receive().body, "Status for x&#39;&amp;amp (via 127.0.0.1)"));
}

BOOST_AUTO_TEST_CASE(long_targets_keep_their_beginning_or_their_end) {
    const std::string path = "/begin" + std::string(150, 'x') + "end";
    {
        const ServerProcess server(alone(kOneChild));
        (void)fetch(server.port(), path);
        const std::string html = page_with(server, "GET /beginxx");
        BOOST_TEST(!contains(html, "xend"));
    }
    const ServerProcess server(alone(kOneChild + "SeeRequestTail On\n"));
    (void)fetch(server.port(), path);
    const std::string html = page_with(server, "xxend HTTP/1.1");
    BOOST_TEST(!contains(html, "/begin"));
}

BOOST_AUTO_TEST_CASE(access_is_for_whom_require_names) {
    const ServerProcess server(
        alone(kOneChild +
              "<Location \"/private\">\nRequire all denied\n</Location>\n"
              "<Location \"/server-status/closed\">\nRequire all denied\n</Location>\n"));
    BOOST_TEST(fetch(server.port(), "/server-status").status == 200);
    BOOST_TEST(fetch(server.port(), "/server-status/").status == 200);
    BOOST_TEST(fetch(server.port(), "/server-statusx").status == 404);
    BOOST_TEST(fetch(server.port(), "/server-status/closed").status == 403);
    BOOST_TEST(fetch(server.port(), "/private/a.txt").status == 403);
    BOOST_TEST(fetch(server.port(), "//%70rivate").status == 403);
    HttpClient client(server.port());
    client.send("POST /server-status HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    BOOST_TEST(client.receive().status == 404);
}

// W-8: httpd has no process table and no Conns keys under its worker model.
BOOST_AUTO_TEST_CASE(the_worker_model_has_all_of_the_page) {
    const ServerProcess server(alone("MPM worker\n" + kOneChild));
    AutoStatus seen;
    BOOST_TEST(becomes_true(1s, [&] {
        seen = auto_status(server.port());
        return seen["BusyWorkers"] == "1";  // there a thread makes the page
    }));
    BOOST_TEST(seen["ServerMPM"] == "worker");
    BOOST_TEST(seen["Processes"] == "1");
    BOOST_TEST(seen["ConnsAsyncKeepAlive"] == "0");
    BOOST_TEST(seen["Scoreboard"].size() == 4U);
    BOOST_TEST(contains(page(server), "<th>accepting</th>"));
}

// ---- readers

BOOST_AUTO_TEST_CASE(w3m_shows_the_page) {
    need("/usr/bin/w3m");
    const ServerProcess server(alone(kOneChild));
    const std::string text =
        said_by({"/usr/bin/w3m", "-dump", "-cols", "160",
                 "http://127.0.0.1:" + std::to_string(server.port()) + "/server-status"});
    BOOST_TEST(contains(text, "Server MPM: event"));
    BOOST_TEST(contains(text, "0 workers gracefully restarting, 4 idle workers"));
    BOOST_TEST(std::regex_search(text, std::regex("0 +\\d+ +no +0 +yes +0 +0 +4 +0 +0 +0 +0")));
    BOOST_TEST(contains(text, "\n____\n"));
}

BOOST_AUTO_TEST_CASE(munin_plugins_read_the_page) {
    const std::string folder = "/usr/share/munin/plugins/";
    need(folder + "apache_accesses");
    const ServerProcess server(alone(kOneChild));
    const std::string port = std::to_string(server.port());
    const auto run = [&](const std::string& plugin, const std::vector<std::string>& more = {}) {
        std::vector<std::string> command =
            words("/usr/bin/env", {"ports=" + port, "MUNIN_LIBDIR=/usr/share/munin",
                                   "MUNIN_PLUGSTATE=" + server.dir().path().string(),
                                   "/usr/bin/perl", folder + "apache_" + plugin});
        command.insert(command.end(), more.begin(), more.end());
        return said_by(command);
    };
    const std::string configured = run("accesses", {"autoconf"});
    if (contains(configured, "LWP::UserAgent not found")) skip("libwww-perl is not installed");
    BOOST_TEST(configured == "yes\n");
    BOOST_TEST(std::regex_search(run("accesses"), std::regex("accesses" + port + "\\.value \\d+")));
    BOOST_TEST(std::regex_search(run("volume"), std::regex("volume" + port + "\\.value \\d+")));
    const std::string processes = run("processes");
    BOOST_TEST(contains(processes, "busy" + port + ".value 0\n"));
    BOOST_TEST(contains(processes, "idle" + port + ".value 4\n"));
    BOOST_TEST(contains(processes, "free" + port + ".value 0\n"));
}

BOOST_AUTO_TEST_CASE(the_prometheus_exporter_reads_the_page) {
    need("/usr/bin/prometheus-apache-exporter");
    const ServerProcess server(alone(kOneChild));
    const FreePort port;
    Program exporter(words(
        "/usr/bin/prometheus-apache-exporter",
        {"--scrape_uri=http://127.0.0.1:" + std::to_string(server.port()) + "/server-status/?auto",
         "--telemetry.address=127.0.0.1:" + std::to_string(port.number())}));
    const std::vector<std::string> lines = {"apache_up 1\n",
                                            "apache_workers{state=\"busy\"} 0\n",
                                            "apache_workers{state=\"idle\"} 4\n",
                                            "apache_processes{state=\"all\"} 1\n",
                                            "apache_scoreboard{state=\"idle\"} 4\n",
                                            "apache_scoreboard{state=\"open_slot\"} 0\n",
                                            "apache_connections{state=\"total\"} 0\n",
                                            "apache_generation{type=\"config\"} 1\n",
                                            "apache_generation{type=\"mpm\"} 0\n"};
    std::string text;
    BOOST_TEST(becomes_true(2s, [&] {
        HttpClient client(port.number());
        if (client.connected()) text = client.get("/metrics", "Connection: close\r\n").body;
        return std::all_of(lines.begin(), lines.end(),
                           [&](const std::string& line) { return contains(text, line); });
    }));
    for (const std::string& line : lines)
        BOOST_TEST(contains(text, line), line << text);
    for (const char* metric :
         {"apache_accesses_total", "apache_sent_kilobytes_total", "apache_duration_ms_total",
          "apache_uptime_seconds_total", "apache_load", "apache_cpu_time_ms_total", "apache_info"})
        BOOST_TEST(contains(text, std::string("\n") + metric), metric);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
