// What the supervisor knows and shows: numbers, counters, operations, regulation and successions,
// compared with what its scoreboard says. Signals and survival as an outsider sees them are
// lifecycle_test and survival_test.

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <list>
#include <set>

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

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

using scoreboard::OperationState;
using scoreboard::Snapshot;
using std::chrono::seconds;

// Two children and no more: on a slow machine regulation would add others, with reason.
const std::string kSmall =
    "StartServers 2\nThreadsPerChild 4\nMaxRequestWorkers 8\nMinSpareThreads 2\n"
    "MaxSpareThreads 12\nMaintenanceInterval 100ms\n";

// A server whose children are all up.
struct Fixture {
    explicit Fixture(const std::string& lines = kSmall) : server(ServerOptions{lines, false}) {
        BOOST_REQUIRE(
            becomes_true(seconds(1), [this] { return settled(2) && at_rest(server.pid()); }));
    }
    [[nodiscard]] Snapshot board() const { return snapshot_of(server.pid()); }
    [[nodiscard]] bool settled(std::size_t children) const {
        const Snapshot seen = board();
        return seen.children.size() == children && seen.totals.children_starting == 0 &&
               seen.totals.draining == 0;
    }
    [[nodiscard]] bool event(std::string_view kind) const { return had_event(server.pid(), kind); }
    // So many restarts have ended well.
    [[nodiscard]] bool succeeded(std::size_t restarts) const {
        const auto operations = operations_of(server.pid());
        return operations.size() == restarts && operations[0].state == OperationState::Succeeded;
    }
    ServerProcess server;
};

bool logged(const Fixture& f, const std::string& words) {
    return becomes_true(seconds(1),
                        [&] { return f.server.error_log().find(words) != std::string::npos; });
}

// Makes a process that mostly waits in a system call leave with this status, as a debugger would.
void make_exit(pid_t pid, int status) {
#if defined(__x86_64__)
    const bool left = becomes_true(seconds(1), [pid, status] {
        if (::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) != 0)
            skip("this system lets nobody trace");
        BOOST_REQUIRE(::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0);
        int stopped = 0;
        BOOST_REQUIRE(::waitpid(pid, &stopped, __WALL) == pid);
        BOOST_REQUIRE(WIFSTOPPED(stopped));
        user_regs_struct registers{};
        BOOST_REQUIRE(::ptrace(PTRACE_GETREGS, pid, nullptr, &registers) == 0);
        const bool in_call = static_cast<long long>(registers.orig_rax) >= 0;
        registers.rip -= 2;  // the instruction that made the call makes another one
        registers.orig_rax = static_cast<unsigned long long>(-1);
        registers.rax = SYS_exit_group;
        registers.rdi = static_cast<unsigned long long>(status);
        if (in_call) BOOST_REQUIRE(::ptrace(PTRACE_SETREGS, pid, nullptr, &registers) == 0);
        BOOST_REQUIRE(::ptrace(PTRACE_DETACH, pid, nullptr, nullptr) == 0);
        return in_call;  // otherwise it was at work for a moment
    });
    BOOST_REQUIRE(left);
#else
    (void)pid;
    (void)status;
    skip("knows the registers of x86-64 only");
#endif
}

// A request that a worker runs: until its child ends, or until a gate is opened.
struct Busy {
    explicit Busy(const Fixture& f, const std::string& target = "/mpmd-test/sleep?3600")
        : client(f.server.port()) {
        BOOST_REQUIRE(client.send(get_request(target)));
        BOOST_REQUIRE(becomes_true(seconds(1),
                                   [&] { return running_requests(f.server.pid(), target) == 1; }));
    }
    HttpClient client;
};

std::uint64_t requests(const Snapshot& seen) {
    return seen.totals.requests_on_listener + seen.totals.requests_on_workers;
}

