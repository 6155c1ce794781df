#include "daemon/mpm/lifecycle.h"

#include <csignal>
#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
namespace data = boost::unit_test::data;
using mpm::Command;
using mpm::Effect;
using mpm::Lifecycle;
using mpm::ServerState;
using mpmd::MonoTime;
using mpmd::Seconds;
using Effects = std::vector<Effect>;

namespace {

constexpr const char* kCommandNames[] = {"USR1", "HUP", "WINCH", "fatal", "TERM"};
const char* name(Command command) {
    return kCommandNames[static_cast<int>(command)];
}

MonoTime at(int seconds) {
    return MonoTime(Seconds(seconds));
}

Lifecycle running() {
    Lifecycle lifecycle;
    lifecycle.started();
    return lifecycle;
}

Effects advance(Lifecycle& lifecycle, int now, std::int64_t children = 2, int graceful = 0) {
    return lifecycle.advance({at(now), children, false, {Seconds(graceful), Seconds(3)}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle)

BOOST_AUTO_TEST_CASE(signals_mean_what_administrators_know) {
    BOOST_TEST((mpm::command_for_signal(SIGTERM, true) == Command::Stop));
    BOOST_TEST((mpm::command_for_signal(SIGINT, true) == Command::Stop));
    BOOST_TEST((mpm::command_for_signal(SIGHUP, false) == Command::HardRestart));
    BOOST_TEST((mpm::command_for_signal(SIGUSR1, false) == Command::GracefulRestart));
    BOOST_TEST((mpm::command_for_signal(SIGQUIT, true) == Command::GracefulStop));
    BOOST_TEST(!mpm::command_for_signal(SIGPIPE, false));
    BOOST_TEST(!mpm::command_for_signal(SIGCHLD, false));
}

BOOST_AUTO_TEST_CASE(resizing_a_terminal_does_not_stop_the_server) {  // L-3, A-31
    BOOST_TEST(!mpm::command_for_signal(SIGWINCH, true));
    BOOST_TEST((mpm::command_for_signal(SIGWINCH, false) == Command::GracefulStop));
}

namespace {
struct Merge {
    Command first, second, wins;
};
std::ostream& operator<<(std::ostream& out, const Merge& m) {
    return out << name(m.first) << " then " << name(m.second);
}
const Merge kMerges[] = {
    // L-1
    {Command::GracefulRestart, Command::HardRestart, Command::HardRestart},
    {Command::HardRestart, Command::GracefulRestart, Command::HardRestart},
    {Command::GracefulStop, Command::Stop, Command::Stop},
    {Command::Stop, Command::GracefulStop, Command::Stop},
    {Command::HardRestart, Command::GracefulStop, Command::GracefulStop},
    {Command::GracefulStop, Command::HardRestart, Command::GracefulStop},
    {Command::GracefulRestart, Command::Stop, Command::Stop},
    {Command::Stop, Command::HardRestart, Command::Stop},
    {Command::GracefulStop, Command::FatalStop, Command::FatalStop},
};
}  // namespace

BOOST_DATA_TEST_CASE(of_two_commands_the_stronger_one_is_done, data::make(kMerges), m) {
    Lifecycle lifecycle = running();
    lifecycle.request(m.first);
    lifecycle.request(m.second);
    BOOST_TEST(name(lifecycle.pending().value()) == name(m.wins));
}

BOOST_AUTO_TEST_CASE(restarts_are_handed_over_once) {
    Lifecycle lifecycle = running();
    lifecycle.request(Command::GracefulRestart);
    BOOST_TEST((advance(lifecycle, 1) == Effects{Effect::BeginGracefulRestart}));
    BOOST_TEST(advance(lifecycle, 2).empty());
    lifecycle.request(Command::HardRestart);
    BOOST_TEST((advance(lifecycle, 3) == Effects{Effect::BeginHardRestart}));
    BOOST_TEST((lifecycle.state() == ServerState::Running));
}

BOOST_AUTO_TEST_CASE(a_graceful_restart_waits_for_the_one_before_and_a_hard_one_does_not) {
    Lifecycle lifecycle = running();
    const Lifecycle::Situation replacing{at(1), 2, true, {}};
    lifecycle.request(Command::GracefulRestart);
    BOOST_TEST(lifecycle.advance(replacing).empty());
    BOOST_TEST((advance(lifecycle, 2) == Effects{Effect::BeginGracefulRestart}));
    lifecycle.request(Command::HardRestart);
    BOOST_TEST((lifecycle.advance(replacing) == Effects{Effect::BeginHardRestart}));
}

BOOST_AUTO_TEST_CASE(a_restart_asked_for_before_the_start_is_done_waits_a_stop_does_not) {
    Lifecycle lifecycle;
    lifecycle.request(Command::HardRestart);
    BOOST_TEST(advance(lifecycle, 1).empty());
    lifecycle.started();
    BOOST_TEST((advance(lifecycle, 1) == Effects{Effect::BeginHardRestart}));
    Lifecycle early;
    early.request(Command::Stop);
    BOOST_TEST((advance(early, 1).back() == Effect::StopChildren));
}

BOOST_AUTO_TEST_CASE(an_idle_server_is_gone_at_once_on_term) {
    Lifecycle lifecycle = running();
    lifecycle.request(Command::Stop);
    BOOST_TEST((advance(lifecycle, 10) ==
                Effects{Effect::CancelRollout, Effect::StopListening, Effect::StopChildren}));
    BOOST_TEST((advance(lifecycle, 10, 0) == Effects{Effect::RemovePidFile, Effect::Exit}));
    BOOST_TEST(lifecycle.finished());
    BOOST_TEST(lifecycle.exit_code() == 0);
}

BOOST_AUTO_TEST_CASE(
    what_does_not_stop_is_killed_after_stop_timeout_and_left_after_another_second) {
    Lifecycle lifecycle = running();  // 6.2
    lifecycle.request(Command::Stop);
    (void)advance(lifecycle, 10);
    BOOST_TEST((lifecycle.next_deadline() == at(13)));
    BOOST_TEST(advance(lifecycle, 12).empty());
    BOOST_TEST((advance(lifecycle, 13) == Effects{Effect::KillChildren}));
    BOOST_TEST(advance(lifecycle, 13).empty());
    BOOST_TEST(lifecycle.exit_code() == 0);
    BOOST_TEST((advance(lifecycle, 14) ==
                Effects{Effect::LeaveBehind, Effect::RemovePidFile, Effect::Exit}));
    BOOST_TEST(lifecycle.exit_code() == 1);  // not everything is gone that should be
    BOOST_TEST(advance(lifecycle, 15).empty());
}

BOOST_AUTO_TEST_CASE(a_graceful_stop_closes_the_door_and_removes_the_pid_file_at_once) {
    Lifecycle lifecycle = running();
    lifecycle.request(Command::GracefulStop);
    BOOST_TEST((advance(lifecycle, 10) == Effects{Effect::CancelRollout, Effect::StopListening,
                                                  Effect::RemovePidFile, Effect::DrainChildren}));
    BOOST_TEST(!lifecycle.next_deadline());  // waits for ever
    BOOST_TEST(advance(lifecycle, 9999).empty());
    BOOST_TEST((advance(lifecycle, 9999, 0) == Effects{Effect::Exit}));
}

BOOST_AUTO_TEST_CASE(a_graceful_stop_is_forced_at_its_timeout) {
    Lifecycle lifecycle = running();
    lifecycle.request(Command::GracefulStop);
    (void)advance(lifecycle, 10, 2, 3);
    BOOST_TEST(advance(lifecycle, 12, 2, 3).empty());
    BOOST_TEST((advance(lifecycle, 13, 2, 3) == Effects{Effect::StopChildren}));
    BOOST_TEST((advance(lifecycle, 16, 2, 3) == Effects{Effect::KillChildren}));
}

BOOST_AUTO_TEST_CASE(term_during_a_graceful_stop_forces_it) {  // L-1, E-19
    Lifecycle lifecycle = running();
    lifecycle.request(Command::GracefulStop);
    (void)advance(lifecycle, 10);
    lifecycle.request(Command::HardRestart);  // stop beats restart
    BOOST_TEST(advance(lifecycle, 11).empty());
    lifecycle.request(Command::Stop);
    BOOST_TEST((advance(lifecycle, 12) == Effects{Effect::StopChildren}));
    lifecycle.request(Command::GracefulStop);
    BOOST_TEST(advance(lifecycle, 13).empty());
    BOOST_TEST((lifecycle.state() == ServerState::Stopping));
    BOOST_TEST((advance(lifecycle, 15) == Effects{Effect::KillChildren}));
}

BOOST_AUTO_TEST_CASE(a_fatal_child_stops_the_server_within_10_s_and_with_a_bad_status) {  // M-6
    Lifecycle lifecycle = running();
    lifecycle.request(Command::FatalStop);
    const Effects effects = advance(lifecycle, 10);
    BOOST_TEST((effects.back() == Effect::DrainChildren));
    BOOST_TEST((advance(lifecycle, 20) == Effects{Effect::StopChildren}));
    BOOST_TEST((advance(lifecycle, 21, 0) == Effects{Effect::Exit}));
    BOOST_TEST(lifecycle.exit_code() == 1);
}

BOOST_AUTO_TEST_CASE(logs_are_reopened_whatever_else_happens) {
    Lifecycle lifecycle = running();
    lifecycle.request(Command::ReopenLogs);
    lifecycle.request(Command::GracefulRestart);
    BOOST_TEST(
        (advance(lifecycle, 1) == Effects{Effect::ReopenLogs, Effect::BeginGracefulRestart}));
}

BOOST_AUTO_TEST_SUITE_END()
