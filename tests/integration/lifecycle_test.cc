// Signals and the -k verbs (contract section 5; L-1 to L-4, 6.1 to 6.6): who is asked to leave,
// what is still answered, and that a bad file never ends a server.

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/processes.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;

// Two and no more: on a slow machine regulation would add others, with reason.
const std::string kTwoChildren =
    "StartServers 2\nThreadsPerChild 4\nServerLimit 4\nMaxRequestWorkers 8\n"
    "MinSpareThreads 4\nMaxSpareThreads 16\nMaintenanceInterval 100ms\n";

ServerOptions alone(const std::string& lines = kTwoChildren) {
    return {lines, false};
}

bool all_gone(const std::vector<pid_t>& pids) {
    return becomes_true(seconds(1), [&pids] {
        return std::all_of(pids.begin(), pids.end(), [](pid_t pid) { return has_gone(pid); });
    });
}

bool share_a_member(const std::vector<pid_t>& a, const std::vector<pid_t>& b) {
    return std::any_of(a.begin(), a.end(),
                       [&b](pid_t pid) { return std::find(b.begin(), b.end(), pid) != b.end(); });
}

bool refuses(std::uint16_t port) {
    return becomes_true(seconds(1), [port] { return !HttpClient(port).connected(); });
}

// Both children of kTwoChildren serve.
std::vector<pid_t> settled_children(const ServerProcess& server) {
    std::vector<pid_t> pids;
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        pids = server.children();
        return pids.size() == 2;
    }));
    return pids;
}

// A request that a child has accepted and runs.
struct Running {
    Running(const ServerProcess& server, const std::string& target) : client(server.port()) {
        BOOST_REQUIRE(client.send(get_request(target)));
        BOOST_REQUIRE(
            becomes_true(seconds(1), [&] { return running_requests(server.pid(), target) == 1; }));
    }
    HttpClient client;
};
// One that no test outlasts: what is said of it is that it is cut.
constexpr const char* kEndless = "/mpmd-test/sleep?3600";

std::vector<std::string> verb_line(const ServerProcess& server, const std::string& name) {
    return {program_path("MPMD", "mpmd"), "-f", server.config(), "-k", name};
}

Ended verb(const ServerProcess& server, const std::string& name) {
    return Program(verb_line(server, name)).wait();
}

bool said(const ServerProcess& server, const std::string& file, const std::string& words) {
    return becomes_true(seconds(1),
                        [&] { return server.read(file).find(words) != std::string::npos; });
}

BOOST_AUTO_TEST_SUITE(signals)

BOOST_AUTO_TEST_CASE(term_ends_everything_and_frees_the_port) {
    ServerProcess server(alone());
    const auto children = settled_children(server);
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(all_gone(children));
    BOOST_TEST(refuses(server.port()));
    BOOST_TEST(!std::filesystem::exists(server.dir() / "mpmd.pid"));
    server.start();
    BOOST_TEST(fetch(server.port(), "/small.txt").body == "small\n");
}

// StopTimeout 600: nobody was killed.
BOOST_AUTO_TEST_CASE(term_does_not_wait_for_a_worker_that_sleeps) {
    ServerProcess server(alone(kTwoChildren + "StopTimeout 600\n"));
    Running running(server, kEndless);
    const auto children = server.children();
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(all_gone(children));
}

// 6.2, "give up, error". The dead child of a debugger is nobody else's until that has looked.
BOOST_AUTO_TEST_CASE(a_child_that_no_signal_ends_is_named_and_the_status_says_so) {
    ServerProcess server(alone(kTwoChildren + "StopTimeout 3\n"));
    const pid_t child = settled_children(server).front();
    if (::ptrace(PTRACE_SEIZE, child, nullptr, nullptr) != 0) skip("this system lets nobody trace");
    BOOST_TEST(server.stop() == 1);
    const std::string log = server.error_log();
    BOOST_TEST(log.find("could not make child pid " + std::to_string(child) +
                        " exit, even with a SIGKILL") != std::string::npos,
               log);
    BOOST_TEST(!std::filesystem::exists(server.dir() / "mpmd.pid"));
    (void)::waitpid(child, nullptr, __WALL);
}

