#include "daemon/handlers/script.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::handlers {

namespace {

constexpr Milliseconds kLook{10};  // at a process that has no pidfd

int poll_time(MonoTime until) {
    const auto left = std::chrono::ceil<Milliseconds>(until - os::mono_now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000));
}

}  // namespace

Script::Script(SpawnedScript spawned, std::string name, MonoTime started, const log::Log& log)
    : pid_(spawned.pid),
      name_(std::move(name)),
      started_(started),
      log_(log),
      process_(std::move(spawned.process)),
      output_(std::move(spawned.output)),
      errors_(std::move(spawned.errors)) {}

void Script::complain(log::Level level, std::string_view what) const {
    log_.say(level, "cgi", "script {} (pid {}) {}", name_, pid_, what);
}

Script::Heard Script::listen(MonoTime until, int client, bool half_closed) {
    const short gone = half_closed ? short{0} : short{POLLRDHUP};
    for (;;) {
        std::array<pollfd, 3> wanted{pollfd{output_.get(), POLLIN, 0},
                                     pollfd{errors_.get(), POLLIN, 0}, pollfd{client, gone, 0}};
        const int ready = ::poll(wanted.data(), wanted.size(), poll_time(until));
        if (ready < 0 && errno != EINTR) return Heard::Silence;
        if (ready <= 0) {
            if (os::mono_now() >= until) return Heard::Silence;
            continue;
        }
        if (wanted[2].revents != 0)
            return wanted[2].revents == POLLRDHUP ? Heard::ClientEnd : Heard::ClientGone;
        if (wanted[1].revents != 0 && !read_errors()) errors_.reset();
        if (wanted[0].revents != 0) return Heard::Output;
        if (os::mono_now() >= until) return Heard::Silence;  // standard error is no sign of life
    }
}

std::optional<std::size_t> Script::read(std::span<char> into) {
    const ssize_t got = ::read(output_.get(), into.data(), into.size());
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? std::nullopt : std::optional(std::size_t{0});
    return static_cast<std::size_t>(got);
}

bool Script::read_errors() {
    if (!errors_) return false;
    const auto write = [this](std::string_view line) {
        log_.say(log::Level::Error, "cgi", "script {} (pid {}): {}", name_, pid_, line);
    };
    std::array<char, 4096> piece;
    for (int pieces = 0; pieces < 16; ++pieces) {
        const ssize_t got = ::read(errors_.get(), piece.data(), piece.size());
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got == 0) {
            lines_.end(write);
            return false;
        }
        lines_.add({piece.data(), static_cast<std::size_t>(got)}, write);
    }
    return true;
}

void Script::signal_group(int number) const {
    if (!reaped_) (void)::kill(-pid_, number);
}

bool Script::has_ended() const {
    if (reaped_) return true;
    siginfo_t info{};
    const int asked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
    return asked != 0 || info.si_pid == pid_;
}

bool Script::ends_until(MonoTime until) const {
    while (!has_ended()) {
        if (os::mono_now() >= until) return false;
        pollfd wanted{process_.get(), POLLIN, 0};
        const int patience = poll_time(until);
        ::poll(&wanted, 1,
               process_ ? patience : std::min<int>(patience, static_cast<int>(kLook.count())));
    }
    return true;
}

std::string Script::reap() {
    siginfo_t info{};
    const int asked = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG);
    reaped_ = true;
    if (asked != 0 || info.si_pid != pid_) return "is gone";
    if (info.si_code == CLD_EXITED) return fmt::format("exited with {}", info.si_status);
    return fmt::format("was ended by signal {}", info.si_status);
}

}  // namespace mpmd::handlers
