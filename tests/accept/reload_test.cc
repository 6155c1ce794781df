// The file that a restart reads, and the verbs of mpmd -k (A-32 to A-35, A-58; L-4, P-5, P-7, P-13,
// P-15, 6.5, 6.6).

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/accept/fixture_a.h"
#include "tests/support/mpmctl.h"

namespace mpmd::test {
namespace {

namespace fs = std::filesystem;
namespace data = boost::unit_test::data;
using scoreboard::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Broken {
    const char* what;
    std::string line;
    const char* told;
};
std::ostream& operator<<(std::ostream& out, const Broken& broken) {
    return out << broken.what;
}
const Broken kBroken[] = {
    {"an unknown directive", "MinSpareThread 5\n", "MinSpareThread"},
    {"a log that cannot be written", "CustomLog no-such-directory/log common\n",
     "no-such-directory"},
    {"a port that another has", "Listen 127.0.0.1:TAKEN\n", "cannot listen"},
    {"a pid file that cannot be written", "PidFile no-such-directory/mpmd.pid\n",
     "no-such-directory"},
    {"another MPM", "MPM worker\n", "MPM"},
};

void changes_nothing(const Broken& broken) {
    Server server;
    Server other;  // whose port is taken
    const auto children = server.children();
    std::string line = broken.line;
    if (const std::size_t at = line.find("TAKEN"); at != std::string::npos)
        line.replace(at, 5, std::to_string(other.port()));
    server.write_broken_config(line);
    for (const int signal : {SIGUSR1, SIGHUP}) {
        const std::size_t from = server.error_log().size();
        server.signal(signal);
        BOOST_TEST(server.said("the old one serves on", from));
        BOOST_TEST(server.said(broken.told, from));
        BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
        BOOST_TEST((server.children() == children));
        BOOST_TEST(server.board().global.generation == 0U);
        BOOST_TEST(server.board().global.reload_ok == 0U);
    }
    BOOST_TEST(server.read("mpmd.pid") == std::to_string(server.pid()) + "\n");
    server.write_config(kFixtureA);
    server.signal(SIGUSR1);
    BOOST_TEST(server.has_generation(1));
    BOOST_TEST(server.board().global.reload_ok == 1U);
}

}  // namespace

BOOST_DATA_TEST_CASE(A_32_a_bad_configuration_changes_nothing, data::make(kBroken), broken) {
    changes_nothing(broken);
}

BOOST_AUTO_TEST_CASE(A_32_the_control_plane_tells_why_a_reload_was_refused) {
    ServerProcess server(kFixtureA);
    const Mpmctl mpmctl(server.socket());
    server.write_broken_config("MinSpareThread 5");
    server.signal(SIGHUP);
    Json reload;
    BOOST_TEST(becomes_true(seconds(1), [&] {
        reload = mpmctl.status().at("last_reload");
        return reload.at("succeeded") == false &&
               reload.at("error").get<std::string>().find("MinSpareThread") != std::string::npos;
    }));
    BOOST_TEST(mpmctl.status().at("generation") == 0);
}

BOOST_AUTO_TEST_CASE(A_32_children_that_cannot_start_leave_the_old_ones_serving) {  // 6.5, T14
    Server server("MaintenanceInterval 100ms\n");
    const auto before = server.children();
    // Threads of this size cannot be made: every successor gives up.
    server.write_config(kFixtureA + "MaintenanceInterval 100ms\nThreadStackSize 1024G\n");
    const Ended told = mpmd(server, {"-k", "graceful"});
    BOOST_TEST(told.exit_status == 1);
    BOOST_TEST(told.err.find("the old ones serve on") != std::string::npos, told.err);
    BOOST_TEST(becomes_true(seconds(1), [&] { return server.children() == before; }));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    // They count as current: regulation does not add what cannot start either.
    const std::uint64_t spawned = server.board().global.spawned;
    std::this_thread::sleep_for(milliseconds(600));
    BOOST_TEST(server.board().global.spawned == spawned);
    BOOST_TEST(server.running());
}

BOOST_AUTO_TEST_CASE(A_33_k_graceful_with_a_bad_file_signals_nobody) {
    Server server;
    server.write_broken_config("ThreadsPerChild many");
    for (const char* verb : {"graceful", "restart"}) {  // who stops loses nothing by the file
        const Ended refused = mpmd(server, {"-k", verb});
        BOOST_TEST(refused.exit_status == 1);
        BOOST_TEST(refused.err.find("ThreadsPerChild") != std::string::npos, refused.err);
        BOOST_TEST(refused.err.find("mpmd.conf:") != std::string::npos, refused.err);
    }
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(server.error_log().find("caught") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(A_33_k_verbs_wait_and_tell_what_came_of_it) {  // 6.6, L-4, U-7
    Server server;
    const auto before = server.children();
    const Ended graceful = mpmd(server, {"-k", "graceful"});
    BOOST_TEST(graceful.exit_status == 0, graceful.err);
    // The new generation is ready by then; nobody waits for drains.
    BOOST_TEST(server.board().global.generation == 1U);
    BOOST_TEST(server.board().totals.children_starting == 0U);
    const Ended start = mpmd(server, {"-k", "start"});
    BOOST_TEST(start.exit_status == 1);
    BOOST_TEST(
        start.err.find("runs already: pid " + std::to_string(server.pid())) != std::string::npos,
        start.err);
    const Ended restart = mpmd(server, {"-k", "restart"});
    BOOST_TEST(restart.exit_status == 0, restart.err);
    BOOST_TEST(all_gone(before));
    const Ended stop = mpmd(server, {"-k", "stop"});
    BOOST_TEST(stop.exit_status == 0, stop.err);
    BOOST_TEST(server.wait().exit_status == 0);
    for (const char* verb : {"stop", "graceful-stop"}) {
        const Ended nobody = mpmd(server, {"-k", verb});
        BOOST_TEST(nobody.exit_status == 0);
        BOOST_TEST((nobody.out + nobody.err).find("not running") != std::string::npos);
    }
    std::ofstream(server.pid_path()) << "no number\n";  // P-15
    const Ended corrupt = mpmd(server, {"-k", "stop"});
    BOOST_TEST(corrupt.exit_status == 1);
    BOOST_TEST(corrupt.err.find("holds no process id") != std::string::npos, corrupt.err);
}

BOOST_AUTO_TEST_CASE(
    A_34_server_limit_and_thread_limit_follow_a_graceful_restart) {  // P-16: sized anew
    Server server;
    const auto asked = [&](const std::string& limits) {
        server.write_config(limits + "StartServers 2\nMinSpareThreads 2\nMaxSpareThreads 12\n");
        server.signal(SIGUSR1);
    };
    asked("ServerLimit 9\nThreadLimit 16\nThreadsPerChild 10\nMaxRequestWorkers 81\n");
    BOOST_TEST(server.has_generation(1));
    Snapshot seen = server.board();
    BOOST_TEST(seen.global.server_limit == 9U);
    BOOST_TEST(seen.global.thread_limit == 16U);
    BOOST_TEST(seen.global.threads_per_child == 10U);
    BOOST_TEST(seen.global.max_request_workers == 80U);
    for (const scoreboard::Child& child : seen.children)
        BOOST_TEST(child.row.threads == 10U);
    // One warning, of N8, and none of N2 and N4.
    BOOST_TEST(server.said("MaxRequestWorkers"));
    BOOST_TEST(count(server.error_log(), "ServerLimit") == 0U);
    BOOST_TEST(count(server.error_log(), "ThreadLimit") == 0U);

    asked("ServerLimit 3\nThreadLimit 4\nThreadsPerChild 4\nMaxRequestWorkers 12\n");
    BOOST_TEST(server.has_generation(2));
    seen = server.board();
    BOOST_TEST(seen.global.server_limit == 3U);
    BOOST_TEST(seen.global.thread_limit == 4U);
    for (const scoreboard::Child& child : seen.children)
        BOOST_TEST(child.row.threads == 4U);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(A_35_old_children_keep_their_threads_new_ones_have_the_new_number) {  // P-1
    const Gate gate;
    Server server(gate.lines());
    const auto old = server.children();
    for (const pid_t child : old)  // main, listener and four workers
        BOOST_TEST(becomes_true(seconds(1), [child] { return threads_of(child) == 6; }));
    Running running(server);
    server.write_config(
        "ServerLimit 6\nThreadLimit 8\nThreadsPerChild 6\nMaxRequestWorkers 24\nStartServers 2\n"
        "MinSpareThreads 2\nMaxSpareThreads 12\n");
    server.signal(SIGUSR1);
    BOOST_TEST(becomes_true(seconds(1), [&] { return server.board().global.generation == 1; }));
    bool old_seen = false;
    for (const scoreboard::Child& child : server.board().children) {
        BOOST_TEST(child.letters.size() == (child.row.generation == 0 ? 4U : 6U));
        old_seen = old_seen || child.row.generation == 0;
    }
    BOOST_TEST(old_seen);
    // It leaves thread by thread (E-16): the one that works is the last, and none has come.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return std::any_of(old.begin(), old.end(),
                           [](const pid_t child) { return threads_of(child) == 3; });
    }));
    gate.open();
    BOOST_TEST(running.client.receive().status == 200);
    BOOST_TEST(server.has_generation(1));
    for (const pid_t child : server.children())
        BOOST_TEST(becomes_true(seconds(1), [child] { return threads_of(child) == 8; }));
}

