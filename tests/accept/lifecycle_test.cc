// Start, restart and stop of the whole server by signals, as an administrator and a client see them
// (A-1, A-25 to; L-1 to L-3, P-8, P-12, P-22, E-19).
//
// Exact times are asserted with virtual time in tests/unit/mpm/lifecycle_test; here they are lower
// bounds.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "tests/accept/fixture_a.h"
#include "tests/support/auto_status.h"
#include "tests/support/kernel.h"

namespace mpmd::test {
namespace {

namespace fs = std::filesystem;
using scoreboard::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

void answers_what_runs_and_ends(int how) {
    const Gate gate;
    ServerOptions options = alone(kFixtureA + gate.lines());
    options.before_exec = [] { lead_session(); };  // no terminal, so that WINCH counts (L-3)
    Server server(options);
    const auto children = server.children();
    Running running(server);
    server.signal(how);
    BOOST_TEST(server.refuses());
    BOOST_TEST(becomes_true(seconds(1), [&] { return !fs::exists(server.pid_path()); }));
    BOOST_TEST(server.running());
    gate.open();
    const HttpResponse answer = running.client.receive();
    BOOST_TEST(answer.body == Gate::kBody);
    BOOST_TEST(server.wait().exit_status == 0);
    BOOST_TEST(all_gone(children));
}

}  // namespace

BOOST_AUTO_TEST_CASE(A_01_a_parent_of_root_and_children_without_it) {  // P-8, P-12
    const Server server;
    const auto children = server.children();
    BOOST_TEST(children.size() == 2U);
    for (const pid_t child : children) {
        BOOST_TEST(becomes_true(seconds(2), [child] { return threads_of(child) == 6; }));
        const bool root = ::geteuid() == 0;
        const std::string own = std::to_string(root ? 33 : ::geteuid());
        BOOST_TEST(line_of_status(child, "Uid") ==
                   "\t" + own + "\t" + own + "\t" + own + "\t" + own);
        const std::string group = std::to_string(root ? 33 : ::getegid());
        BOOST_TEST(line_of_status(child, "Gid") ==
                   "\t" + group + "\t" + group + "\t" + group + "\t" + group);
        if (root) {
            BOOST_TEST(line_of_status(child, "Groups") == groups_of("www-data", 33));
            BOOST_TEST(line_of_status(child, "CapEff") == "\t0000000000000000");
        }
    }
    BOOST_TEST(line_of_status(server.pid(), "Uid").rfind("\t" + std::to_string(::getuid()), 0) ==
               0U);
    BOOST_TEST(server.read("mpmd.pid") == std::to_string(server.pid()) + "\n");
    struct stat about {};
    BOOST_REQUIRE_EQUAL(::stat(server.pid_path().c_str(), &about), 0);
    BOOST_TEST((about.st_mode & 07777) == 0644U);
    if (::geteuid() == 0) BOOST_TEST(server.said("children run as uid 33, gid 33"));  // U-22
}

BOOST_AUTO_TEST_CASE(A_25_usr1_lets_what_runs_finish_and_keep_alives_ask_once_more) {
    const Gate gate;
    Server server(kStatusLines + gate.lines() + "KeepAliveTimeout 60\n");
    // HUP begins this clock anew; httpd's page takes the uptime from it.
    const std::uint64_t started = server.board().global.restart_wall_us;
    const auto uptime = [&] {
        return std::stoul(auto_status(server.port())["ServerUptimeSeconds"]);
    };
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return uptime() >= 1; }));
    HttpClient asks_again(server.port());
    HttpClient stays_silent(server.port());
    BOOST_TEST(asks_again.get("/small.txt").status == 200);
    BOOST_TEST(stays_silent.get("/small.txt").status == 200);
    Running running(server);
    const auto before = server.children();
    const std::uint64_t answered = requests(server.board());
    const unsigned long up = uptime();

    const auto asked = Clock::now();
    server.signal(SIGUSR1);
    const HttpResponse again = asks_again.get("/small.txt");
    // Who comes after the grace is too late.
    if (Clock::now() - asked < seconds(1)) BOOST_TEST(again.status == 200);
    BOOST_TEST(
        becomes_true(milliseconds(1200), [&] { return server.board().global.generation == 1; }));
    BOOST_TEST(uptime() >= up);
    BOOST_TEST(stays_silent.closed_by_peer());
    // The old child is there, of the old generation, as long as the request runs.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const Snapshot draining = server.board();
        return std::count_if(draining.children.begin(), draining.children.end(),
                             [](const auto& child) {
                                 return child.row.generation == 0 && child.leaving() &&
                                        child.numbers.draining;
                             }) == 1;
    }));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(becomes_true(seconds(3), [&] { return uptime() >= up + 2; }));
    BOOST_TEST(running.client.quiet());

    gate.open();
    const HttpResponse held = running.client.receive();
    BOOST_TEST(held.body == Gate::kBody);
    BOOST_TEST(held.announces_close());
    BOOST_TEST(all_gone(before));
    BOOST_TEST(server.has_generation(1));
    BOOST_TEST(requests(server.board()) >= answered + 1);
    BOOST_TEST(server.board().global.restart_wall_us == started);
    BOOST_TEST(uptime() >= up + 2);
    BOOST_TEST(server.board().global.epoch == 1U);
}

