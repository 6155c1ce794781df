// What dies, what must not start, and what is left of it (A-38 to,
// A-69; P-10, P-20, P-23 to P-26, M-6, M-8, M-10, M-17, U-22).

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/accept/fixture_a.h"
#include "tests/support/auto_status.h"
#include "tests/support/kernel.h"
#include "tests/support/mpmctl.h"
#include "tests/support/skip.h"

namespace mpmd::test {
namespace {

namespace fs = std::filesystem;
namespace data = boost::unit_test::data;
using scoreboard::Snapshot;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

const scoreboard::Child* child_of(const Snapshot& seen, pid_t pid) {
    for (const scoreboard::Child& child : seen.children)
        if (child.row.pid == static_cast<std::uint32_t>(pid)) return &child;
    return nullptr;
}

// One child of two dies of `signal`; the other one serves on and the slot is taken again.
void dies_and_is_replaced(int signal, const std::string& name) {
    Server server;
    const auto before = server.children();
    const Snapshot then = server.board();
    const scoreboard::Child* victim = child_of(then, before[0]);
    BOOST_REQUIRE(victim != nullptr);
    const std::uint32_t slot = victim->slot;
    const std::size_t from = server.error_log().size();
    ::kill(before[0], signal);
    BOOST_TEST(becomes_true(milliseconds(1200), [&] { return has_gone(before[0]); }));
    BOOST_TEST(becomes_true(milliseconds(1200), [&] {
        return child_of(server.board(), before[0]) == nullptr && server.settled(2);
    }));

    const Snapshot now = server.board();
    BOOST_TEST(child_of(now, before[1]) != nullptr);
    for (const scoreboard::Child& child : now.children)
        if (child.row.pid != static_cast<std::uint32_t>(before[1])) BOOST_TEST(child.slot == slot);
    BOOST_TEST(now.global.crashed == 1U);
    BOOST_TEST(had_event(server.pid(), "child.crashed"));
    const std::string told = "child pid " + std::to_string(before[0]) + " exit signal " + name;
    BOOST_TEST(count(server.error_log().substr(from), told) == 1U, server.error_log());
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

// A server that this configuration lets not start, or not stay.
Ended fails_with(const std::string& lines, std::function<void()> before_exec = {}) {
    ServerProcess server(alone(kFixtureA));
    BOOST_REQUIRE(server.stop() == 0);
    server.write_config(kFixtureA + lines);
    ProgramOptions options;
    options.before_exec = std::move(before_exec);
    Program program({program_path("MPMD", "mpmd"), "-f", server.config(), "--foreground"}, options);
    Ended ended = program.wait();
    ended.err += server.error_log();
    BOOST_TEST(!fs::exists(server.dir() / "mpmd.pid"));
    BOOST_TEST(!HttpClient(server.port()).connected());
    return ended;
}

std::vector<std::string> letters(const Json& frame) {
    std::vector<std::string> out;
    for (const Json& child : frame.at("children"))
        out.push_back(child.at("board"));
    return out;
}

bool kernel_writes_cores_here() {
    std::ifstream file("/proc/sys/kernel/core_pattern");
    const std::string pattern{std::istreambuf_iterator<char>(file), {}};
    rlimit limit{};
    return ::getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max != 0 && !pattern.empty() &&
           pattern.front() != '|' && pattern.front() != '/';
}

// Children may write there, whoever they are.
std::string core_directory(const ServerProcess& server) {
    const std::string path = server.dir() / "cores";
    fs::create_directory(path);
    fs::permissions(path, fs::perms(0777));
    return path;
}

std::size_t files_in(const std::string& folder) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

struct Named {
    const char* model;
    const char* module;
};
std::ostream& operator<<(std::ostream& out, const Named& named) {
    return out << named.model;
}
const Named kModels[] = {{"event", "[mpm_event:warn]"}, {"worker", "[mpm_worker:warn]"}};

}  // namespace

BOOST_AUTO_TEST_CASE(A_38_a_child_that_crashes_is_replaced_in_its_slot) {
    dies_and_is_replaced(SIGSEGV, "Segmentation fault (11)");
}

BOOST_AUTO_TEST_CASE(A_39_a_killed_child_is_replaced_told_and_counted) {  // P-26
    dies_and_is_replaced(SIGKILL, "Killed (9)");
}

BOOST_AUTO_TEST_CASE(A_40_children_that_crash_at_birth_are_no_fork_storm) {  // M-10
    Server server("MaintenanceInterval 100ms\n");
    const std::uint64_t born = server.board().global.spawned;
    const auto began = Clock::now();
    const auto at_once = [&] {  // however late a slow machine is with it
        return server.board().global.spawned - born >= 2 ||
               Clock::now() - began > soon(milliseconds(1500));
    };
    while (Clock::now() - began < milliseconds(1500) || !at_once())
        for (const pid_t child : server.children())
            ::kill(child, SIGSEGV);
    const Snapshot seen = server.board();
    const auto forks = static_cast<double>(seen.global.spawned - born);
    const double passed = std::chrono::duration<double>(Clock::now() - began).count();
    BOOST_TEST(forks >= 2.0);           // at once
    BOOST_TEST(forks <= 6.0 * passed);  // A + 2 a second
    // And fewer, for the pause grows; there were 15 ticks.
    BOOST_TEST(forks <= 6.0 * std::max(1.0, passed / 2));
    BOOST_TEST(server.running());
    // Left alone it recovers.
    BOOST_TEST(becomes_true(seconds(6), [&] {
        return server.board().totals.idle >= 4 && fetch(server.port(), "/small.txt").status == 200;
    }));
}

BOOST_AUTO_TEST_CASE(A_40_the_third_crash_between_two_ticks_is_told) {  // M-10
    const Server server("MaintenanceInterval 10s\n");
    const auto die = [&server](std::uint64_t uid) {
        BOOST_REQUIRE(becomes_true(seconds(1), [&] {
            for (const scoreboard::Child& child : server.board().children)
                if (child.row.uid == uid && child.row.state == scoreboard::ChildState::Running)
                    return ::kill(static_cast<pid_t>(child.row.pid), SIGSEGV) == 0;
            return false;
        }));
    };
    die(1);
    die(3);  // its successor
    BOOST_TEST(!had_event(server.pid(), "child.crashing"));
    die(4);
    BOOST_TEST(server.said("children keep dying of signals: no immediate replacement"));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return had_event(server.pid(), "child.crashing") && server.board().children.size() == 1U;
    }));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);  // by the other one
}

