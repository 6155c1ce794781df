#include "daemon/os/process.h"

#include <array>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/os/clock.h"
#include "daemon/os/event_loop.h"
#include "daemon/os/pidfd.h"
#include "daemon/os/signals.h"
#include "daemon/os/timer_fd.h"

namespace mpmd::os {
namespace {

template <class Code>
pid_t forked(Code code) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(code());
    return pid;
}

int ending_of(pid_t pid) {
    int status = 0;
    BOOST_REQUIRE_EQUAL(::waitpid(pid, &status, 0), pid);
    return status;
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(process)

BOOST_AUTO_TEST_CASE(a_child_keeps_the_named_descriptors_and_no_other) {
    std::array<int, 6> fds;
    for (int& fd : fds)
        fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int status = ending_of(forked([&] {
        const std::array<int, 3> keep{fds[4], fds[1], 2};
        close_all_but(keep);
        for (const int fd : {fds[1], fds[4], 2})
            if (!is_open(fd)) return 1;
        for (const int fd : {0, 1, fds[0], fds[2], fds[3], fds[5]})
            if (is_open(fd)) return 2;
        return 0;
    }));
    BOOST_TEST(WEXITSTATUS(status) == 0);
    for (const int fd : fds)
        ::close(fd);
}

BOOST_AUTO_TEST_CASE(descriptors_are_arranged_even_when_they_sit_on_each_others_numbers) {
    const int status = ending_of(forked([] {
        close_all_but(std::array<int, 3>{0, 1, 2});
        // 3 reads zero bytes, 4 reads endless zeros, 5 is a directory: asked for as 5, 3, none, 4.
        if (::open("/dev/null", O_RDONLY | O_CLOEXEC) != 3) return 1;
        if (::open("/dev/zero", O_RDONLY | O_CLOEXEC) != 4) return 1;
        if (::open("/", O_RDONLY | O_CLOEXEC) != 5) return 1;
        if (!arrange_descriptors(std::array<int, 4>{5, 3, -1, 4}, 3)) return 2;
        char byte = 0;
        if (::read(3, &byte, 1) >= 0) return 3;  // a directory
        if (::read(4, &byte, 1) != 0) return 4;  // /dev/null
        if (is_open(5) || is_open(7)) return 5;
        if (::read(6, &byte, 1) != 1) return 6;            // /dev/zero
        return ::fcntl(6, F_GETFD) == FD_CLOEXEC ? 7 : 0;  // survives exec
    }));
    BOOST_TEST(WEXITSTATUS(status) == 0);
}

BOOST_AUTO_TEST_CASE(a_fatal_signal_kills_a_child_and_an_ordinary_one_does_not) {
    for (const int fatal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE}) {
        const int status = ending_of(forked([fatal] {
            block_all_but_fatal();
            for (const int harmless : {SIGTERM, SIGHUP, SIGUSR1, SIGINT, SIGPIPE, SIGWINCH})
                ::kill(::getpid(), harmless);
            ::kill(::getpid(), fatal);
            return 0;
        }));
        BOOST_TEST(WIFSIGNALED(status));
        BOOST_TEST(WTERMSIG(status) == fatal);
    }
}

BOOST_AUTO_TEST_CASE(the_memory_and_the_processor_time_of_a_process_are_known) {
    const auto usage = usage_of(::getpid());
    BOOST_REQUIRE(usage.has_value());
    BOOST_TEST(usage->rss_bytes > 1'000'000U);
    BOOST_TEST((usage->cpu.user + usage->cpu.system).count() >= 0);
    const CpuTimes own = cpu_of_self();
    BOOST_TEST((own.user + own.system).count() > 0);
    BOOST_TEST(!usage_of(0x3fffffff).has_value());
}

BOOST_AUTO_TEST_CASE(a_reaped_child_tells_how_it_ended) {
    const pid_t quiet = forked([] { return 7; });
    std::optional<Ended> ended;
    while (!(ended = reap()))
        ::usleep(1000);
    BOOST_TEST(ended->pid == quiet);
    BOOST_TEST(ended->exit_status == 7);
    BOOST_TEST(!ended->signal.has_value());
    BOOST_TEST(!reap().has_value());
}

BOOST_AUTO_TEST_CASE(a_pidfd_signals_and_waits_for_exactly_that_process) {
    const pid_t pid = forked([] {
        ::pause();
        return 0;
    });
    const auto process = PidFd::open(pid);
    BOOST_REQUIRE(process.has_value());
    BOOST_TEST(!process->wait_end(Milliseconds(0)));
    BOOST_TEST(process->send(SIGTERM).has_value());
    BOOST_TEST(process->wait_end(Milliseconds(60'000)));
    (void)ending_of(pid);
    BOOST_TEST(!process->send(SIGTERM).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(event_loop)

BOOST_AUTO_TEST_CASE(signals_and_timers_are_events_like_any_other) {
    auto loop = EventLoop::open();
    auto signals = SignalFd::open({SIGUSR2});
    auto timer = TimerFd::open();
    BOOST_REQUIRE((loop && signals && timer));
    timer->every(Milliseconds(1));
    int ticks = 0;
    int signal = 0;
    BOOST_TEST(loop->watch(timer->fd(), EPOLLIN,
                           [&](std::uint32_t) { ticks += timer->acknowledge() ? 1 : 0; })
                   .has_value());
    BOOST_TEST(loop->watch(signals->fd(), EPOLLIN,
                           [&](std::uint32_t) { signal = signals->next().value_or(0); })
                   .has_value());
    ::kill(::getpid(), SIGUSR2);
    while (ticks < 2 || signal == 0)
        loop->turn(std::nullopt);
    BOOST_TEST(signal == SIGUSR2);
}

BOOST_AUTO_TEST_CASE(a_timer_may_ring_once_at_its_time_or_not_at_all) {
    auto timer = TimerFd::open();
    BOOST_REQUIRE(timer.has_value());
    const auto rings = [&](int milliseconds) {
        pollfd wanted{timer->fd(), POLLIN, 0};
        return ::poll(&wanted, 1, milliseconds) == 1;
    };
    const MonoTime when = mono_now() + Milliseconds(20);
    timer->at(when);
    BOOST_TEST(rings(60'000));
    BOOST_TEST((mono_now() >= when));
    BOOST_TEST(timer->acknowledge());
    BOOST_TEST(!rings(50));
    timer->at(MonoTime{});  // long ago
    BOOST_TEST(rings(60'000));
    timer->at(mono_now() + Milliseconds(20));
    timer->at(std::nullopt);
    BOOST_TEST(!rings(50));
}

BOOST_AUTO_TEST_CASE(an_event_of_a_descriptor_forgotten_in_the_same_turn_is_dropped) {
    auto loop = EventLoop::open();
    int pipes[2][2];
    for (auto& pipe : pipes) {
        BOOST_REQUIRE_EQUAL(::pipe2(pipe, O_CLOEXEC), 0);
        BOOST_REQUIRE_EQUAL(::write(pipe[1], "x", 1), 1);
    }
    int calls = 0;
    for (auto& pipe : pipes)
        BOOST_TEST(loop->watch(pipe[0], EPOLLIN,
                               [&](std::uint32_t) {
                                   ++calls;
                                   loop->forget(pipes[0][0]);
                                   loop->forget(pipes[1][0]);
                               })
                       .has_value());
    loop->turn(Nanoseconds(0));
    loop->turn(Nanoseconds(0));
    BOOST_TEST(calls == 1);
    for (auto& pipe : pipes)
        for (const int fd : pipe)
            ::close(fd);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::os