BOOST_AUTO_TEST_CASE(A_58_a_second_instance_is_refused_and_the_first_notices_nothing) {
    Server server;
    const auto children = server.children();
    const Ended same = mpmd(server, {"--foreground"});
    BOOST_TEST(same.exit_status == 1);
    BOOST_TEST(
        same.err.find("runs already: pid " + std::to_string(server.pid())) != std::string::npos,
        same.err);

    // Its own files, the same port.
    const std::string dir = server.dir().path().string();
    fs::create_directory(dir + "/second");
    const auto replaced = [](std::string text, const std::string& from, const std::string& to) {
        for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from))
            text.replace(at, from.size(), to);
        return text;
    };
    std::string text = server.read("mpmd.conf");
    for (const char* name : {"/state\"", "/control.sock", "/mpmd.pid", "/error.log"})
        text = replaced(text, dir + name, dir + "/second@" + std::string(name).substr(1));
    text = replaced(text, "second@", "second/");
    const std::string config = server.dir().write("second.conf", text);
    const Ended port = Program({program_path("MPMD", "mpmd"), "-f", config, "--foreground"}).wait();
    BOOST_TEST(port.exit_status == 1);
    BOOST_TEST(port.err.find("cannot listen") != std::string::npos, port.err);
    BOOST_TEST(!fs::exists(dir + "/second/mpmd.pid"));

    BOOST_TEST((server.children() == children));
    BOOST_TEST(server.read("mpmd.pid") == std::to_string(server.pid()) + "\n");
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_SUITE(pid_file)