std::vector<std::uint64_t> uids(const Snapshot& seen) {
    std::vector<std::uint64_t> out;
    for (const scoreboard::Child& child : seen.children)
        out.push_back(child.row.uid);
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(numbers)

BOOST_AUTO_TEST_CASE(of_children_are_never_used_twice_not_even_after_kill_9) {
    Fixture f;
    std::uint64_t last = 0;
    for (const int ending : {SIGTERM, SIGKILL, SIGTERM}) {
        BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.settled(2); }));
        for (const std::uint64_t uid : uids(f.board())) {
            BOOST_TEST(uid > last);
            last = uid;
        }
        const auto children = f.server.children();
        if (ending == SIGKILL)
            f.server.kill_supervisor();
        else
            f.server.stop();
        BOOST_TEST(becomes_true(
            seconds(1), [&] { return std::all_of(children.begin(), children.end(), has_gone); }));
        f.server.start();
    }
}

BOOST_AUTO_TEST_CASE(of_requests_go_on_over_a_graceful_restart_and_begin_again_with_a_hard_one) {
    Fixture f;
    for (int i = 0; i < 50; ++i)
        BOOST_REQUIRE_EQUAL(fetch(f.server.port(), "/").status, 200);

    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.succeeded(1); }));
    BOOST_TEST(requests(f.board()) >= 50U);
    BOOST_TEST(f.board().global.epoch == 1U);

    f.server.signal(SIGHUP);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.succeeded(2); }));
    BOOST_TEST(requests(f.board()) < 50U);
    BOOST_TEST(f.board().global.epoch == 2U);
}

BOOST_AUTO_TEST_CASE(a_restart_is_an_operation_with_an_outcome) {
    Fixture f;
    const auto before = uids(f.board());
    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.succeeded(1); }));
    const auto operation = operations_of(f.server.pid())[0];
    BOOST_TEST(operation.done == 2U);
    BOOST_TEST(operation.total == 2U);
    BOOST_TEST(std::string(scoreboard::text(operation.result)).rfind("2/2 replaced", 0) == 0U);
    for (const std::uint64_t uid : uids(f.board()))
        BOOST_TEST(std::count(before.begin(), before.end(), uid) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(reload)

BOOST_AUTO_TEST_CASE(a_refused_file_is_told_with_its_reason_and_keeps_the_generation) {
    Fixture f;
    const auto before = uids(f.board());
    f.server.write_broken_config("MinSpareThreads nonsense");
    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.event("reload.refused"); }));
    const Snapshot seen = f.board();
    BOOST_TEST(seen.global.reload_ok == 0U);
    BOOST_TEST(std::string(scoreboard::text(seen.global.reload_error)).find("MinSpareThreads") !=
               std::string::npos);
    BOOST_TEST(seen.global.generation == 0U);
    BOOST_TEST(uids(seen) == before, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened_is_found_before_anything_is_changed) {
    Fixture f;
    const auto before = uids(f.board());
    f.server.write_config(kSmall + "CustomLog no-such-directory/log common\n");
    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.event("reload.refused"); }));
    BOOST_TEST(uids(f.board()) == before, boost::test_tools::per_element());
    BOOST_TEST(fetch(f.server.port(), "/").status == 200);
}

BOOST_AUTO_TEST_CASE(a_new_address_is_bound_and_the_others_stay) {
    Fixture f;
    f.server.write_config(kSmall + "Listen 127.0.0.2:" + std::to_string(f.server.port()) + "\n");
    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.board().global.generation == 1; }));
    const std::string listen(scoreboard::text(f.board().global.listen));
    BOOST_TEST(listen.find("127.0.0.1:") != std::string::npos);
    BOOST_TEST(listen.find("127.0.0.2:") != std::string::npos);
    BOOST_TEST(fetch(f.server.port(), "/").status == 200);
}