BOOST_AUTO_TEST_CASE(quit_answers_what_runs_refuses_what_is_new_and_ends) {
    Gate gate;
    ServerProcess server(alone(kTwoChildren + gate.lines()));
    const auto children = settled_children(server);
    Running running(server, Gate::kPath);
    server.signal(SIGQUIT);
    BOOST_TEST(refuses(server.port()));
    BOOST_TEST(becomes_true(seconds(1), [&server] {
        const auto seen = snapshot_of(server.pid());
        return std::all_of(seen.children.begin(), seen.children.end(),
                           [](const auto& child) { return child.numbers.draining; });
    }));
    BOOST_TEST(running_requests(server.pid(), Gate::kPath) == 1U);
    gate.open();
    const HttpResponse answer = running.client.receive();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == Gate::kBody);
    BOOST_TEST(answer.announces_close());
    BOOST_TEST(server.wait().exit_status == 0);
    BOOST_TEST(all_gone(children));
    BOOST_TEST(!std::filesystem::exists(server.dir() / "mpmd.pid"));
}

BOOST_AUTO_TEST_CASE(term_after_quit_ends_at_once) {  // L-1
    ServerProcess server(alone(kTwoChildren + "StopTimeout 600\n"));
    Running running(server, kEndless);
    server.signal(SIGQUIT);
    BOOST_TEST(refuses(server.port()));
    BOOST_TEST(server.running());
    BOOST_TEST(server.stop() == 0);
}

BOOST_AUTO_TEST_CASE(usr1_replaces_all_children_and_answers_what_runs) {
    Gate gate;
    ServerProcess server(alone(kTwoChildren + gate.lines()));
    const auto before = settled_children(server);
    Running running(server, Gate::kPath);
    server.signal(SIGUSR1);
    // The other one goes; who answers stays.
    BOOST_TEST(becomes_true(seconds(1), [&before] {
        return std::count_if(before.begin(), before.end(), has_gone) == 1;
    }));
    gate.open();
    const HttpResponse answer = running.client.receive();
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == Gate::kBody);
    BOOST_TEST(all_gone(before));
    const auto after = settled_children(server);
    BOOST_TEST(!share_a_member(before, after));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(usr1_reads_the_file_again_and_reopens_the_logs) {
    namespace fs = std::filesystem;
    ServerProcess server(alone());
    const auto before = settled_children(server);
    BOOST_TEST(fetch(server.port(), "/").body == server.file("/"));
    fs::rename(server.dir() / "access.log", server.dir() / "access.log.1");
    fs::rename(server.dir() / "error.log", server.dir() / "error.log.1");
    server.write_config(kTwoChildren + "DirectoryIndex small.txt\n");
    server.signal(SIGUSR1);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
    BOOST_TEST(becomes_true(seconds(1), [&server] {
        return server.access_log().find("\"GET / HTTP/1.1\" 200") != std::string::npos;
    }));
    BOOST_TEST(fs::exists(server.dir() / "error.log"));
}

BOOST_AUTO_TEST_CASE(a_bad_file_at_usr1_or_hup_changes_nothing) {
    ServerProcess server(alone());
    const auto before = settled_children(server);
    for (const int signal : {SIGUSR1, SIGHUP}) {
        const std::size_t said = server.error_log().size();
        server.write_broken_config("MinSpareThread 5");
        server.signal(signal);
        BOOST_TEST(becomes_true(seconds(1), [&] {
            return server.error_log().find("MinSpareThread", said) != std::string::npos;
        }));
        BOOST_TEST(server.error_log().substr(said).find("mpmd.conf") != std::string::npos);
        BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
        BOOST_TEST((server.children() == before));
    }
    server.write_config(kTwoChildren);
    server.signal(SIGUSR1);
    BOOST_TEST(all_gone(before));
    (void)settled_children(server);
}

BOOST_AUTO_TEST_CASE(hup_replaces_all_at_once_and_refuses_nobody) {
    ServerProcess server(alone(kTwoChildren + "StopTimeout 600\n"));
    const auto before = settled_children(server);
    Running running(server, kEndless);
    server.signal(SIGHUP);
    // The listening sockets stay open: nobody is refused. What an old child has accepted when it is
    // told to stop is cut, as its running request is; afterwards everybody is answered.
    int cut_short = 0;
    for (int i = 0; i < 50; ++i) {
        HttpClient client(server.port());
        BOOST_TEST(client.connected());
        if (client.get("/small.txt").status != 200) ++cut_short;
    }
    BOOST_TEST(cut_short <= 2);  // one for each old child at most, for these come one after another
    const HttpResponse cut = running.client.receive();
    BOOST_TEST(!cut.whole);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(!share_a_member(before, settled_children(server)));
}