BOOST_AUTO_TEST_CASE(A_41_threads_that_cannot_be_made_stop_the_server) {  // M-8, M-17
    const auto began = Clock::now();
    const Ended ended = fails_with("ThreadStackSize 1024G\n");
    BOOST_TEST((Clock::now() - began <= soon(seconds(5))));
    BOOST_TEST(ended.exit_status == 1);
    BOOST_TEST(ended.err.find("pthread_create") != std::string::npos, ended.err);
    BOOST_TEST(ended.err.find("no child could get the threads it needs; the server stops") !=
                   std::string::npos,
               ended.err);
}

BOOST_DATA_TEST_CASE(A_41_a_stack_size_that_the_system_refuses_is_told_and_not_used,
                     boost::unit_test::data::make(kModels),
                     named) {
    Server server("ThreadStackSize 1000\nMPM " + std::string(named.model) + "\n");
    BOOST_TEST(server.said("ThreadStackSize 1000 is refused"));
    const std::string log = server.error_log();
    const std::size_t at = log.find("ThreadStackSize 1000 is refused");
    const std::string line = log.substr(0, at);
    BOOST_TEST(line.find(named.module, line.rfind('\n') + 1) != std::string::npos, line);
    BOOST_TEST(fetch(server.port(), "/mpmd-test/bytes?10").status == 200);
}