BOOST_AUTO_TEST_CASE(A_25_a_keep_alive_that_asks_within_the_grace_is_answered_with_close) {
    Server server("DrainKeepAliveGrace 60s\nKeepAliveTimeout 60\n");
    HttpClient idle(server.port());
    BOOST_TEST(idle.get("/small.txt").status == 200);
    const auto before = server.children();
    server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        const Snapshot seen = server.board();
        // The one that has the connection is still there, and has heard of it itself.
        const auto drains = [](const scoreboard::Child& child) {
            return child.row.generation == 1 || child.numbers.draining;
        };
        return seen.global.generation == 1 && seen.totals.draining >= 1 &&
               seen.totals.active == 2 &&
               std::all_of(seen.children.begin(), seen.children.end(), drains);
    }));
    BOOST_TEST(idle.quiet());
    const HttpResponse last = idle.get("/small.txt");
    BOOST_TEST(last.status == 200);
    BOOST_TEST(last.announces_close());
    BOOST_TEST(idle.closed_by_peer());
    BOOST_TEST(all_gone(before));
}

BOOST_AUTO_TEST_CASE(A_26_hup_begins_again_and_refuses_nobody) {  // P-21
    Server server;
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    const std::uint64_t restarted = server.board().global.restart_wall_us;
    server.signal(SIGHUP);
    int connected = 0;
    for (int i = 0; i < 50; ++i)
        connected += HttpClient(server.port()).connected() ? 1 : 0;
    BOOST_TEST(connected == 50);
    BOOST_TEST(server.has_generation(1));
    const Snapshot seen = server.board();
    BOOST_TEST(requests(seen) == 0U);
    BOOST_TEST(seen.global.epoch == 2U);
    BOOST_TEST(seen.global.restart_wall_us > restarted);
}

BOOST_AUTO_TEST_CASE(A_27_hup_cuts_what_runs_and_service_resumes_at_once) {
    Server server("StopTimeout 2\n");
    Running running(server, kLongSleep);
    const auto before = server.children();
    ::kill(before[0], SIGSTOP);  // takes no order: only the ladder ends it
    ::kill(before[1], SIGSTOP);
    const auto asked = Clock::now();
    server.signal(SIGHUP);
    // New children serve while the old ones still stand.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return server.board().totals.active == 2 && server.board().global.generation == 1;
    }));
    BOOST_TEST(all_gone(before));
    BOOST_TEST((Clock::now() - asked >= seconds(2)));
    BOOST_TEST(!running.client.receive().whole);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(server.said("sending a SIGKILL"));
}

