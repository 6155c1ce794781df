#include "tui/terminal/signals.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace mpmd::tui {

namespace {

// A signal handler can be told nothing: the pipe's end lives here.
std::atomic<int> g_writer{-1};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

constexpr int kSignals[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGQUIT};

extern "C" void note_signal(int signal) {
    const int saved = errno;
    const auto byte = static_cast<unsigned char>(signal);
    (void)!::write(g_writer.load(), &byte, 1);  // a full pipe holds enough news already
    errno = saved;
}

void listen_to(int signal) {
    struct sigaction action {};
    action.sa_handler = note_signal;
    action.sa_flags = SA_RESTART;
    (void)::sigaction(signal, &action, nullptr);
}

}  // namespace

Result<SignalPipe> SignalPipe::open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return fail(Error::os("pipe2"));
    SignalPipe out{os::UniqueFd(ends[0]), os::UniqueFd(ends[1])};
    g_writer = ends[1];
    for (const int signal : kSignals)
        listen_to(signal);
    return out;
}

SignalPipe::~SignalPipe() {
    if (!writer_) return;  // moved from
    for (const int signal : kSignals)
        (void)::signal(signal, SIG_DFL);
    g_writer = -1;
}

std::optional<int> SignalPipe::next() {
    unsigned char byte = 0;
    if (::read(reader_.get(), &byte, 1) != 1) return std::nullopt;
    return byte;
}

void SignalPipe::stop_process() {
    (void)::signal(SIGTSTP, SIG_DFL);
    (void)::raise(SIGTSTP);
    listen_to(SIGTSTP);
}

}  // namespace mpmd::tui