BOOST_AUTO_TEST_CASE(A_44_a_numeric_user_without_a_name_is_that_user) {  // P-9, U-22
    if (::geteuid() != 0) skip("needs root");
    Server server("User #99999\nGroup #99998\n");
    for (const pid_t child : server.children()) {
        BOOST_TEST(line_of_status(child, "Uid") == "\t99999\t99999\t99999\t99999");
        BOOST_TEST(line_of_status(child, "Gid") == "\t99998\t99998\t99998\t99998");
        BOOST_TEST(line_of_status(child, "Groups") == "\t99998 ");
        BOOST_TEST(line_of_status(child, "CapEff") == "\t0000000000000000");
    }
    BOOST_TEST(server.said("children run as uid 99999, gid 99998"));
    BOOST_TEST(fetch(server.port(), "/small.txt").status == 200);
}

BOOST_AUTO_TEST_CASE(A_44_a_child_that_cannot_give_up_root_stops_the_server) {  // P-10, M-6
    if (::geteuid() != 0) skip("needs root");
    for (const long call : {SYS_setresuid, SYS_setresgid, SYS_setgroups}) {
        const Ended ended = fails_with("", [call] { forbid_call(call, EPERM); });
        BOOST_TEST(ended.exit_status == 1);
        BOOST_TEST(ended.err.find("giving up root") != std::string::npos, ended.err);
    }
    // A call that says yes and does nothing is noticed as well.
    const Ended lie = fails_with("", [] { forbid_call(SYS_setresuid, 0); });
    BOOST_TEST(lie.exit_status == 1);
    BOOST_TEST(lie.err.find("did not hold") != std::string::npos, lie.err);
}

BOOST_AUTO_TEST_CASE(A_44_root_and_unknown_names_are_refused_in_the_file) {  // P-9
    const ServerProcess server(alone(kFixtureA));
    for (const char* line : {"User root\n", "User #0\n", "User nobody-of-that-name\n",
                             "Group no-group-of-that-name\n"}) {
        const std::string config =
            server.dir().write("other.conf", server.read("mpmd.conf") + line);
        const Ended tested = Program({program_path("MPMD", "mpmd"), "-f", config, "-t"}).wait();
        BOOST_TEST(tested.exit_status == 1, line);
        BOOST_TEST(tested.err.find("other.conf:") != std::string::npos, tested.err);
    }
}

BOOST_AUTO_TEST_CASE(A_49_the_scoreboard_stands_in_its_file_for_everybody_to_read) {  // P-20
    ServerProcess server(kFixtureA + kStatusLines + "ScoreBoardFile board\n");
    const Mpmctl mpmctl(server.socket());
    const std::string path = server.dir() / "board";
    struct stat about {};
    BOOST_REQUIRE_EQUAL(::stat(path.c_str(), &about), 0);
    BOOST_TEST((about.st_mode & 07777) == 0640U);
    BOOST_TEST(about.st_uid == ::geteuid());

    HttpClient busy(server.port());
    BOOST_REQUIRE(busy.send(get_request(kLongSleep)));
    std::vector<std::string> live;
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        live = letters(mpmctl.json({"board"}));
        std::string all = live.size() == 2 ? live[0] + live[1] : "";
        std::sort(all.begin(), all.end());
        return all == "W_______";
    }));
    // A second reader of our own, and mpmctl without a server to ask.
    const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto reader = scoreboard::Reader::open(file.get());
    BOOST_REQUIRE(reader.has_value());
    const Snapshot seen = scoreboard::take_snapshot(reader->view());
    BOOST_TEST(seen.header.supervisor_pid == static_cast<std::uint32_t>(server.pid()));
    std::vector<std::string> mapped;
    for (const scoreboard::Child& child : seen.children)
        mapped.push_back(child.letters);
    BOOST_TEST(mapped == live, boost::test_tools::per_element());
    // The page is answered by the listener and changes no letter; free slots are dots.
    BOOST_TEST(auto_status(server.port())["Scoreboard"] == mapped[0] + mapped[1] + "........");
    BOOST_TEST(
        letters(Mpmctl(server.dir() / "none").json({"board", "--local", "--file", path})) == live,
        boost::test_tools::per_element());
    BOOST_TEST(letters(mpmctl.json({"board", "--local"})) == live,
               boost::test_tools::per_element());
    BOOST_TEST(busy.quiet());
    BOOST_TEST(server.stop() == 0);
    BOOST_TEST(!fs::exists(path));
    BOOST_TEST(mpmctl.run({"board", "--local", "--file", path}).exit_status == 3);
}