BOOST_AUTO_TEST_CASE(A_27_hup_does_not_wait_for_a_handler_that_sleeps) {
    Server server("StopTimeout 60\n");
    Running running(server, kLongSleep);
    const auto before = server.children();
    server.signal(SIGHUP);
    BOOST_TEST(!running.client.receive().whole);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(server.said("caught SIGHUP"));
    BOOST_TEST(server.error_log().find("SIGKILL") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(A_28_term_leaves_nothing_behind) {  // P-14
    Server server;
    const auto children = server.children();
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(all_gone(children));
    BOOST_TEST(server.refuses());
    BOOST_TEST(!fs::exists(server.pid_path()));
    BOOST_TEST(!fs::exists(server.socket()));
}

BOOST_AUTO_TEST_CASE(A_29_a_graceful_stop_by_quit_answers_what_runs) {
    answers_what_runs_and_ends(SIGQUIT);
}

BOOST_AUTO_TEST_CASE(A_29_a_graceful_stop_by_winch_without_a_terminal_answers_what_runs) {
    answers_what_runs_and_ends(SIGWINCH);
}

BOOST_AUTO_TEST_CASE(
    A_29_term_during_a_graceful_stop_is_obeyed_by_draining_children) {  // L-1, E-19
    Server server("StopTimeout 60\n");
    Running running(server, kLongSleep);
    const auto children = server.children();
    server.signal(SIGQUIT);
    BOOST_TEST(server.refuses());
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(all_gone(children));
    BOOST_TEST(server.error_log().find("SIGKILL") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(A_30_a_graceful_stop_is_over_at_its_timeout) {
    Server server("GracefulShutdownTimeout 2\n");
    Running running(server, kLongSleep);
    const auto children = server.children();
    const auto asked = Clock::now();
    server.signal(SIGQUIT);
    BOOST_TEST(server.wait().exit_status == 0);
    BOOST_TEST((Clock::now() - asked >= seconds(2)));
    BOOST_TEST((Clock::now() - asked <= soon(seconds(4))));
    BOOST_TEST(all_gone(children));
}

BOOST_AUTO_TEST_CASE(A_31_a_resized_terminal_stops_nobody) {  // L-3, U-9
    const Terminal terminal;
    ServerOptions options = alone(kFixtureA);
    options.before_exec = [&terminal] { lead_session(terminal.slave.c_str()); };
    Server server(options);
    const auto children = server.children();
    terminal.resize(30, 100);
    terminal.resize(40, 120);
    ::kill(server.pid(), SIGWINCH);
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return line_of_status(server.pid(), "ShdPnd") == "\t0000000000000000" &&
               line_of_status(server.pid(), "SigPnd") == "\t0000000000000000";
    }));
    // A server that stops would ignore this one.
    server.signal(SIGUSR1);
    BOOST_TEST(server.has_generation(1));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(server.error_log().find("caught SIGWINCH") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(A_42_a_child_ignores_what_is_for_the_parent) {  // L-2
    Server server;
    const auto before = server.children();
    for (const pid_t child : before)
        for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGQUIT, SIGWINCH})
            ::kill(child, signal);
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST((server.children() == before));
}

BOOST_AUTO_TEST_CASE(A_43_children_of_a_killed_parent_finish_and_free_the_port) {  // P-22, U-21
    const Gate gate;
    Server server(gate.lines());
    const auto children = server.children();
    Running running(server);
    server.kill_supervisor();
    BOOST_TEST(server.refuses());
    gate.open();
    BOOST_TEST(running.client.receive().body == Gate::kBody);
    BOOST_TEST(all_gone(children));
    server.start();
    // P-13: the file of the dead one is replaced, and that is said.
    BOOST_TEST(server.said("an unclean end?"));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(A_43_children_of_a_killed_parent_wait_for_nobody_for_ever) {
    Server server("GracefulShutdownTimeout 1\n");
    const auto children = server.children();
    Running running(server, kLongSleep);
    server.kill_supervisor();
    BOOST_TEST(all_gone(children));
}

}  // namespace mpmd::test
