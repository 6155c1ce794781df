// CGI from the configuration file to mpmctl: limits, a script in the list of connections.

#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/stat.h>

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

BOOST_AUTO_TEST_SUITE(cgi_server)

BOOST_AUTO_TEST_CASE(resource_limits_hold_for_scripts_and_not_for_the_server) {
    const CgiServer cgi("RLimitCPU 7 9\nRLimitMEM 200000000\nRLimitNPROC 1000 2000\n");
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
        BOOST_TEST(row("Max processes").find(" 1000  ") != std::string::npos);
        BOOST_TEST(row("Max processes").find(" 2000  ") != std::string::npos);
        BOOST_TEST(text.ends_with("/cgi/limits\n"));  // the script's own name
    }
    std::ifstream own("/proc/" + std::to_string(cgi.server.children().front()) + "/limits");
    const std::string mine((std::istreambuf_iterator<char>(own)), {});
    BOOST_TEST(mine.find(" 200000000  ") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_script_that_uses_up_its_processor_time_is_ended) {
    const CgiServer cgi("RLimitCPU 1 1\n");
    cgi.script("spin", "while :; do :; done\n");
    HttpClient client(cgi.server.port());
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

BOOST_AUTO_TEST_CASE(a_slow_body_is_wait_io_in_the_list_and_in_status) {
    ServerProcess server;
    HttpClient client(server.port());
    client.send("POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nab");
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(becomes_true(std::chrono::seconds(2),
                            [&] { return mpmctl.connections("state = wait_io").size() == 1; }));
    BOOST_TEST(mpmctl.connections("state = wait_io and thread = none").size() == 1u);
    client.send("cd");
    BOOST_TEST(client.receive().body == "abcd");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
