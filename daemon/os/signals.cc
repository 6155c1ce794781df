#include "daemon/os/signals.h"

#include <csignal>

#include <sys/signalfd.h>
#include <unistd.h>

namespace mpmd::os {

namespace {

void dispose(int number, void (*how)(int)) {
    struct sigaction action {};
    action.sa_handler = how;
    (void)::sigaction(number, &action, nullptr);
}

void default_dispositions() {
    for (int number = 1; number < SIGRTMIN; ++number)
        dispose(number, SIG_DFL);
}

}  // namespace

Result<SignalFd> SignalFd::open(std::initializer_list<int> signals) {
    sigset_t set;
    ::sigemptyset(&set);
    for (const int number : signals)
        ::sigaddset(&set, number);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return fail(Error::os("sigprocmask"));
    UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return fail(Error::os("signalfd"));
    return SignalFd(std::move(fd));
}

std::optional<int> SignalFd::next() {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof(info)) != static_cast<ssize_t>(sizeof(info)))
        return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

void block_all_but_fatal() {
    default_dispositions();
    dispose(SIGPIPE, SIG_IGN);
    sigset_t set;
    ::sigfillset(&set);
    for (const int number : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE})
        ::sigdelset(&set, number);
    (void)::sigprocmask(SIG_SETMASK, &set, nullptr);
}

void unblock_all() {
    default_dispositions();
    sigset_t set;
    ::sigemptyset(&set);
    (void)::sigprocmask(SIG_SETMASK, &set, nullptr);
}

}  // namespace mpmd::os