BOOST_AUTO_TEST_CASE(A_49_the_file_of_a_dead_server_is_replaced_and_no_other) {
    const Gate gate;
    Server server(gate.lines() + "ScoreBoardFile board\n");
    const std::string path = server.dir() / "board";
    Running running(server);
    server.kill_supervisor();
    BOOST_TEST(fs::exists(path));
    BOOST_TEST(becomes_true(seconds(2), [&] { return !HttpClient(server.port()).connected(); }));
    server.start();
    const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const auto reader = scoreboard::Reader::open(file.get());
    BOOST_REQUIRE(reader.has_value());
    BOOST_TEST(reader->view().header().supervisor_pid == static_cast<std::uint32_t>(server.pid()));
    // A child of the dead one still works, on the file that was.
    BOOST_TEST(running.client.quiet());
    gate.open();
    BOOST_TEST(running.client.receive().body == Gate::kBody);
    BOOST_TEST(server.stop() == 0);

    server.dir().write("board", "precious\n");
    const Ended refused =
        Program({program_path("MPMD", "mpmd"), "-f", server.config(), "--foreground"}).wait();
    BOOST_TEST(refused.exit_status == 1);
    BOOST_TEST(refused.err.find("no scoreboard") != std::string::npos, refused.err);
    BOOST_TEST(server.read("board") == "precious\n");
}

namespace {

struct Call {
    long number;
    const char* name;
};
std::ostream& operator<<(std::ostream& out, const Call& call) {
    return out << call.name;
}
const Call kCalls[] = {
    {SYS_epoll_create1, "epoll_create1"},
    {SYS_signalfd4, "signalfd"},
    {SYS_timerfd_create, "timerfd_create"},
    {SYS_eventfd2, "eventfd"},
    {SYS_memfd_create, "memfd_create"},
    {SYS_pidfd_open, "pidfd_open"},
    {SYS_openat2, "openat2"},
    {SYS_close_range, "close_range"},
};

}  // namespace

BOOST_DATA_TEST_CASE(A_60_a_kernel_without_a_needed_call_is_named_at_the_start,
                     data::make(kCalls),
                     call) {
    const TempDir dir;
    const std::string config = dir.write("mpmd.conf", "Listen 127.0.0.1:0\n");
    ProgramOptions options;
    options.before_exec = [number = call.number] { forbid_call(number, ENOSYS); };
    Program program({program_path("MPMD", "mpmd"), "-f", config, "--foreground"}, options);
    const Ended ended = program.wait();
    BOOST_TEST(ended.exit_status == 1);
    BOOST_TEST(ended.err.find(call.name) != std::string::npos, ended.err);
    BOOST_TEST(ended.err.find("Linux 5.10") != std::string::npos, ended.err);
    BOOST_TEST(count(ended.err, "\n") == 1U, ended.err);
}

BOOST_AUTO_TEST_CASE(A_61_a_target_without_lock_free_words_does_not_build) {
    const TempDir dir;
    const std::string snippet =
        dir.write("target.cc",
                  "#include \"daemon/scoreboard/layout.h\"\n"
                  "struct Wide { std::uint64_t words[4]; };  // no processor swaps that\n"
                  "template struct mpmd::scoreboard::SharedWord<WORD>;\n");
    const auto compile = [&](const std::string& word) {
        return Program({MPMD_TEST_CXX, "-std=c++20", "-fsyntax-only", "-I", MPMD_TEST_SOURCE,
                        "-DWORD=" + word, snippet})
            .wait();
    };
    const Ended good = compile("std::uint64_t");
    BOOST_TEST(good.exit_status == 0, good.err);
    const Ended bad = compile("Wide");
    BOOST_TEST(bad.exit_status != 0);
    BOOST_TEST(bad.err.find("mpmd needs lock-free 64-bit atomics") != std::string::npos, bad.err);
}

