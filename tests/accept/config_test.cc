// what a configuration file may ask for, what holds then, and what is said.

#include <algorithm>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/base/text.h"
#include "daemon/config/directives.h"
#include "tests/support/mpmctl.h"
#include "tests/support/program.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/config/httpd_files.h"
#include "tests/unit/config/limit_vectors.h"

namespace mpmd::test {
namespace {

namespace data = boost::unit_test::data;

constexpr const char* kFixtureA =
    "ServerLimit 6\nThreadLimit 8\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 2\n"
    "MinSpareThreads 2\nMaxSpareThreads 12\nKeepAliveTimeout 5\n";

// mpmd -t of a file with one Listen (unless `listen` is false) and these lines.
Ended tested(const std::string& lines, bool listen = true, std::vector<std::string> more = {}) {
    const TempDir dir;
    const std::string head = "ServerRoot \"" + dir.path().string() + "\"\nDocumentRoot \"" +
                             dir.path().string() + "\"\n";
    const std::string file =
        dir.write("mpmd.conf", head + (listen ? "Listen 127.0.0.1:0\n" : "\n") + lines + "\n");
    std::vector<std::string> words{program_path("MPMD", "mpmd"), "-t", "-f", file};
    words.insert(words.end(), more.begin(), more.end());
    return Program(std::move(words)).wait();
}

std::vector<std::string> lines_with(const std::string& text, const std::string& part) {
    std::vector<std::string> out;
    for (const std::string_view line : text::split(text, '\n'))
        if (line.find(part) != std::string_view::npos) out.emplace_back(line);
    return out;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// What `mpmd -t --explain` says holds; what it does not mention is at its default.
std::string explained(const std::string& explanation, const std::string& name) {
    const std::string begin = "\n  " + name + " ";
    const auto at = explanation.find(begin, explanation.find("Not at their defaults:"));
    if (at == std::string::npos) return std::string(config::find_directive(name)->fallback);
    const auto from = at + begin.size();
    return explanation.substr(from, explanation.find("  (", from) - from);
}

BOOST_AUTO_TEST_CASE(A_05_min_spare_threads_zero_holds_as_one_with_one_warning) {
    ServerProcess server(std::string(kFixtureA) + "MinSpareThreads 0\n");
    const Mpmctl mpmctl(server.socket());

    BOOST_TEST(mpmctl.value("MinSpareThreads") == "1");
    const auto warnings = lines_with(server.read("server.out"), "warning:");
    BOOST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(contains(warnings[0], "MinSpareThreads: requested 0, effective 1, because"));
    BOOST_TEST(lines_with(server.error_log(), "requested 0, effective 1").size() == 1U);

    // The same through the API (D-5).
    BOOST_TEST(becomes_true(std::chrono::seconds(1), [&] {
        return mpmctl.status().value("adjustments", Json::array()).size() == 1U;
    }));
    const Json adjustment = mpmctl.status().at("adjustments").at(0);
    BOOST_TEST(adjustment.at("directive") == "MinSpareThreads");
    BOOST_TEST(adjustment.at("rule") == "N11");
    BOOST_TEST(adjustment.at("effective_text") == "1");
    const Ended described = mpmctl.run({"describe", "MinSpareThreads"});
    BOOST_TEST(contains(described.out, "requested 0, effective 1, because there must be one (N11)"),
               described.out);
}

BOOST_DATA_TEST_CASE(A_06_every_vector_of_the_limits,
                     data::make(config::kLimitVectors) ^
                         data::xrange(std::size(config::kLimitVectors)),
                     vector,
                     index) {
    const Ended ended = tested(vector.lines, true, {"--explain"});

    BOOST_TEST_CONTEXT(index << ": " << ended.err << ended.out) {
        BOOST_TEST(ended.exit_status == 0);
        BOOST_TEST(lines_with(ended.err, "warning:").size() == vector.rules.size());
        for (const std::string& rule : vector.rules)
            BOOST_TEST(contains(ended.out, " (" + rule + ")\n"), rule);
        for (const auto& [name, value] : vector.effective)
            BOOST_TEST(explained(ended.out, name) == std::to_string(value), name);
    }
}

BOOST_AUTO_TEST_CASE(A_06_a_restart_takes_new_limits_with_one_warning) {
    ServerProcess server(
        "ServerLimit 6\nThreadLimit 8\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 1\n"
        "MinSpareThreads 2\nMaxSpareThreads 60\n");
    const Mpmctl mpmctl(server.socket());

    server.write_config(
        "ServerLimit 9\nThreadLimit 16\nThreadsPerChild 10\nMaxRequestWorkers 81\nStartServers 1\n"
        "MinSpareThreads 2\nMaxSpareThreads 60\n");
    BOOST_REQUIRE(mpmctl.run({"graceful"}).exit_status == 0);

    for (const auto& [name, value] :
         {std::pair("ServerLimit", "9"), std::pair("ThreadLimit", "16"),
          std::pair("ThreadsPerChild", "10"), std::pair("MaxRequestWorkers", "80")})
        BOOST_TEST(mpmctl.value(name) == value, name);
    const auto warnings = lines_with(server.error_log(), ", because ");
    BOOST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(contains(warnings[0], "MaxRequestWorkers: requested 81, effective 80, because"));
}

struct Refused {
    const char* line;
    const char* allowed;
    friend std::ostream& operator<<(std::ostream& out, const Refused& refused) {
        return out << refused.line;
    }
};

const Refused kRefused[] = {
    {"ThreadsPerChild abc", "from 1 to 100000"},
    {"ServerLimit abc", "from 1 to 20000"},
    {"TimeOut -1", "from 1s to 86400s"},
    {"TimeOut abc", "from 1s to 86400s"},
    {"MaxConnectionsPerChild -1", "0 (never) or 1 to 2147483647"},
    {"GracefulShutdownTimeout -1", "0 (wait for ever)"},
    {"MaxMemFree abc", "0 (unlimited) or 1 to 2147483647"},
    {"AsyncRequestWorkerFactor 0", "from 1 to 100000"},
    {"SendBufferSize 100", "0 (the system's) or 512"},
};

BOOST_DATA_TEST_CASE(A_07_what_is_no_number_or_out_of_range_is_refused, data::make(kRefused)) {
    const Ended ended = tested(sample.line);
    BOOST_TEST_CONTEXT(ended.err) {
        BOOST_TEST(ended.exit_status == 1);
        BOOST_TEST(contains(ended.err, "mpmd.conf:4:"));
        BOOST_TEST(contains(ended.err, sample.allowed));
        BOOST_TEST(contains(ended.err, std::string("     4 | ") + sample.line));
        BOOST_TEST(!contains(ended.err, "Syntax OK"));
    }
}

struct OldLine {
    const char* line;
    const char* today;
};
const OldLine kOldLines[] = {
    {"MaxClients 16", "MaxRequestWorkers 16"},
    {"MaxRequestsPerChild 0", "MaxConnectionsPerChild 0"},
    {"AcceptMutex flock", "Mutex flock:/var/lock mpm-accept"},
    {"LockFile /var/lock/accept.lock", "Mutex flock:/var/lock mpm-accept"},
};

BOOST_AUTO_TEST_CASE(A_08_old_names_are_taken_with_one_visible_warning_each) {
    std::string lines = kFixtureA;
    for (const OldLine& old : kOldLines)
        lines += std::string(old.line) + "\n";
    ServerProcess server(lines);
    const Mpmctl mpmctl(server.socket());

    BOOST_TEST(mpmctl.value("MaxRequestWorkers") == "16");
    const std::string tested_text = tested(lines).err;
    for (const OldLine& old : kOldLines) {
        const std::string name(old.line, std::string_view(old.line).find(' '));
        BOOST_TEST_CONTEXT(name << "\n" << server.error_log() << tested_text) {
            for (const std::string& text : {server.error_log(), tested_text}) {
                const auto said = lines_with(text, name + " is an old name");
                BOOST_REQUIRE(said.size() == 1U);
                BOOST_TEST(contains(said[0], old.today));
                BOOST_TEST(contains(said[0], "warn"));  // [core:warn], or warning: at a terminal
            }
        }
    }
    // The list of them (U-23).
    BOOST_TEST(becomes_true(std::chrono::seconds(1), [&] {
        return mpmctl.status().value("notices", Json::array()).dump().find("MaxClients") !=
               std::string::npos;
    }));
    const std::string notices = mpmctl.status().at("notices").dump();
    BOOST_TEST(contains(notices, "MaxClients is an old name: write MaxRequestWorkers 16"), notices);
    BOOST_TEST(contains(notices, "AcceptMutex is an old name and not needed: remove the line"),
               notices);
    BOOST_TEST(contains(mpmctl.run({"describe", "MaxClients"}).out, "write MaxRequestWorkers 16"));
    BOOST_TEST(contains(tested(lines, true, {"--explain"}).out, "Old names:\n"));
}

struct Bad {
    const char* what;
    const char* lines;
    bool listen;
    const char* said;
    friend std::ostream& operator<<(std::ostream& out, const Bad& bad) { return out << bad.what; }
};

const Bad kBad[] = {
    {"a limit inside a virtual host", "<VirtualHost *:80>\nMaxRequestWorkers 50\n</VirtualHost>",
     true, "MaxRequestWorkers is for the whole server: not allowed inside <VirtualHost>"},
    {"two identical Listen", "Listen 127.0.0.1:8099\nListen 127.0.0.1:8099", true,
     "is there already"},
    {"no Listen", "StartServers 2", false, "there is no Listen"},
    {"User root", "User root", true, "User must not be root"},
    {"User number 0", "User #0", true, "User must not be root"},
    {"an unknown directive", "ThreadsPerKid 5", true, "unknown directive \"ThreadsPerKid\""},
};

BOOST_DATA_TEST_CASE(A_09_what_cannot_be_served_is_refused, data::make(kBad)) {
    const Ended ended = tested(sample.lines, sample.listen);
    BOOST_TEST(ended.exit_status == 1);
    BOOST_TEST(contains(ended.err, sample.said), ended.err);

    // A start says the same and makes nothing.
    const TempDir dir;
    const std::string file = dir.write(
        "mpmd.conf", "ServerRoot \"" + dir.path().string() + "\"\nPidFile pid\n" +
                         (sample.listen ? "Listen 127.0.0.1:0\n" : "") + sample.lines + "\n");
    const Ended started =
        Program({program_path("MPMD", "mpmd"), "-f", file, "--foreground"}).wait();
    BOOST_TEST(started.exit_status == 1);
    BOOST_TEST(contains(started.err, sample.said), started.err);
    BOOST_TEST(!std::filesystem::exists(dir / "pid"));
}

BOOST_AUTO_TEST_CASE(A_62_a_file_for_both_models_loads_under_worker) {
    ServerProcess server(std::string(kFixtureA) + "MPM worker\nAsyncRequestWorkerFactor 2\n");

    const auto warnings = lines_with(server.error_log(), "AsyncRequestWorkerFactor");
    BOOST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(contains(warnings[0], "no effect"));
    BOOST_TEST(Mpmctl(server.socket()).status().at("mpm") == "worker");
    const Ended ended = tested("MPM worker\nAsyncRequestWorkerFactor 2");
    BOOST_TEST(ended.exit_status == 0);
    BOOST_TEST(lines_with(ended.err, "warning:").size() == 1U);
}

// Beyond the table: files that come with httpd and Debian load as they are, through Include.
BOOST_AUTO_TEST_CASE(a_configuration_in_several_files_is_read_again_as_a_whole) {
    const TempDir conf;
    conf.write("10-mpm.conf", config::httpd::kDebianMpm);
    conf.write("20-status.conf", config::httpd::kDebianStatus);
    conf.write("30-load.conf", config::httpd::kDebianLoad);
    ServerProcess server("Define CONF " + conf.path().string() +
                         "\nInclude ${CONF}/*.conf\nPidFile mpmd.pid\n");
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(mpmctl.value("MaxRequestWorkers") == "150");
    BOOST_TEST(contains(mpmctl.run({"describe", "MaxRequestWorkers"}).out, "/10-mpm.conf:7"));
    BOOST_TEST(lines_with(server.error_log(), "LoadModule").size() == 1U);

    // A bad included file is refused as a whole, with its place; a good one is taken.
    conf.write("40-more.conf", "MinSpareThreads 30\nThreadsPerKid 5\n");
    const Ended refused = mpmctl.run({"graceful"});
    BOOST_TEST(refused.exit_status != 0);
    BOOST_TEST(contains(refused.err + refused.out, "40-more.conf:2:1"), refused.err);
    BOOST_TEST(mpmctl.value("MinSpareThreads") == "25");
    conf.write("40-more.conf", "MinSpareThreads 30\n");
    BOOST_REQUIRE(mpmctl.run({"graceful"}).exit_status == 0);
    BOOST_TEST(mpmctl.value("MinSpareThreads") == "30");
    BOOST_TEST(server.running());
}

}  // namespace
}  // namespace mpmd::test
