// The acceptance rows of MPM worker (FX-W), and what it must stand as the event MPM does: restarts
// under load, killed children, several sets of listening sockets.

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/checked_load.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

namespace data = boost::unit_test::data;
namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

const std::string kWorker =
    "MPM worker\nServerLimit 2\nThreadsPerChild 4\nMaxRequestWorkers 4\nStartServers 1\n"
    "MinSpareThreads 1\nMaxSpareThreads 4\nKeepAliveTimeout 600\n";
// Two children, two sockets; the second port is the kernel's choice.
const std::string kTwoSockets =
    "MPM worker\nServerLimit 8\nThreadsPerChild 4\nMaxRequestWorkers 16\nStartServers 2\n"
    "MinSpareThreads 5\nMaxSpareThreads 16\nListen 127.0.0.1:0\n";

struct Server : ServerProcess {
    explicit Server(const std::string& lines, bool wait_for_control = false)
        : ServerProcess(ServerOptions{lines, wait_for_control}) {}

    [[nodiscard]] scoreboard::Snapshot board() const { return snapshot_of(pid()); }
    // Letters of all threads of the children that `wanted` picks, sorted.
    template <class Wanted>
    [[nodiscard]] std::string letters(Wanted wanted) const {
        std::string out;
        for (const scoreboard::Child& child : board().children)
            if (wanted(child)) out += child.letters;
        std::sort(out.begin(), out.end());
        return out;
    }
    [[nodiscard]] std::string letters() const {
        return letters([](const scoreboard::Child&) { return true; });
    }
    [[nodiscard]] bool shows(const std::string& sorted) const {
        return becomes_true(seconds(1), [&] { return letters() == sorted; });
    }
    [[nodiscard]] bool said(const std::string& words) const {
        return becomes_true(seconds(1),
                            [&] { return error_log().find(words) != std::string::npos; });
    }
    [[nodiscard]] bool has_two_idle_children() const {
        return becomes_true(seconds(2), [&] {
            const auto children = board().children;
            return std::count_if(
                       children.begin(), children.end(), [](const scoreboard::Child& child) {
                           return child.idle == 4 && !has_gone(static_cast<pid_t>(child.row.pid));
                       }) >= 2;
        });
    }
    // Of the second Listen.
    [[nodiscard]] std::uint16_t second_port() const {
        const std::string text = board().global.listen.data();
        return static_cast<std::uint16_t>(std::stoul(text.substr(text.rfind(':') + 1)));
    }
    [[nodiscard]] bool answers(std::uint16_t at) const {
        return becomes_true(seconds(1), [&] { return fetch(at, "/small.txt").status == 200; });
    }
    [[nodiscard]] std::vector<std::string> lock_files() const {
        std::vector<std::string> found;
        for (const auto& entry : fs::directory_iterator(dir().path()))
            if (entry.path().filename().string().rfind("mpm-accept-", 0) == 0)
                found.push_back(entry.path().filename().string());
        std::sort(found.begin(), found.end());
        return found;
    }
    // In the network namespace: sockets that listen on that port.
    static std::size_t listening(std::uint16_t at) {
        std::ifstream table("/proc/net/tcp");
        std::string line;
        std::size_t count = 0;
        char wanted[8];
        std::snprintf(wanted, sizeof wanted, ":%04X ", static_cast<unsigned>(at));
        while (std::getline(table, line)) {
            const auto local = line.find(wanted);
            if (local != std::string::npos && local < 24 && line.find(" 0A ") != std::string::npos)
                ++count;
        }
        return count;
    }
};

bool is_children_s(const std::string& path) {
    struct stat about {};
    if (::stat(path.c_str(), &about) < 0 || (about.st_mode & 07777) != 0600) return false;
    if (::geteuid() != 0) return about.st_uid == ::geteuid();
    const passwd* user = ::getpwnam("www-data");
    return user != nullptr && about.st_uid == user->pw_uid;
}

BOOST_AUTO_TEST_SUITE(worker)

BOOST_AUTO_TEST_CASE(A_46_four_idle_clients_hold_four_threads_and_the_fifth_waits) {  // W-3
    Server server(kWorker, true);
    const Mpmctl mpmctl(server.socket());
    const auto begin = Clock::now();
    std::vector<HttpClient> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(server.port());
        BOOST_REQUIRE(clients.back().get("/small.txt").status == 200);
    }
    BOOST_TEST(server.shows("KKKK"));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const scoreboard::Snapshot seen = server.board();
        return seen.totals.connections_by_state[static_cast<std::size_t>(
                   scoreboard::ConnectionState::KeepAlive)] == 4;
    }));
    HttpClient fifth(server.port());
    BOOST_REQUIRE(fifth.send(get_request("/small.txt")));
    BOOST_TEST(becomes_true(seconds(1), [&] { return server.board().totals.not_accepting == 1; }));
    BOOST_TEST(fifth.quiet());
    // Of FX-W, for those who wait already, too (W-4).
    BOOST_TEST(mpmctl.run({"set", "KeepAliveTimeout=4"}).exit_status == 0);
    BOOST_TEST(fifth.receive().status == 200);
    BOOST_TEST((Clock::now() - begin >= seconds(4)));
}