BOOST_AUTO_TEST_CASE(A_69_a_crash_leaves_a_core_and_a_record) {  // P-23 to P-26
    ServerProcess server(kFixtureA);
    const std::string cores = core_directory(server);
    const Mpmctl mpmctl(server.socket());
    const std::string lines = "CoreDumpDirectory cores\nEnableExceptionHook On\n";
    server.write_config(kFixtureA + lines);
    BOOST_TEST(mpmctl.run({"graceful"}).exit_status == 0);

    BOOST_TEST(fetch(server.port(), "/mpmd-test/crash?SEGV").status == 0);
    Json crashes;
    BOOST_REQUIRE(becomes_true(seconds(1), [&] {
        crashes = mpmctl.json({"crashes"}).at("crashes");
        return !crashes.empty();
    }));
    BOOST_TEST(crashes.size() == 1U);
    const Json& crash = crashes.at(0);
    BOOST_TEST(crash.at("signal") == "SEGV");
    BOOST_TEST(crash.at("generation") == 1);
    BOOST_TEST(crash.at("request") == "GET /mpmd-test/crash?SEGV");
    BOOST_TEST(crash.at("thread").get<std::string>().rfind("worker ", 0) == 0U);
    BOOST_TEST(crash.at("slot").get<int>() < 6);
    BOOST_TEST(crash.at("pid").get<int>() > 0);
    BOOST_TEST(crash.at("stack").size() >= 3U);
    BOOST_TEST(crash.at("stack").dump().find("mpmd+0x") != std::string::npos);
    const std::string table = mpmctl.run({"crashes", "--stack"}).out;
    BOOST_TEST(table.find("/mpmd-test/crash?SEGV") != std::string::npos, table);
    BOOST_TEST(table.find("mpmd+0x") != std::string::npos, table);

    BOOST_TEST(crash.at("core_dumped") == kernel_writes_cores_here());
    if (kernel_writes_cores_here()) {
        BOOST_TEST(files_in(cores) >= 1U);
        BOOST_TEST(becomes_true(seconds(1), [&] {
            return server.error_log().find("core dumped in " + cores) != std::string::npos;
        }));
    }
    // The five are caught, QUIT is left to the system.
    const auto catches = [](pid_t child) {
        const std::string mask = line_of_status(child, "SigCgt");
        const std::uint64_t caught = mask.empty() ? 0 : std::stoull(mask, nullptr, 16);
        const auto is = [caught](int signal) { return (caught >> (signal - 1) & 1U) == 1U; };
        return is(SIGSEGV) && is(SIGBUS) && is(SIGABRT) && is(SIGILL) && is(SIGFPE) && !is(SIGQUIT);
    };
    // One that is being forked has yet to ask for it.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const auto children = server.children();
        return children.size() == 2U && std::all_of(children.begin(), children.end(), catches);
    }));
}

BOOST_AUTO_TEST_CASE(A_69_without_the_hook_nothing_is_recorded_and_without_the_directory_no_core) {
    ServerProcess server(kFixtureA);
    const Mpmctl mpmctl(server.socket());
    BOOST_TEST(fetch(server.port(), "/mpmd-test/crash?ABRT").status == 0);
    BOOST_TEST(becomes_true(seconds(1), [&] { return had_event(server.pid(), "child.crashed"); }));
    BOOST_TEST(mpmctl.json({"crashes"}).at("crashes").empty());
    if (::geteuid() == 0)  // a process that changed its user may not, until it is told to
        BOOST_TEST(server.error_log().find("core dumped") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(A_69_a_directory_that_is_none_is_refused) {  // P-24
    Server server;
    server.write_broken_config("CoreDumpDirectory no-such-directory\n");
    const Ended tested =
        Program({program_path("MPMD", "mpmd"), "-f", server.config(), "-t"}).wait();
    BOOST_TEST(tested.exit_status == 1);
    BOOST_TEST(tested.err.find("no-such-directory\" is not a directory") != std::string::npos,
               tested.err);
}

}  // namespace mpmd::test