BOOST_AUTO_TEST_CASE(a_rotated_log_is_reopened_by_children_that_still_drain) {
    Gate gate;
    Fixture f(kSmall + gate.lines());
    const std::vector<pid_t> old = f.server.children();
    Busy busy(f, Gate::kPath);
    const std::string rotated = f.server.dir() / "access.log.1";
    std::filesystem::rename(f.server.dir() / "access.log", rotated);
    f.server.signal(SIGUSR1);
    // Nobody has the old one open any more, and one of the old children is still there.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const auto now = f.server.children();
        return f.board().totals.draining == 1U &&
               std::none_of(now.begin(), now.end(), [&](pid_t pid) {
                   const auto files = open_files_of(pid);
                   return std::count(files.begin(), files.end(), rotated) > 0;
               });
    }));
    gate.open();
    BOOST_TEST(busy.client.receive().body == Gate::kBody);
    BOOST_TEST(becomes_true(
        seconds(1), [&] { return f.server.access_log().find(Gate::kPath) != std::string::npos; }));
}

BOOST_AUTO_TEST_CASE(a_removed_address_refuses_while_old_children_still_drain) {
    Gate gate;
    Fixture f(kSmall + gate.lines() + "Listen 127.0.0.2:0\n");
    std::string listen(scoreboard::text(f.board().global.listen));
    BOOST_REQUIRE(listen.find("127.0.0.2:") != std::string::npos);
    Busy busy(f, Gate::kPath);
    f.server.write_config(kSmall + gate.lines());
    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.board().global.generation == 1; }));
    listen = scoreboard::text(f.board().global.listen);
    BOOST_TEST(listen.find("127.0.0.2:") == std::string::npos);
    BOOST_TEST(running_requests(f.server.pid(), Gate::kPath) == 1U);
    gate.open();
    BOOST_TEST(busy.client.receive().status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(regulation)

// Seed 004's configuration: 2, 3, 5, 6 children, every thread seen busy, and back.
BOOST_AUTO_TEST_CASE(follows_the_spawn_law_up_to_the_limit_and_shrinks_one_by_one) {
    Gate gate;
    Fixture f(gate.lines() +
              "ServerLimit 16\nStartServers 2\nMaxRequestWorkers 150\nMinSpareThreads 25\n"
              "MaxSpareThreads 75\nThreadsPerChild 25\nMaintenanceInterval 300ms\n"
              "RequestQueueTimeout 3600\n");
    std::list<HttpClient> clients;
    const auto one_more = [&] {
        clients.emplace_back(f.server.port());
        return clients.back().send(get_request(Gate::kPath));
    };
    while (clients.size() < 120)
        BOOST_REQUIRE(one_more());
    BOOST_TEST(becomes_true(seconds(3), [&] {
        const auto now = f.board().totals;
        // On a slow machine a child takes one too many, who waits there: another fills the thread
        // that stays idle elsewhere.
        if (now.busy < 120 && now.busy + now.queued == clients.size()) (void)one_more();
        return now.busy >= 120;
    }));
    BOOST_TEST(becomes_true(seconds(1), [&] { return f.settled(6); }));
    gate.open();
    for (HttpClient& client : clients)
        BOOST_TEST(client.receive().status == 200);
    clients.clear();
    BOOST_TEST(becomes_true(seconds(5), [&] { return f.settled(3); }));

    std::uint32_t children = 2;
    std::uint32_t rate = 1;
    bool grows = true;
    // On a slow machine a saturated listener is a reason to spawn too, and spawns fewer (M-23).
    bool workers_only = true;
    for (const scoreboard::DecisionRow& row : decisions_of(f.server.pid())) {
        const std::string_view cause = scoreboard::text(row.cause);
        workers_only = workers_only && (cause == "workers" || cause == "none");
        if (row.spawned > 0) {
            BOOST_TEST((grows || !workers_only));
            BOOST_TEST(row.active == children);
            BOOST_TEST(row.spawned <= std::min(row.rate, 6 - children));
            if (workers_only) BOOST_TEST(row.spawned == std::min(rate, 6 - children));
            children += row.spawned;
            rate *= 2;
        } else {
            rate = 1;  // M-18: a tick that spawns nothing starts over (the clients arrive slowly)
        }
        children += row.recalled;
        if (row.retired_uid != 0) {
            grows = false;
            --children;
        }
    }
    BOOST_TEST(children == 3U);
}

BOOST_AUTO_TEST_CASE(a_limit_that_is_met_is_one_event_when_it_begins_and_one_when_it_ends) {
    Gate gate;
    Fixture f(gate.lines() +
              "StartServers 2\nThreadsPerChild 2\nMaxRequestWorkers 4\nMinSpareThreads 1\n"
              "MaintenanceInterval 100ms\n");
    auto clients = hold_workers(f.server, 4);
    // On a slow machine a listener may be saturated as well, which is a limit of its own.
    const auto told = [&f](std::string_view kind) {
        const auto events = events_of(f.server.pid());
        return std::count_if(events.begin(), events.end(), [kind](const auto& event) {
            return scoreboard::text(event.kind) == kind &&
                   scoreboard::text(event.text).substr(0, 8) == "workers:";
        });
    };
    BOOST_TEST(becomes_true(seconds(1), [&] { return told("limit.begin") == 1; }));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const scoreboard::Global global = f.board().global;
        return global.shortage == scoreboard::Shortage::Workers &&
               scoreboard::text(global.shortage_text).find("MaxRequestWorkers 4") !=
                   std::string_view::npos;
    }));
    gate.open();
    for (HttpClient& client : clients)
        BOOST_TEST(client.receive().status == 200);
    BOOST_TEST(becomes_true(seconds(1), [&] { return told("limit.end") == 1; }));
    // It stays in sight for some seconds.
    BOOST_TEST(becomes_true(
        seconds(5), [&] { return f.board().global.shortage == scoreboard::Shortage::None; }));
    BOOST_TEST(told("limit.begin") == 1);
    BOOST_TEST(told("limit.end") == 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(succession)

BOOST_AUTO_TEST_CASE(a_child_at_its_quota_is_followed_without_a_gap) {
    Fixture f(kSmall + "MaxConnectionsPerChild 20\n");
    const auto before = uids(f.board());
    for (int i = 0; i < 200; ++i)
        BOOST_REQUIRE_EQUAL(fetch(f.server.port(), "/").status, 200);
    BOOST_TEST(becomes_true(seconds(1), [&] { return f.event("child.successor"); }));
    // One for each. More may stand by, held, for those close to their quota, or have been added by
    // regulation when the machine was slow to let a released one accept.
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const Snapshot seen = f.board();
        return std::count_if(seen.children.begin(), seen.children.end(), [](const auto& child) {
                   return child.row.state == scoreboard::ChildState::Running;
               }) >= 2;
    }));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const auto now = uids(f.board());
        return std::none_of(before.begin(), before.end(), [&](std::uint64_t uid) {
            return std::count(now.begin(), now.end(), uid) > 0;
        });
    }));
    // 7.6: why they went
    const auto exits = f.board().global.exits;
    BOOST_TEST(exits.at(static_cast<std::size_t>(scoreboard::RetireReason::Quota)) >= 2U);
    BOOST_TEST(exits.at(static_cast<std::size_t>(scoreboard::RetireReason::None)) == 0U);
}

