#include "daemon/supervisor/script_orphans.h"

#include <csignal>
#include <cstdint>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/log/log_file.h"

namespace mpmd::supervisor::test {
namespace {

enum class Way : std::uint8_t { GroupOfItsOwn, SessionOfItsOwn, OurGroup };

// A process that waits, in the group that it wants before this returns.
pid_t waiting(Way way) {
    int ends[2];
    BOOST_REQUIRE(::pipe(ends) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (way == Way::GroupOfItsOwn) ::setpgid(0, 0);
        if (way == Way::SessionOfItsOwn) ::setsid();
        static_cast<void>(!::write(ends[1], "x", 1));
        for (;;)
            ::pause();
    }
    char byte = 0;
    BOOST_TEST(::read(ends[0], &byte, 1) == 1);
    ::close(ends[0]);
    ::close(ends[1]);
    return pid;
}

bool was_killed(pid_t pid) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid == pid;
}

void bury(pid_t pid) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
}

BOOST_AUTO_TEST_SUITE(script_orphans)

BOOST_AUTO_TEST_CASE(P_11_only_a_group_that_came_to_us_is_killed) {
    log::LogFile nowhere;
    const log::Log log(nowhere);
    const pid_t before = waiting(Way::GroupOfItsOwn);
    pid_t ours = 0;
    ScriptOrphans orphans(log, [&](pid_t pid) { return pid == ours; });
    BOOST_REQUIRE(orphans.adopt().has_value());
    ours = waiting(Way::GroupOfItsOwn);
    const pid_t daemon = waiting(Way::SessionOfItsOwn);
    const pid_t writer = waiting(Way::OurGroup);
    const pid_t script = waiting(Way::GroupOfItsOwn);
    orphans.child_gone();
    siginfo_t info{};
    BOOST_TEST(::waitid(P_PID, static_cast<id_t>(script), &info, WEXITED | WNOWAIT) == 0);
    BOOST_TEST(was_killed(script));
    for (const pid_t other : {before, ours, daemon, writer})
        BOOST_TEST(!was_killed(other));
    for (const pid_t pid : {before, ours, daemon, writer, script})
        bury(pid);
}

BOOST_AUTO_TEST_CASE(one_that_was_late_is_found_at_a_tick_and_later_ones_are_left_alone) {
    log::LogFile nowhere;
    const log::Log log(nowhere);
    ScriptOrphans orphans(log, [](pid_t) { return false; });
    BOOST_REQUIRE(orphans.adopt().has_value());
    orphans.child_gone();
    const pid_t late = waiting(Way::GroupOfItsOwn);
    orphans.tick();
    siginfo_t info{};
    BOOST_TEST(::waitid(P_PID, static_cast<id_t>(late), &info, WEXITED | WNOWAIT) == 0);
    bury(late);
    for (int tick = 0; tick < 5; ++tick)
        orphans.tick();
    const pid_t other = waiting(Way::GroupOfItsOwn);
    orphans.tick();
    orphans.end();
    BOOST_TEST(!was_killed(other));
    bury(other);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::supervisor::test
