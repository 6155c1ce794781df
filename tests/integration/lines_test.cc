// Lines of the configuration whose effect is one that a client, a log or a script sees: each from
// the file to what it does, in a real server, and what is there without it.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/http_client.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// One child and never another: what one has learned or was told, the next request meets.
const std::string kOne =
    "StartServers 1\nServerLimit 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\n"
    "MaxSpareThreads 8\n";

ServerOptions alone(const std::string& lines) {
    ServerOptions options;
    options.lines = kOne + lines;
    options.wait_for_control = false;
    return options;
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Limit {
    const char* line;
    std::string path;
    std::string headers;
    int status;
    friend std::ostream& operator<<(std::ostream& out, const Limit& limit) {
        return out << limit.line;
    }
};

const Limit kLimits[] = {
    {"LimitRequestLine 100", "/small.txt?" + std::string(100, 'a'), "", 414},
    {"LimitRequestFields 3", "/small.txt", "A: 1\r\nB: 2\r\nC: 3\r\n", 431},  // and Host
    {"LimitRequestFieldSize 64", "/small.txt", "A: " + std::string(80, 'a') + "\r\n", 431},
};

// A directory that children may enter.
struct Place {
    TempDir dir;
    Place() { std::filesystem::permissions(dir.path(), std::filesystem::perms(0755)); }
    [[nodiscard]] std::string script(const std::string& name, const std::string& body) const {
        std::filesystem::permissions(dir.write("cgi/" + name, "#!/bin/sh\n" + body),
                                     std::filesystem::perms(0755));
        return "ScriptAlias /cgi-bin/ \"" + (dir / "cgi") + "\"\n";
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(lines)

BOOST_DATA_TEST_CASE(a_request_beyond_a_limit_is_refused, boost::unit_test::data::make(kLimits)) {
    const ServerProcess limited(alone(std::string(sample.line) + "\n"));
    BOOST_TEST(fetch(limited.port(), "/small.txt").status == 200);
    BOOST_TEST(HttpClient(limited.port()).get(sample.path, sample.headers).status == sample.status);
    const ServerProcess free(alone(""));
    BOOST_TEST(HttpClient(free.port()).get(sample.path, sample.headers).status == 200);
}

BOOST_AUTO_TEST_CASE(TypesConfig_names_the_content_types) {
    const Place place;
    const std::string types = place.dir.write("types", "# ours\nx-made/up  txt text\n");
    std::filesystem::permissions(types, std::filesystem::perms(0644));
    const ServerProcess server(alone("TypesConfig \"" + types + "\"\n"));
    BOOST_TEST(fetch(server.port(), "/small.txt").header("content-type") == "x-made/up");
    const ServerProcess other(alone(""));
    BOOST_TEST(fetch(other.port(), "/small.txt").header("content-type") == "text/plain");
}

BOOST_AUTO_TEST_CASE(TransferLog_is_written_in_the_format_without_a_name) {
    const Place place;
    const std::string log = place.dir / "transfer.log";
    const ServerProcess server(alone("LogFormat \"T %U %>s\"\nTransferLog \"" + log + "\"\n"));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return ("\n" + text_of(log)).find("\nT /small.txt 200\n") != std::string::npos;
    }));
}

BOOST_AUTO_TEST_CASE(FileCacheSize_0_remembers_no_file) {
    for (const bool cached : {true, false}) {
        const ServerProcess server(alone(std::string("FileCacheCheck 1h\n") +
                                         (cached ? "FileCacheSize 1M\n" : "FileCacheSize 0\n")));
        HttpClient client(server.port());
        // The listener has it from the second answer on at the latest.
        for (int i = 0; i < 3; ++i)
            BOOST_TEST(client.get("/small.txt").body == "small\n");
        server.dir().write("site/small.txt", "other\n");
        BOOST_TEST(client.get("/small.txt").body == (cached ? "small\n" : "other\n"));
    }
}

BOOST_AUTO_TEST_CASE(a_script_that_is_silent_for_CGIScriptTimeout_is_told_as_504) {
    const Place place;
    const std::string alias = place.script("silent", "exec sleep 1000\n");
    const ServerProcess server(alone(alias + "CGIScriptTimeout 300ms\n"));
    const auto before = std::chrono::steady_clock::now();
    BOOST_TEST(fetch(server.port(), "/cgi-bin/silent").status == 504);
    BOOST_TEST((std::chrono::steady_clock::now() - before >= milliseconds(300)));
}

BOOST_AUTO_TEST_CASE(a_ControlProgram_that_is_not_there_is_said_and_the_server_serves) {
    const ServerProcess server(alone("ControlProgram /nonexistent/mpmd-control\n"));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return server.error_log().find("cannot execute \"/nonexistent/mpmd-control\"") !=
               std::string::npos;
    }));
    BOOST_TEST(server.control() == 0);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

struct Name {
    const char* line;
    const char* logged;  // %v and %V
    const char* told;    // SERVER_NAME
    friend std::ostream& operator<<(std::ostream& out, const Name& name) {
        return out << name.line;
    }
};
const Name kNames[] = {
    {"ServerName www.example.org", "www.example.org asked.example", "www.example.org"},
    {"ServerName https://www.example.org:8443", "www.example.org asked.example", "www.example.org"},
    {"ServerName [::1]:80", "[::1] asked.example", "[::1]"},
    {"ServerName \"\"", "asked.example asked.example", "asked.example"},
};