BOOST_AUTO_TEST_CASE(A_47_one_socket_needs_no_mutex_and_two_do) {  // W-1
    {
        Server one(kWorker);
        BOOST_TEST(one.said("AcceptMutex: none"));
        BOOST_TEST(one.answers(one.port()));
    }
    Server two(kTwoSockets);
    BOOST_TEST(two.said("AcceptMutex: pthread"));
    BOOST_TEST(two.answers(two.port()));
    BOOST_TEST(two.answers(two.second_port()));
    BOOST_TEST(two.lock_files().empty());
}

BOOST_AUTO_TEST_CASE(A_47_a_lock_file_is_named_owned_and_removed) {  // D-41, D-42
    Server server(kTwoSockets);
    const std::string dir = server.dir().path().string();
    server.stop();
    server.write_config(kTwoSockets + "Mutex flock:" + dir + " mpm-accept\n");
    server.start();
    BOOST_TEST(server.said("AcceptMutex: flock"));
    const std::string file = "mpm-accept-0." + std::to_string(server.pid());
    BOOST_TEST((server.lock_files() == std::vector<std::string>{file}));
    BOOST_TEST(is_children_s(dir + "/" + file));
    BOOST_TEST(server.answers(server.second_port()));

    server.write_config(kTwoSockets + "Mutex fcntl:" + dir + " default OmitPID\n");
    server.signal(SIGUSR1);
    BOOST_TEST(server.said("AcceptMutex: fcntl"));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return server.lock_files() == std::vector<std::string>{"mpm-accept-0"};
    }));
    BOOST_TEST(is_children_s(dir + "/mpm-accept-0"));
    BOOST_TEST(server.answers(server.second_port()));
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(server.lock_files().empty());
}

BOOST_AUTO_TEST_CASE(A_48_a_restart_leaves_an_idle_client_until_its_timeout) {  // W-6
    constexpr seconds kTimeout{8};
    Server server(kWorker + "KeepAliveTimeout 8\n");
    HttpClient idle(server.port());
    const auto asked = Clock::now();
    BOOST_REQUIRE(idle.get("/small.txt").status == 200);
    BOOST_REQUIRE(server.shows("K___"));
    const std::uint64_t old = server.board().children.at(0).row.uid;
    const auto of_old = [&](const scoreboard::Child& child) { return child.row.uid == old; };
    server.signal(SIGUSR1);
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return server.letters(of_old) == "...K" && server.board().children.size() == 2;
    }));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);  // by the successor
    BOOST_TEST(server.letters(of_old) == "...K");                  // the idle ones have left (4.5)
    BOOST_TEST(idle.quiet());
    BOOST_TEST(idle.closed_by_peer());
    BOOST_TEST((Clock::now() - asked >= kTimeout));
    BOOST_TEST(seen_until([&] { return server.letters(of_old).empty(); },
                          [&] { return server.letters(of_old) == "...C"; }, seconds(2),
                          asked + kTimeout));
    BOOST_TEST(becomes_true(seconds(3), [&] { return server.letters(of_old).empty(); }));
}

BOOST_AUTO_TEST_CASE(A_62_a_factor_is_accepted_and_has_no_effect) {
    Server server(kWorker + "AsyncRequestWorkerFactor 4\n");
    BOOST_TEST(server.read("server.out").find("no effect") != std::string::npos);
    std::vector<HttpClient> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(server.port());
        BOOST_REQUIRE(clients.back().get("/small.txt").status == 200);
    }
    BOOST_TEST(server.shows("KKKK"));
    HttpClient fifth(server.port());
    BOOST_REQUIRE(fifth.send(get_request("/small.txt")));
    BOOST_TEST(becomes_true(seconds(1), [&] { return server.board().totals.not_accepting == 1; }));
    BOOST_TEST(server.board().totals.connections == 4U);
    BOOST_TEST(fifth.quiet());
}

struct Mechanism {
    std::string word;
    std::string used;
    bool in_file;
};
std::ostream& operator<<(std::ostream& out, const Mechanism& mechanism) {
    return out << mechanism.word;
}
const std::vector<Mechanism> kMechanisms = {{"pthread", "pthread", false},
                                            {"flock", "flock", true},
                                            {"fcntl", "fcntl", true},
                                            {"posixsem", "pthread", false},
                                            {"sysvsem", "pthread", false}};

