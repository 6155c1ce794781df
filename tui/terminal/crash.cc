#include "tui/terminal/crash.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>

#include <unistd.h>

namespace mpmd::tui {

namespace {

struct CrashReset {
    std::atomic<bool> armed{false};
    int fd = -1;
    termios settings{};
    std::array<char, 200> reset{};
    std::size_t size = 0;
    std::array<char, 16384> stack{};  // a handler needs one when the stack is what overflowed
};
// A signal handler can be told nothing: what it needs lives here.
CrashReset g_crash;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

constexpr int kFatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

extern "C" void reset_and_die(int signal) {
    if (g_crash.armed.exchange(false)) {
        (void)!::write(g_crash.fd, g_crash.reset.data(), g_crash.size);
        (void)::tcsetattr(g_crash.fd, TCSANOW, &g_crash.settings);
    }
    (void)::raise(signal);  // SA_RESETHAND: now with the default action
}

}  // namespace

void arm_crash_reset(int fd, const termios& settings, const std::string& reset) {
    g_crash.fd = fd;
    g_crash.settings = settings;
    g_crash.size = std::min(reset.size(), g_crash.reset.size());
    std::copy_n(reset.begin(), g_crash.size, g_crash.reset.begin());
    stack_t stack{};
    stack.ss_sp = g_crash.stack.data();
    stack.ss_size = g_crash.stack.size();
    (void)::sigaltstack(&stack, nullptr);
    struct sigaction action {};
    action.sa_handler = reset_and_die;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK);
    for (const int signal : kFatal)
        (void)::sigaction(signal, &action, nullptr);
    g_crash.armed = true;
}

void disarm_crash_reset() {
    if (!g_crash.armed.exchange(false)) return;
    for (const int signal : kFatal)
        (void)::signal(signal, SIG_DFL);
    stack_t off{};
    off.ss_flags = SS_DISABLE;
    (void)::sigaltstack(&off, nullptr);
}

}  // namespace mpmd::tui