BOOST_AUTO_TEST_CASE(a_child_ignores_what_is_for_the_parent) {  // L-2
    ServerProcess server(alone());
    const auto before = settled_children(server);
    for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGINT})
        ::kill(before.front(), signal);
    for (int i = 0; i < 20; ++i)
        BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST((server.children() == before));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(start)

BOOST_AUTO_TEST_CASE(says_a_warning_of_the_file_once_and_calls_it_one_once) {
    ServerProcess server(alone(kTwoChildren + "LockFile run/lock\n"));
    const std::string told = ": LockFile ";
    const auto line_with = [&told](const std::string& text) {
        const std::size_t at = text.find(told);
        BOOST_REQUIRE(at != std::string::npos);
        BOOST_TEST(text.find(told, at + 1) == std::string::npos);
        const std::size_t begin = text.rfind('\n', at) + 1;
        return text.substr(begin, text.find('\n', at) - begin);
    };
    const std::string shown = line_with(server.read("server.out"));
    BOOST_TEST(shown.find("mpmd: warning: " + server.config() + ":") == 0U, shown);
    BOOST_TEST(shown.find("warning", std::string("mpmd: warning").size()) == std::string::npos,
               shown);
    const std::string logged = line_with(server.error_log());
    BOOST_TEST(logged.find("[core:warn]") != std::string::npos, logged);
    BOOST_TEST(logged.find("warning") == std::string::npos, logged);
}