BOOST_DATA_TEST_CASE(A_70_a_killed_holder_does_not_stop_accepting,
                     data::make(kMechanisms),
                     mechanism) {
    // Its directory is the server's, known only once it exists.
    Server server(kTwoSockets);
    const std::string dir = server.dir().path().string();
    server.stop();
    server.write_config(kTwoSockets + "Mutex " + mechanism.word +
                        (mechanism.in_file ? ":" + dir : "") + " mpm-accept\n");
    server.start();
    BOOST_TEST(server.said("AcceptMutex: " + mechanism.used));
    if (mechanism.word != mechanism.used)
        BOOST_TEST(server.read("server.out").find("is taken as pthread") != std::string::npos);
    BOOST_TEST(server.lock_files().size() == (mechanism.in_file ? 1U : 0U));
    for (const std::string& file : server.lock_files())
        BOOST_TEST(is_children_s(dir + "/" + file));
    BOOST_REQUIRE(server.has_two_idle_children());
    const std::uint16_t second = server.second_port();
    // One of the two holds it; each is killed, and everything is answered all the time.
    for (const pid_t child : server.children()) {
        ::kill(child, SIGKILL);
        BOOST_TEST(server.answers(second));
        BOOST_TEST(server.answers(server.port()));
        BOOST_REQUIRE(server.has_two_idle_children());
    }
    // Both at once: the holder is one of them. The kernel gives a file's lock up; one in memory is
    // recovered by whoever wants it next, who says so.
    for (const pid_t child : server.children())
        ::kill(child, SIGKILL);
    BOOST_TEST(server.answers(second));
    BOOST_TEST(server.answers(server.port()));
    const std::string recovered = "held the accept mutex died; this one goes on with it";
    if (mechanism.in_file)
        BOOST_TEST(server.error_log().find(recovered) == std::string::npos);
    else
        BOOST_TEST(server.said(recovered));
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(server.lock_files().empty());
}

BOOST_AUTO_TEST_CASE(restarts_of_all_kinds_lose_truncate_and_refuse_nothing) {
    ServerProcess server(
        "MPM worker\nStartServers 3\nThreadsPerChild 8\nServerLimit 8\nMaxRequestWorkers 64\n"
        "MinSpareThreads 8\nMaxSpareThreads 64\nKeepAliveTimeout 2\nListen 127.0.0.1:0\n");
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(mpmctl.status().at("mpm") == "worker");
    LoadPlan plan;
    plan.port = server.port();
    plan.files = server.files();
    plan.big = "/big.bin";
    CheckedLoad load(plan);
    for (int round = 0; round < 4; ++round) {
        const auto before = pids(mpmctl.children());
        const bool graceful = round % 2 == 1;
        const std::uint64_t answered = load.answered();
        const Ended done = mpmctl.run(graceful ? std::vector<std::string>{"graceful"}
                                               : std::vector<std::string>{"restart", "--all"});
        BOOST_TEST(done.exit_status == 0, done.out + done.err);
        for (const pid_t pid : pids(mpmctl.children()))
            BOOST_TEST(!std::binary_search(before.begin(), before.end(), pid));
        BOOST_TEST(load.answered() > answered);
    }
    BOOST_TEST(becomes_true(seconds(6), [&] { return load.answered() > 500U; }));
    const LoadResult result = load.stop();
    BOOST_TEST_MESSAGE(describe(result));
    BOOST_TEST(result.failed == 0U, describe(result));
}

BOOST_AUTO_TEST_CASE(children_without_a_supervisor_answer_what_runs_and_leave) {  // P-22
    const Gate gate;
    Server server(kTwoSockets + gate.lines());
    BOOST_REQUIRE(server.has_two_idle_children());
    const auto children = server.children();
    HttpClient idle(server.port());
    BOOST_TEST(idle.get("/small.txt").status == 200);
    HttpClient running(server.second_port());
    BOOST_REQUIRE(running.send(get_request(Gate::kPath)));
    BOOST_REQUIRE(becomes_true(seconds(1),
                               [&] { return running_requests(server.pid(), Gate::kPath) == 1U; }));
    server.kill_supervisor();
    BOOST_TEST(becomes_true(seconds(1), [&] { return !HttpClient(server.port()).connected(); }));
    BOOST_TEST(running.quiet());
    gate.open();
    const HttpResponse answer = running.receive();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.announces_close());
    for (const pid_t pid : children)
        BOOST_TEST(becomes_true(seconds(8), [pid] { return has_gone(pid); }));
    BOOST_TEST(!HttpClient(server.port()).connected());
}

BOOST_AUTO_TEST_CASE(a_quota_hands_over_without_a_client_waiting) {  // W-5, A-45 of the other model
    Server server(kWorker + "MaxConnectionsPerChild 10\n");
    for (int i = 0; i < 40; ++i)
        BOOST_REQUIRE(fetch(server.port(), "/small.txt").status == 200);
    for (const scoreboard::Child& child : server.board().children)
        BOOST_TEST(child.numbers.accepted <= 10U);
    BOOST_TEST(server.board().totals.accepted >= 40U);
}