BOOST_AUTO_TEST_CASE(moves_with_a_reload_and_comes_back_when_somebody_removed_it) {  // P-13
    Server server;
    fs::remove(server.pid_path());
    server.signal(SIGUSR1);
    BOOST_TEST(server.has_generation(1));
    BOOST_TEST(server.read("mpmd.pid") == std::to_string(server.pid()) + "\n");
    server.write_config(kFixtureA + "PidFile other.pid\n");
    server.signal(SIGUSR1);
    BOOST_TEST(server.has_generation(2));
    BOOST_TEST(server.read("other.pid") == std::to_string(server.pid()) + "\n");
    BOOST_TEST(!fs::exists(server.pid_path()));
    const Ended stop = mpmd(server, {"-k", "stop"});
    BOOST_TEST(stop.exit_status == 0, stop.err);
    BOOST_TEST(!fs::exists(server.dir() / "other.pid"));
    for (const auto& entry : fs::directory_iterator(server.dir().path()))  // no temporary one
        BOOST_TEST(entry.path().filename().string().find(".pid") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(debug_mode)

BOOST_AUTO_TEST_CASE(is_one_process_that_serves_and_only_term_and_int_end_it) {  // P-5
    Server server;
    BOOST_REQUIRE(server.stop() == 0);
    Program debug({program_path("MPMD", "mpmd"), "-f", server.config(), "-X"});
    BOOST_REQUIRE(
        becomes_true(seconds(2), [&] { return fetch(server.port(), "/small.txt").status == 200; }));
    BOOST_TEST(children_of(debug.pid()).empty());
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return threads_of(debug.pid()) == 6U;
    }));  // main, listener, four workers
    for (const int signal : {SIGHUP, SIGUSR1, SIGWINCH, SIGPIPE})
        debug.signal(signal);
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(fetch(server.port(), "/mpmd-test/bytes?10").status == 200);
    BOOST_TEST(debug.running());
    debug.signal(SIGTERM);
    const Ended ended = debug.wait();
    BOOST_TEST(ended.exit_status == 0);
    BOOST_TEST(ended.err.find("serves on 127.0.0.1:") != std::string::npos, ended.err);
    BOOST_TEST(server.refuses());
}

// As root it could not remove them: it has become User by then.
BOOST_AUTO_TEST_CASE(makes_no_file_that_it_could_not_remove) {  // P-5, D-44
    Server server;
    BOOST_REQUIRE(server.stop() == 0);
    server.write_config(kFixtureA +
                        "MPM worker\nListen 127.0.0.1:0\n"
                        "ScoreBoardFile run/board\nMutex flock:run mpm-accept\n");
    fs::create_directory(server.dir() / "run");
    Program debug({program_path("MPMD", "mpmd"), "-f", server.config(), "-X"});
    BOOST_REQUIRE(
        becomes_true(seconds(2), [&] { return fetch(server.port(), "/small.txt").status == 200; }));
    BOOST_TEST(fs::is_empty(server.dir() / "run"));
    debug.signal(SIGTERM);
    const Ended ended = debug.wait();
    BOOST_TEST(ended.signal == 0);  // its threads still run while it ends
    BOOST_TEST(ended.exit_status == 0, ended.err);
    BOOST_TEST(fs::is_empty(server.dir() / "run"));
    BOOST_TEST(!fs::exists(server.pid_path()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