BOOST_AUTO_TEST_CASE(a_child_that_grew_too_large_is_replaced) {
    // Any process is larger than that: there is always one on its way out.
    const ServerProcess server(ServerOptions{kSmall + "MaxChildRSS 1048576\n", false});
    BOOST_TEST(becomes_true(seconds(1), [&] { return had_event(server.pid(), "child.memory"); }));
    BOOST_TEST(fetch(server.port(), "/").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(faults)

// After the five seconds that a heartbeat may be late.
BOOST_AUTO_TEST_CASE(a_child_that_hangs_is_seen_and_so_is_its_recovery) {
    Fixture f(kSmall + "ChildHangTimeout 1h\n");
    const auto becomes = [&f](scoreboard::ServerState state) {
        return becomes_true(seconds(7), [&] { return f.board().global.state == state; });
    };
    const auto before = f.server.children();
    ::kill(before.front(), SIGSTOP);
    BOOST_TEST(becomes(scoreboard::ServerState::Degraded));
    BOOST_TEST(f.event("child.stale"));
    ::kill(before.front(), SIGCONT);
    BOOST_TEST(becomes(scoreboard::ServerState::Running));
    BOOST_TEST((f.server.children() == before));
}

BOOST_AUTO_TEST_CASE(a_child_that_hangs_is_killed_after_ChildHangTimeout) {
    Fixture f(kSmall + "ChildHangTimeout 6s\n");
    const pid_t victim = f.server.children().front();
    ::kill(victim, SIGSTOP);
    BOOST_TEST(becomes_true(seconds(7), [&] { return f.event("child.stale"); }));
    BOOST_TEST(becomes_true(seconds(7), [&] {
        const auto now = f.server.children();
        return std::count(now.begin(), now.end(), victim) == 0 && f.settled(2) &&
               f.board().global.state == scoreboard::ServerState::Running;
    }));
}

BOOST_AUTO_TEST_CASE(children_that_all_die_at_once_do_not_take_the_machine_with_them) {
    Fixture f;
    std::set<std::uint32_t> killed;
    for (int round = 0; round < 3; ++round) {
        // Whoever there is, ready or not, as soon as somebody new is there.
        BOOST_REQUIRE(becomes_true(seconds(3), [&] {
            const std::size_t before = killed.size();
            for (const scoreboard::Child& child : f.board().children)
                if (killed.insert(child.row.pid).second)
                    ::kill(static_cast<pid_t>(child.row.pid), SIGKILL);
            return killed.size() > before;
        }));
    }
    BOOST_TEST(f.server.running());
    BOOST_TEST(f.board().global.spawned < 40U);
    BOOST_TEST(becomes_true(seconds(5), [&] { return fetch(f.server.port(), "/").status == 200; }));
}

// M-7: what was loaded since may well work.
BOOST_AUTO_TEST_CASE(a_fatal_end_of_an_old_child_is_told_and_stops_nobody) {
    Fixture f;
    const auto old = f.server.children();
    const auto busy = hold_workers(f.server, 8, "/mpmd-test/sleep?3600");  // all threads of both
    f.server.signal(SIGUSR1);
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return f.board().totals.draining == 2U; }));
    make_exit(old.front(), 15);
    BOOST_TEST(logged(f, "child pid " + std::to_string(old.front()) +
                             " of generation 0 ended with a fatal error; the server goes on"));
    BOOST_TEST(fetch(f.server.port(), "/").status == 200);
    BOOST_TEST(!f.event("server.fatal"));
}