// Else it would hold again as soon as the file says again what it said then.
BOOST_AUTO_TEST_CASE(forgets_a_saved_override_that_it_drops) {
    ServerProcess server(alone(kTwoChildren + "KeepAliveTimeout 12\n"));
    BOOST_TEST(server.stop() == 0);
    server.dir().write("state/overrides.conf",
                       "# mpmd overrides, revision 3\n# file: 11\nKeepAliveTimeout 7\n"
                       "MaxKeepAliveRequests 50\n");
    server.start();
    const std::string kept = server.read("state/overrides.conf");
    BOOST_TEST(kept.find("KeepAliveTimeout") == std::string::npos, kept);
    BOOST_TEST(kept.find("MaxKeepAliveRequests 50") != std::string::npos, kept);
    BOOST_TEST(server.error_log().find("KeepAliveTimeout 7 is dropped") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(says_once_what_it_cannot_open_or_listen_on) {
    ServerProcess server(alone());
    const auto refused = [&](const std::string& lines, const std::string& file = "") {
        server.write_config(lines);
        return Program({program_path("MPMD", "mpmd"), "-f", file.empty() ? server.config() : file,
                        "--foreground"})
            .wait()
            .err;
    };
    const auto count = [](const std::string& text, const std::string& word) {
        int found = 0;
        for (std::size_t at = text.find(word); at != std::string::npos;
             at = text.find(word, at + 1))
            ++found;
        return found;
    };
    const std::string own = "PidFile other.pid\nStateDir other\n";
    const std::string taken = refused(own);  // the port is the server's
    BOOST_TEST(count(taken, "cannot listen on") == 1, taken);
    const std::string log = refused(own + "ErrorLog no/such/log\n");
    BOOST_TEST(count(log, "cannot open") == 1, log);
    const std::string none = refused("", "/no/such/mpmd.conf");
    BOOST_TEST(count(none, "mpmd: ") == 1, none);
    server.write_config(kTwoChildren);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(run_directory)

// /run is empty after each boot.
BOOST_AUTO_TEST_CASE(is_made_before_the_first_file_goes_there) {  // P-12
    ServerOptions options = alone();
    options.lines +=
        "ControlSocket run/main/control.sock\nPidFile run/main/mpmd.pid\n"
        "ScoreBoardFile run/main/board\n";
    ServerProcess server(options);
    BOOST_TEST(server.read("run/main/mpmd.pid") == std::to_string(server.pid()) + "\n");
    const auto about = std::filesystem::status(server.dir() / "run/main");
    BOOST_TEST((about.permissions() == std::filesystem::perms(0755)));
    const auto before = settled_children(server);
    std::filesystem::remove_all(server.dir() / "run");  // and at run time
    server.signal(SIGUSR1);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(server.read("run/main/mpmd.pid") == std::to_string(server.pid()) + "\n");
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(std::filesystem::is_empty(server.dir() / "run/main"));
}

BOOST_AUTO_TEST_CASE(is_the_only_place_that_is_made_a_pid_file_elsewhere_needs_its_own) {
    ServerProcess server(alone());
    BOOST_TEST(server.stop() == 0);
    server.write_config(kTwoChildren + "PidFile elsewhere/mpmd.pid\n");
    const Ended refused =
        Program({program_path("MPMD", "mpmd"), "-f", server.config(), "--foreground"}).wait();
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err.find("elsewhere/mpmd.pid") != std::string::npos, refused.err);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(verbs)

BOOST_AUTO_TEST_CASE(graceful_returns_when_the_new_configuration_holds) {
    ServerProcess server(alone());
    const auto before = settled_children(server);
    server.write_config(kTwoChildren + "DirectoryIndex small.txt\n");
    const Ended done = verb(server, "graceful");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
}

BOOST_AUTO_TEST_CASE(a_bad_file_is_refused_with_its_line_and_the_server_goes_on) {
    ServerProcess server(alone());
    const auto before = settled_children(server);
    server.write_broken_config("ThreadsPerChild many");
    for (const char* name : {"graceful", "restart"}) {
        const Ended refused = verb(server, name);
        BOOST_TEST(refused.exit_status == 1);
        BOOST_TEST(refused.err.find("ThreadsPerChild") != std::string::npos, refused.err);
    }
    BOOST_TEST((server.children() == before));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(restart_replaces_the_children_of_the_same_supervisor) {
    ServerProcess server(alone());
    const auto before = settled_children(server);
    const pid_t supervisor = server.pid();
    const Ended done = verb(server, "restart");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(server.pid() == supervisor);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(stop_returns_when_the_server_has_ended) {
    ServerProcess server(alone());
    const Ended done = verb(server, "stop");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(server.wait().exit_status == 0);
    const Ended again = verb(server, "stop");
    BOOST_TEST(again.exit_status == 0);
    BOOST_TEST((again.out + again.err).find("not running") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(graceful_stop_returns_when_the_last_request_has_ended) {  // L-4
    Gate gate;
    ServerProcess server(alone(kTwoChildren + gate.lines()));
    Running running(server, Gate::kPath);
    Program waiting(verb_line(server, "graceful-stop"), {{}, server.dir() / "verb.out"});
    BOOST_TEST(said(server, "verb.out", "as long as that takes"), server.read("verb.out"));
    BOOST_TEST(waiting.running());
    BOOST_TEST(server.running());
    gate.open();
    BOOST_TEST(running.client.receive().body == Gate::kBody);
    BOOST_TEST(waiting.wait().exit_status == 0);
    BOOST_TEST(!server.running());
    BOOST_TEST(refuses(server.port()));
    BOOST_TEST(server.wait().exit_status == 0);
}

BOOST_AUTO_TEST_CASE(graceful_stop_says_how_long_the_server_waits_at_most) {
    ServerProcess server(alone(kTwoChildren + "GracefulShutdownTimeout 600\nStopTimeout 600\n"));
    Running running(server, kEndless);
    Program waiting(verb_line(server, "graceful-stop"), {{}, server.dir() / "verb.out"});
    BOOST_TEST(said(server, "verb.out", "for 600 s at most"), server.read("verb.out"));
    server.signal(SIGTERM);  // as it says
    BOOST_TEST(waiting.wait().exit_status == 0);
    BOOST_TEST(!server.running());
}

BOOST_AUTO_TEST_CASE(graceful_stop_waits_no_longer_than_the_server_does) {
    ServerProcess server(alone(kTwoChildren + "GracefulShutdownTimeout 1\nStopTimeout 600\n"));
    Running running(server, kEndless);
    const Ended done = verb(server, "graceful-stop");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(!server.running());
    BOOST_TEST(!running.client.receive().whole);
}

BOOST_AUTO_TEST_CASE(start_returns_with_a_serving_daemon_and_refuses_a_second_one) {
    ServerProcess server(alone());
    const Ended second = verb(server, "start");
    BOOST_TEST(second.exit_status == 1);
    BOOST_TEST((second.out + second.err).find("already") != std::string::npos,
               second.out + second.err);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(server.stop() == 0);

    const Ended started = verb(server, "start");
    BOOST_TEST(started.exit_status == 0, started.err);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    const pid_t daemon = std::atoi(server.read("mpmd.pid").c_str());
    BOOST_REQUIRE(daemon > 0);
    const Ended stopped = verb(server, "stop");
    BOOST_TEST(stopped.exit_status == 0, stopped.err);
    if (!has_gone(daemon)) ::kill(daemon, SIGKILL);
    BOOST_TEST(refuses(server.port()));
}

// The file that is loaded names a StateDir of its own, the running server keeps the one it has.
BOOST_AUTO_TEST_CASE(graceful_knows_the_outcome_when_the_file_names_another_state_dir) {
    ServerProcess server(alone(kTwoChildren + "StateDir one\n"));
    const auto before = settled_children(server);
    server.write_config(kTwoChildren + "StateDir two\nDirectoryIndex small.txt\n");
    const Ended done = verb(server, "graceful");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(done.err.find("takes effect at the next start") != std::string::npos, done.err);
    BOOST_TEST(all_gone(before));
    BOOST_TEST(fetch(server.port(), "/").body == "small\n");
}

BOOST_AUTO_TEST_CASE(stop_finds_a_server_whose_pid_file_is_gone) {  // P-15
    ServerProcess server(alone(kTwoChildren + "StopTimeout 1\n"));
    std::filesystem::remove(server.dir() / "mpmd.pid");
    const Ended second = verb(server, "start");
    BOOST_TEST(second.exit_status == 1);
    BOOST_TEST(second.err.find("pid " + std::to_string(server.pid())) != std::string::npos,
               second.err);
    Running running(server, kEndless);
    server.signal(SIGQUIT);
    BOOST_TEST(refuses(server.port()));
    const Ended restarted = verb(server, "graceful");
    BOOST_TEST(restarted.exit_status == 1);
    BOOST_TEST(restarted.err.find("is stopping") != std::string::npos, restarted.err);
    const Ended done = verb(server, "stop");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(!server.running());
}

BOOST_AUTO_TEST_CASE(stop_ends_a_server_whose_file_has_errors_by_now) {
    ServerProcess server(alone());
    server.write_broken_config("ThreadsPerChild many");
    const Ended done = verb(server, "stop");
    BOOST_TEST(done.exit_status == 0, done.err);
    BOOST_TEST(done.err.find("ThreadsPerChild") != std::string::npos, done.err);
    BOOST_TEST(!server.running());
    const Ended none = verb(server, "stop");
    BOOST_TEST(none.exit_status == 1);
    BOOST_TEST(none.err.find("nothing was sent") != std::string::npos, none.err);
}

BOOST_AUTO_TEST_CASE(stop_leaves_alone_the_server_of_another_file_with_the_same_state_dir) {
    ServerProcess server(alone());
    std::string other = server.read("mpmd.conf");
    other += "PidFile other.pid\n";
    const std::string path = server.dir().write("other.conf", other);
    const Ended refused = Program({program_path("MPMD", "mpmd"), "-f", path, "-k", "stop"}).wait();
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err.find("kill -TERM " + std::to_string(server.pid())) != std::string::npos,
               refused.err);
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(a_verb_of_another_user_says_whose_server_it_is) {
    if (::geteuid() != 0) skip("another user needs root");
    ServerProcess server(alone());
    ProgramOptions as_nobody;
    as_nobody.uid = 65534;
    const Ended refused =
        Program({program_path("MPMD", "mpmd"), "-f", server.config(), "-k", "graceful"}, as_nobody)
            .wait();
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err.find("belongs to user root") != std::string::npos, refused.err);
}

BOOST_AUTO_TEST_CASE(graceful_says_that_it_starts_a_server_when_none_runs) {
    ServerProcess server(alone());
    BOOST_TEST(server.stop() == 0);
    const Ended started = verb(server, "graceful");
    BOOST_TEST(started.exit_status == 0, started.err);
    BOOST_TEST(started.out == "mpmd: not running, starting it\n");
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
    BOOST_TEST(verb(server, "stop").exit_status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
