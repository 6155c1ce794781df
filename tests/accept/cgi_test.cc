// CGI and request bodies, against the real programs.

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::test {
namespace {

std::vector<gid_t> groups_of(const passwd& user) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    BOOST_REQUIRE(::getgrouplist(user.pw_name, user.pw_gid, groups.data(), &count) >= 0);
    groups.resize(static_cast<std::size_t>(count));
    std::sort(groups.begin(), groups.end());
    return groups;
}

// "NAME: a b c" of the script's answer.
std::string line_of(const std::string& text, const std::string& name) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name)) return line.substr(name.size());
    return "(no " + name + ")";
}

std::uint64_t rss_bytes(pid_t pid) {
    std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// 200 requests with bodies of 4 MiB, eight at a time: all but the last byte of each is there before
// the first is whole.
void send_bodies(std::uint16_t port) {
    const std::string body(4 * kMiB, 'b');
    const std::string head = "POST /mpmd-test/bytes?1 HTTP/1.1\r\nHost: t\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\n\r\n";
    std::deque<HttpClient> clients;
    for (int i = 0; i < 8; ++i)
        clients.emplace_back(port);
    for (int round = 0; round < 25; ++round) {
        for (HttpClient& client : clients)
            BOOST_REQUIRE(client.send(head + body.substr(1)));
        for (HttpClient& client : clients)
            BOOST_REQUIRE(client.send("b"));
        for (HttpClient& client : clients)
            BOOST_REQUIRE(client.receive().status == 200);
    }
}

std::string one_child(const std::string& max_mem_free) {
    return "StartServers 1\nServerLimit 1\nThreadsPerChild 16\nMaxRequestWorkers 16\n"
           "MinSpareThreads 1\nMaxSpareThreads 16\nMaxMemFree " +
           max_mem_free + "\n";
}

BOOST_AUTO_TEST_CASE(A_65_a_script_runs_as_user_and_group_with_no_capability) {
    if (::geteuid() != 0) skip("A-65 is about a server that root has started");
    const passwd* const user = ::getpwnam("www-data");
    if (user == nullptr) skip("there is no user www-data");
    const std::string uid = std::to_string(user->pw_uid);
    const std::string gid = std::to_string(user->pw_gid);
    const TempDir scripts;
    std::filesystem::permissions(scripts.path(), std::filesystem::perms(0755));
    const std::string script = scripts.write(
        "cgi/id",
        "#!/bin/sh\nprintf 'Content-Type: text/plain\\n\\n'\nid\necho \"groups: $(id -G)\"\n"
        "grep -E '^(Uid|Gid|Cap...|NoNewPrivs):' /proc/self/status\n");
    std::filesystem::permissions(script, std::filesystem::perms(0755));
    ServerOptions options{"ScriptAlias /cgi-bin/ \"" + (scripts / "cgi") + "/\"\n"};
    options.wait_for_control = false;
    const ServerProcess server(options);

    const HttpResponse answer = fetch(server.port(), "/cgi-bin/id");

    BOOST_TEST(answer.status == 200);
    BOOST_TEST_CONTEXT(answer.body) {
        BOOST_TEST(answer.body.find("uid=" + uid + "(www-data)") != std::string::npos);
        BOOST_TEST(answer.body.find("gid=" + gid + "(www-data)") != std::string::npos);
        std::vector<gid_t> seen;
        std::istringstream numbers(line_of(answer.body, "groups: "));
        for (gid_t number = 0; numbers >> number;)
            seen.push_back(number);
        std::sort(seen.begin(), seen.end());
        BOOST_TEST(seen == groups_of(*user), boost::test_tools::per_element());
        const std::string four = "\t" + uid + "\t" + uid + "\t" + uid + "\t" + uid;
        BOOST_TEST(line_of(answer.body, "Uid:") == four);  // no way back to 0
        for (const char* set : {"CapInh:", "CapPrm:", "CapEff:", "CapAmb:"})
            BOOST_TEST(line_of(answer.body, set) == "\t0000000000000000");
        BOOST_TEST(line_of(answer.body, "NoNewPrivs:") == "\t1");
    }
}

BOOST_AUTO_TEST_CASE(A_67_max_mem_free_bounds_what_a_child_keeps) {
    ServerProcess server(one_child("0"));
    send_bodies(server.port());
    const pid_t child = server.children().front();
    const std::uint64_t unlimited = rss_bytes(child);
    {
        ServerOptions options{one_child("64")};
        options.wait_for_control = false;
        ServerProcess limited(options);
        send_bodies(limited.port());
        BOOST_REQUIRE(limited.children().size() == 1u);
        // A worker lets go of a body a moment after its answer.
        BOOST_TEST(becomes_true(std::chrono::seconds(1), [&] {
            return rss_bytes(limited.children().front()) + 10 * kMiB < unlimited;
        }));
    }

    // It reaches children that live (2.3: G in httpd, at once here).
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(mpmctl.run({"set", "MaxMemFree=64"}).exit_status == 0);
    BOOST_TEST(becomes_true(std::chrono::seconds(1),
                            [&] { return rss_bytes(child) + 10 * kMiB < unlimited; }));
    BOOST_TEST(server.children().front() == child);
}

}  // namespace
}  // namespace mpmd::test