BOOST_DATA_TEST_CASE(ServerName_is_in_logs_and_in_the_environment_of_scripts,
                     boost::unit_test::data::make(kNames)) {
    const Place place;
    const std::string alias =
        place.script("name", "printf 'Content-Type: text/plain\\n\\n%s' \"$SERVER_NAME\"\n");
    const std::string log = place.dir / "names.log";
    const ServerProcess server(
        alone(alias + sample.line + "\nCustomLog \"" + log + "\" \"%v %V\"\n"));
    HttpClient client(server.port());
    client.send("GET /cgi-bin/name HTTP/1.1\r\nHost: asked.example:99\r\n\r\n");
    BOOST_TEST(client.receive().body == sample.told);
    // Other lines are of the harness, which asks whether the server is there.
    BOOST_TEST(
        becomes_true(
            seconds(1),
            [&] {
                return ("\n" + text_of(log)).find("\n" + std::string(sample.logged) + "\n") !=
                       std::string::npos;
            }),
        text_of(log));
    // Redirects name no server.
    std::filesystem::create_directory(server.dir() / "site/folder");
    std::filesystem::permissions(server.dir() / "site/folder", std::filesystem::perms(0755));
    BOOST_TEST(fetch(server.port(), "/folder").header("location") == "/folder/");
}

bool logs(const std::string& log, const std::string& line) {
    return becomes_true(seconds(1), [&] {
        return ("\n" + text_of(log)).find("\n" + line + "\n") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(CustomLog_knows_our_own_address_and_port) {
    const Place place;
    const std::string log = place.dir / "ends.log";
    const std::string format = "CustomLog \"" + log + "\" \"%A %p %{canonical}p %{local}p %q\"\n";
    ServerProcess server(alone(format));
    const std::string port = std::to_string(server.port());
    BOOST_TEST(fetch(server.port(), "/small.txt?a").status == 200);
    BOOST_TEST(logs(log, "127.0.0.1 " + port + " " + port + " " + port + " ?a"), text_of(log));
    BOOST_TEST(server.stop() == 0);
    server.write_config(format + "ServerName www.example.org:8443\nMPM worker\n");
    server.start();
    HttpClient client(server.port());
    for (const char* target : {"/small.txt?b", "/small.txt?c"})
        BOOST_TEST(client.get(target).status == 200);
    for (const char* query : {"?b", "?c"})
        BOOST_TEST(logs(log, "127.0.0.1 8443 8443 " + port + " " + query), text_of(log));
}

BOOST_AUTO_TEST_CASE(CustomLog_shows_what_was_sent_in_place_of_a_request) {
    const Place place;
    const std::string log = place.dir / "refused.log";
    const ServerProcess server(alone("CustomLog \"" + log + "\" \"%r %>s %I\"\n"));
    HttpClient client(server.port());
    client.send("\x16\x03\x01GARBAGE\r\n");
    BOOST_TEST(client.receive().status == 400);
    BOOST_TEST(logs(log, "\\x16\\x03\\x01GARBAGE 400 12"), text_of(log));
}

// As Debian's apache2.conf has it.
BOOST_AUTO_TEST_CASE(a_Directory_that_denies_the_root_and_grants_the_site_is_as_in_httpd) {
    const Place place;
    const std::string alias = place.script("hello", "printf 'Content-Type: text/plain\\n\\nhi'\n");
    const std::string root =
        "<Directory />\nOptions FollowSymLinks\nAllowOverride None\nRequire all denied\n"
        "</Directory>\n";
    const auto section = [](const std::string& path, const std::string& require) {
        return "<Directory \"" + path + "\">\nRequire " + require + "\n</Directory>\n";
    };
    ServerProcess server(alone(alias));
    const std::string site = server.dir() / "site";
    server.dir().write("site/private/secret.txt", "secret\n");
    std::filesystem::permissions(site + "/private", std::filesystem::perms(0755));
    const std::string granted = section(site, "all granted");
    const auto becomes = [&](const std::string& lines, const std::string& path, int status) {
        const std::vector<pid_t> before = server.children();
        server.write_config(kOne + alias + lines);
        server.signal(SIGUSR1);
        // For a moment both answer, who was there and who comes.
        BOOST_REQUIRE(becomes_true(seconds(1), [&] {
            return std::all_of(before.begin(), before.end(), has_gone) &&
                   server.children().size() == 1;
        }));
        BOOST_TEST(fetch(server.port(), path).status == status);
    };

    becomes(root, "/small.txt", 403);
    BOOST_TEST(fetch(server.port(), "/nothing").status == 403);
    BOOST_TEST(fetch(server.port(), "/cgi-bin/hello").status == 403);

    becomes(root + granted + section(site + "/private", "all denied"), "/small.txt", 200);
    BOOST_TEST(fetch(server.port(), "/").status == 200);
    BOOST_TEST(fetch(server.port(), "/nothing").status == 404);
    for (const char* hidden : {"/private/secret.txt", "/%70rivate/secret.txt",
                               "/x/../private/secret.txt", "//private//secret.txt", "/private"})
        BOOST_TEST(fetch(server.port(), hidden).status == 403, hidden);
    BOOST_TEST(fetch(server.port(), "/cgi-bin/hello").status == 403);  // not granted

    becomes(root + granted + section(place.dir / "cgi", "all granted"), "/cgi-bin/hello", 200);
    BOOST_TEST(fetch(server.port(), "/private/secret.txt").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