// M-6: one of those that are to serve will never work.
BOOST_AUTO_TEST_CASE(a_fatal_end_of_a_serving_child_stops_the_server) {
    Fixture f;
    const pid_t child = f.server.children().front();
    make_exit(child, 15);
    BOOST_TEST(f.server.wait(soon(seconds(10))).exit_status == 1);
    BOOST_TEST(f.server.error_log().find("child pid " + std::to_string(child) +
                                         " ended with a fatal error; the server stops") !=
               std::string::npos);
}

// M-11: the table knows all that we started.
BOOST_AUTO_TEST_CASE(the_end_of_a_process_that_was_inherited_is_told_as_such) {
    ServerOptions options{kSmall, false};
    options.before_exec = [] {
        if (::fork() != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            ::pause();
    };
    const ServerProcess server(options);
    pid_t stranger = 0;
    for (const Process& process : children_of(server.pid()))
        if (process.name.rfind("mpmd", 0) != 0) stranger = process.pid;
    BOOST_REQUIRE(stranger != 0);
    ::kill(stranger, SIGKILL);
    BOOST_TEST(becomes_true(seconds(1), [&] {
        return server.error_log().find("process " + std::to_string(stranger) +
                                       " ended, which was no child of ours") != std::string::npos;
    }));
    BOOST_TEST(!had_event(server.pid(), "child.crashed"));
    BOOST_TEST(fetch(server.port(), "/").status == 200);
}

// M-19: the loop goes on, and tries again when the pause is over.
BOOST_AUTO_TEST_CASE(a_fork_that_is_refused_is_told_and_tried_again) {
    if (::geteuid() == 0) skip("root may always fork: runs with the label unprivileged");
    Fixture f(kSmall + "MinSpareThreads 5\n");  // one child alone is not enough
    rlimit before{};
    BOOST_REQUIRE(::prlimit(f.server.pid(), RLIMIT_NPROC, nullptr, &before) == 0);
    const rlimit none{0, before.rlim_max};
    BOOST_REQUIRE(::prlimit(f.server.pid(), RLIMIT_NPROC, &none, nullptr) == 0);
    ::kill(f.server.children().front(), SIGKILL);
    BOOST_TEST(logged(f, "cannot fork child for slot "));
    BOOST_TEST(logged(f, "; retrying in 1 s"));
    BOOST_TEST(logged(f, "; retrying in 2 s"));  // longer each time
    BOOST_TEST(f.event("child.fork_failed"));
    BOOST_TEST(fetch(f.server.port(), "/").status == 200);  // by the other one, and no loop stands
    BOOST_REQUIRE(::prlimit(f.server.pid(), RLIMIT_NPROC, &before, nullptr) == 0);
    BOOST_TEST(becomes_true(seconds(4), [&] { return f.board().global.spawned >= 3U; }));
}

BOOST_AUTO_TEST_CASE(a_worker_that_never_comes_back_is_killed_after_StopTimeout) {
    Fixture f(kSmall + "StopTimeout 3s\n");
    const Busy busy(f);
    BOOST_TEST(f.server.stop() == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rights)

BOOST_AUTO_TEST_CASE(children_of_root_give_up_every_identity_of_root) {
    if (::geteuid() != 0) skip("needs root");
    Fixture f;
    for (const pid_t child : f.server.children()) {
        std::ifstream status("/proc/" + std::to_string(child) + "/status");
        bool seen = false;
        for (std::string line; std::getline(status, line);) {
            if (line.rfind("Uid:", 0) != 0 && line.rfind("Gid:", 0) != 0) continue;
            seen = true;
            BOOST_TEST(line.find("\t0") == std::string::npos, line);
        }
        BOOST_TEST(seen);
    }
}

BOOST_AUTO_TEST_CASE(a_child_has_no_descriptor_that_it_was_not_given) {
    Fixture f;
    const pid_t child = f.server.children().front();
    const auto files = open_files_of(child);
    BOOST_TEST(files.size() > 5U);
    for (const std::string& target : files) {
        for (const char* foreign : {"signalfd", "timerfd", "mpmd-scoreboard", "mpmd.pid", "/lock",
                                    "run-status", "control.sock"})
            BOOST_TEST(target.find(foreign) == std::string::npos, target);
    }
}

BOOST_AUTO_TEST_CASE(a_state_directory_that_others_may_write_is_refused) {
    if (::geteuid() != 0) skip("needs root: without it the directory is the user's own affair");
    Fixture f;
    f.server.stop();
    std::filesystem::permissions(f.server.dir() / "state", std::filesystem::perms(0777));
    BOOST_CHECK_THROW(f.server.start(), std::exception);
    BOOST_TEST(f.server.read("server.out").find("StateDir") != std::string::npos);
    std::filesystem::permissions(f.server.dir() / "state", std::filesystem::perms(0755));
    f.server.start();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::test
