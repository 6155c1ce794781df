// CGI from the configuration file to mpmctl: limits, a script in the list of connections.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::test {
namespace {

const std::string kHead = "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\n";

// A directory of scripts that everybody may enter.
struct ScriptDir {
    TempDir dir;
    ScriptDir() {
        std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
        dir.write("cgi/README", "no script\n");
    }
    [[nodiscard]] std::string alias() const {
        return "ScriptAlias /cgi-bin/ \"" + (dir / "cgi") + "\"\n";
    }
};

struct CgiServer {
    ScriptDir scripts;
    ServerProcess server;

    explicit CgiServer(const std::string& lines) : server(scripts.alias() + lines) {}
    void script(const std::string& name, const std::string& body) const {
        std::filesystem::permissions(scripts.dir.write("cgi/" + name, kHead + body),
                                     std::filesystem::perms(0755));
    }
    [[nodiscard]] std::string body_of(const std::string& path) const {
        return fetch(server.port(), path).body;
    }
};

// A script that obeys nobody, and a process that it has started: both ignore TERM and wait.
struct Stubborn {
    HttpClient client;
    pid_t leader = 0;
    pid_t other = 0;

    explicit Stubborn(const CgiServer& cgi) : client(cgi.server.port()) {
        cgi.script("stubborn",
                   "trap '' TERM HUP INT PIPE\n(while :; do sleep 1000; done) &\necho $$ $!\nwait\n"
                   "while :; do sleep 1000; done\n");
        client.send(get_request("/cgi-bin/stubborn"));
        BOOST_REQUIRE(becomes_true(std::chrono::seconds(2), [&] {
            for (const pid_t child : cgi.server.children())
                for (const Process& script : children_of(child)) {
                    const std::vector<Process> its = children_of(script.pid);
                    leader = script.pid;
                    other = its.empty() ? 0 : its.front().pid;
                }
            return other != 0;
        }));
    }
    [[nodiscard]] bool both_gone() const {
        return becomes_true(std::chrono::seconds(2),
                            [&] { return has_gone(leader) && has_gone(other); });
    }
    // Whatever the test found: nothing stays behind.
    ~Stubborn() {
        if (!has_gone(leader) || !has_gone(other)) ::kill(-leader, SIGKILL);
    }
};

// One child, and regulation is content with it.
const std::string kOneChild = "StartServers 1\nMinSpareThreads 1\nMaxSpareThreads 30\n";

BOOST_AUTO_TEST_SUITE(cgi_server)

BOOST_AUTO_TEST_CASE(resource_limits_hold_for_scripts_and_not_for_the_server) {
    // The children of other tests are the same user's and count: far more than they are together.
    rlimit own_limit{};
    BOOST_REQUIRE(::getrlimit(RLIMIT_NPROC, &own_limit) == 0);
    const rlim_t most = std::min<rlim_t>(own_limit.rlim_max, 30000);
    const std::string hard = std::to_string(most);
    const std::string soft = std::to_string(most - 1000);
    const CgiServer cgi("RLimitCPU 7 9\nRLimitMEM 200000000\nRLimitNPROC " + soft + " " + hard +
                        "\n");
    cgi.script("limits", "cat /proc/self/limits; echo $0\n");
    const std::string text = cgi.body_of("/cgi-bin/limits");
    BOOST_TEST_CONTEXT(text) {
        const auto row = [&](const std::string& name) {
            const std::size_t at = text.find(name);
            return text.substr(at, text.find('\n', at) - at);
        };
        BOOST_TEST(row("Max cpu time").find(" 7  ") != std::string::npos);
        BOOST_TEST(row("Max cpu time").find(" 9  ") != std::string::npos);
        BOOST_TEST(row("Max address space").find(" 200000000  ") != std::string::npos);
        BOOST_TEST(row("Max processes").find(" " + soft + "  ") != std::string::npos);
        BOOST_TEST(row("Max processes").find(" " + hard + "  ") != std::string::npos);
        BOOST_TEST(text.ends_with("/cgi/limits\n"));  // the script's own name
    }
    std::ifstream own("/proc/" + std::to_string(cgi.server.children().front()) + "/limits");
    const std::string mine((std::istreambuf_iterator<char>(own)), {});
    BOOST_TEST(mine.find(" 200000000  ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_script_that_uses_up_its_processor_time_is_ended) {
    // A second of it may take many where others want the processor, too.
    const CgiServer cgi("RLimitCPU 1 1\nCGIScriptTimeout 600\n");
    cgi.script("spin", "while :; do :; done\n");
    HttpClient client(cgi.server.port(), std::chrono::seconds(150));
    client.send(get_request("/cgi-bin/spin"));
    const HttpResponse answer = client.receive();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(becomes_true(std::chrono::seconds(1), [&] {
        for (const pid_t child : cgi.server.children())
            if (!children_of(child).empty()) return false;
        return true;
    }));
}

BOOST_AUTO_TEST_CASE(a_running_script_is_in_the_list_with_its_pid_and_age) {
    const CgiServer cgi("");
    const std::string fifo = cgi.scripts.dir / "fifo";
    BOOST_REQUIRE(::mkfifo(fifo.c_str(), 0666) == 0);
    ::chmod(fifo.c_str(), 0666);
    cgi.script("wait", "echo $$; read line < '" + fifo + "'; echo $line\n");
    HttpClient client(cgi.server.port());
    client.send(get_request("/cgi-bin/wait?x=y"));
    const Mpmctl mpmctl(cgi.server.socket());

    Json rows;
    BOOST_TEST(becomes_true(std::chrono::seconds(2), [&] {
        rows = mpmctl.connections("script_pid > 0 and script_age > 50ms");
        return rows.size() == 1;
    }));
    const std::string table = mpmctl.run({"conns", "script_pid > 0"}).out;
    std::ofstream(fifo) << "go\n";
    const HttpResponse answer = client.receive();

    BOOST_REQUIRE(rows.size() == 1u);
    const std::string pid = answer.body.substr(0, answer.body.find('\n'));
    BOOST_TEST(std::to_string(number(rows[0].at("script_pid"))) == pid);
    BOOST_TEST(number(rows[0].at("script_age_ms")) >= 50u);
    BOOST_TEST(rows[0].at("state") == "running");
    BOOST_TEST(rows[0].at("target") == "/cgi-bin/wait?x=y");
    BOOST_TEST(table.find("(script " + pid + " for ") != std::string::npos);
    BOOST_TEST(becomes_true(std::chrono::seconds(2),
                            [&] { return mpmctl.connections("script_pid > 0").empty(); }));
}

BOOST_DATA_TEST_CASE(a_script_and_what_it_started_end_with_a_child_that_dies,
                     boost::unit_test::data::make({SIGKILL, SIGSEGV}),
                     number) {
    const CgiServer cgi(kOneChild);
    const Stubborn script(cgi);
    const std::vector<pid_t> children = cgi.server.children();
    BOOST_REQUIRE(children.size() == 1u);
    ::kill(children.front(), number);
    BOOST_TEST(script.both_gone());
    BOOST_TEST(becomes_true(std::chrono::seconds(2), [&] {
        const std::vector<pid_t> now = cgi.server.children();
        return !now.empty() && now.front() != children.front();
    }));
    BOOST_TEST(cgi.server.control() > 0);  // a process group of its own as well
    BOOST_TEST(becomes_true(std::chrono::seconds(1), [&] {
        return cgi.server.error_log().find("is killed with its process group") != std::string::npos;
    }));
}

BOOST_AUTO_TEST_CASE(a_script_ends_with_a_server_whose_child_has_to_be_killed) {
    CgiServer cgi(kOneChild + "StopTimeout 1\n");
    const Stubborn script(cgi);
    ::kill(cgi.server.children().front(), SIGSTOP);  // it ends nothing any more
    BOOST_TEST(cgi.server.stop() == 0);
    BOOST_TEST(script.both_gone());
}

BOOST_AUTO_TEST_CASE(a_slow_body_is_wait_io_in_the_list_and_in_status) {
    ServerProcess server;
    HttpClient client(server.port());
    client.send("POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(becomes_true(std::chrono::seconds(2), [&] {
        return mpmctl.connections("state = wait_io and thread = none").size() == 1;
    }));
    client.send("cd");
    BOOST_TEST(client.receive().body == "abcd");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