BOOST_AUTO_TEST_CASE(a_stop_is_quick_with_idle_clients) {  // W-6, forced
    Server server(kTwoSockets);
    HttpClient idle(server.port());
    BOOST_TEST(idle.get("/small.txt").status == 200);
    const auto begin = Clock::now();
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST((Clock::now() - begin < soon(seconds(1))));
    BOOST_TEST(idle.closed_by_peer());
}

BOOST_AUTO_TEST_CASE(another_mpm_is_refused_while_the_server_runs) {  // 2.6, 6.5
    Server server(kWorker);
    const auto before = server.children();
    std::ofstream(server.config(), std::ios::app) << "MPM event\n";
    server.signal(SIGUSR1);
    BOOST_TEST(server.said("MPM event cannot take over from MPM worker"));
    BOOST_TEST((server.children() == before));
    BOOST_TEST(server.answers(server.port()));
}

std::int64_t few_buckets_ratio() {
    const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 2) skip("one processor has one bucket");
    return cores / 2;
}

BOOST_AUTO_TEST_CASE(buckets_share_the_clients_and_change_with_a_hard_restart_only) {
    // Two or three, however many processors there are: so few that 40 clients reach each.
    const std::int64_t ratio = few_buckets_ratio();
    const auto buckets = static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN) / ratio);
    const std::string lines =
        "ServerLimit 64\nThreadsPerChild 4\nMaxRequestWorkers 256\nMinSpareThreads 4\n"
        "MaxSpareThreads 256\n";
    for (const char* model : {"MPM event\n", "MPM worker\n"}) {
        Server server(model + lines + "ListenCoresBucketsRatio " + std::to_string(ratio) + "\n");
        const std::uint16_t port = server.port();
        BOOST_TEST(Server::listening(port) == buckets);
        BOOST_TEST(becomes_true(seconds(1), [&] { return server.children().size() >= buckets; }));
        for (int i = 0; i < 40; ++i)
            BOOST_REQUIRE(fetch(port, "/small.txt").status == 200);
        // The kernel has divided them: a child of each bucket has got some.
        for (const scoreboard::Child& child : server.board().children)
            if (child.row.uid <= buckets) BOOST_TEST(child.numbers.accepted > 0U);

        server.write_config(model + lines);
        server.signal(SIGUSR1);
        BOOST_TEST(server.said("takes effect at a hard restart"));
        BOOST_TEST(Server::listening(port) == buckets);
        for (int i = 0; i < 40; ++i)
            BOOST_REQUIRE(fetch(port, "/small.txt").status == 200);

        server.signal(SIGHUP);
        BOOST_TEST(server.said("hard restart succeeded"));  // what old children had is cut
        for (int i = 0; i < 40; ++i)
            BOOST_REQUIRE(fetch(port, "/small.txt").status == 200);
        // What is too many is closed, by the children as well: none of them minds.
        std::vector<pid_t> children;  // not those that still leave
        const scoreboard::Snapshot seen = server.board();
        for (const scoreboard::Child& child : seen.children)
            if (child.row.generation == seen.global.generation && !child.leaving())
                children.push_back(static_cast<pid_t>(child.row.pid));
        BOOST_TEST(!children.empty());
        BOOST_TEST(becomes_true(seconds(6), [&] { return Server::listening(port) == 1U; }));
        BOOST_TEST(server.said("listening sockets of former sets are closed"));
        for (int i = 0; i < 40; ++i)
            BOOST_REQUIRE(fetch(port, "/small.txt").status == 200);
        for (const pid_t child : children)
            BOOST_TEST(!has_gone(child));
        BOOST_TEST(server.error_log().find("retires") == std::string::npos);
        BOOST_TEST(server.board().totals.accept_errors == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_bucket_whose_child_dies_is_served_again) {
    Server server(
        "ServerLimit 64\nThreadsPerChild 4\nMaxRequestWorkers 8\nMinSpareThreads 1\n"
        "MaxSpareThreads 256\nStartServers 1\nListenCoresBucketsRatio " +
        std::to_string(few_buckets_ratio()) + "\n");
    BOOST_TEST(becomes_true(seconds(1), [&] { return server.children().size() >= 2; }));
    for (int round = 0; round < 6; ++round) {
        BOOST_REQUIRE(becomes_true(seconds(1), [&] { return server.children().size() >= 2; }));
        const auto children = server.children();
        ::kill(children.at(static_cast<std::size_t>(round) % children.size()), SIGKILL);
        for (int i = 0; i < 10; ++i)
            BOOST_REQUIRE(server.answers(server.port()));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
