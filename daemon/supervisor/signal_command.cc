// mpmd -k: signal the running server and wait for what comes of it, without gRPC and without the
// control process: the locked pid file says who, a pidfd makes sure, run-status tells (L-4, 6.6).

#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "daemon/os/clock.h"
#include "daemon/os/pidfd.h"
#include "daemon/supervisor/pid_file.h"
#include "daemon/supervisor/revision.h"
#include "daemon/supervisor/run_status.h"
#include "daemon/supervisor/start.h"

namespace mpmd::supervisor {

namespace {

constexpr Milliseconds kPoll{50};
constexpr Seconds kLoadLimit{60};
constexpr Milliseconds kForEver{-1};

int signal_of(SignalVerb verb) {
    switch (verb) {
        case SignalVerb::Stop:
            return SIGTERM;
        case SignalVerb::Restart:
            return SIGHUP;
        case SignalVerb::Graceful:
            return SIGUSR1;
        case SignalVerb::GracefulStop:
            return SIGQUIT;
    }
    return SIGTERM;
}

bool restarts(SignalVerb verb) {
    return verb == SignalVerb::Restart || verb == SignalVerb::Graceful;
}

int await_end(const os::PidFd& process, Milliseconds limit, pid_t pid) {
    if (process.wait_end(limit)) return 0;
    fmt::print(stderr, "mpmd: pid {} has not ended after {} s\n", pid, limit.count() / 1000);
    return 1;
}

// Until it drains or has ended: the order has arrived.
bool reacts(const os::PidFd& process, const std::string& page, RunStatus& status) {
    const MonoTime limit = os::mono_now() + kLoadLimit;
    while (os::mono_now() < limit) {
        if (process.wait_end(kPoll)) return true;
        const auto now = read_run_status(page);
        if (!now || now->state < scoreboard::ServerState::Draining) continue;
        status = *now;
        return true;
    }
    return false;
}

// As long as the last client takes, when GracefulShutdownTimeout does not bound it. The pid file is
// gone by then (P-14): who waits is told how to end it.
int await_graceful_end(const os::PidFd& process,
                       const std::string& page,
                       const config::Settings& settings,
                       pid_t pid) {
    RunStatus status{};
    if (!reacts(process, page, status)) {
        fmt::print(stderr, "mpmd: pid {} does not react\n", pid);
        return 1;
    }
    if (process.wait_end(Milliseconds::zero())) return 0;
    const Milliseconds drain(settings.live.graceful_shutdown_timeout_ms);
    const bool bounded = drain > Milliseconds::zero();
    fmt::print(
        "mpmd: pid {} stops gracefully, {} children finish what they have, {}; TERM to it "
        "stops it now\n",
        pid, status.children_draining,
        bounded ? fmt::format("for {} s at most", drain.count() / 1000) : "as long as that takes");
    std::fflush(stdout);
    const Milliseconds stop(settings.stop_timeout_ms);
    return await_end(process, bounded ? drain + stop + kLoadLimit : kForEver, pid);
}

// Loaded, and every successor ready or the restart given up; nothing as long as it goes on.
std::optional<int> outcome_of(const RunStatus& status) {
    if (status.last_load_ok == 0) {
        fmt::print(stderr, "mpmd: not loaded, the old configuration serves on: {}\n",
                   status.last_error.data());
        return 1;
    }
    if (status.replacing != 0) return std::nullopt;
    if (status.operation_failed != 0) {
        fmt::print(stderr,
                   "mpmd: new children did not get ready, the old ones serve on; the error log "
                   "says why\n");
        return 1;
    }
    return 0;
}

int await_load(const os::PidFd& process, const std::string& page, std::uint64_t before) {
    const MonoTime limit = os::mono_now() + kLoadLimit;
    bool loaded = false;
    while (os::mono_now() < limit) {
        const auto status = read_run_status(page);
        loaded = loaded || (status && status->loads != before);
        const auto outcome = loaded && status ? outcome_of(*status) : std::nullopt;
        if (outcome) return *outcome;
        if (process.wait_end(kPoll)) {
            fmt::print(stderr, "mpmd: the server has ended\n");
            return 1;
        }
    }
    fmt::print(stderr, "mpmd: {} after {} s\n",
               loaded ? "loaded; children are still being replaced" : "no outcome",
               kLoadLimit.count());
    return 1;
}

Result<int> signal_owner(SignalVerb verb, const config::Settings& settings, pid_t pid) {
    const os::PidFd process = TRY(os::PidFd::open(pid));
    const std::string page = settings.state_dir + "/run-status";
    const auto before = read_run_status(page);
    TRY_VOID(process.send(signal_of(verb)));
    if (verb == SignalVerb::Stop)
        return await_end(process, Milliseconds(settings.stop_timeout_ms) + kLoadLimit, pid);
    if (verb == SignalVerb::GracefulStop) return await_graceful_end(process, page, settings, pid);
    return await_load(process, page, before ? before->loads : 0);
}

}  // namespace

SignalOutcome signal_server(SignalVerb verb,
                            const std::string& file,
                            const std::vector<std::string>& defines) {
    const auto first = RevisionLog::first(file, defines);
    if (!first) {
        fmt::print(stderr, "mpmd: {}\n", first.error().message);
        return {1, false};
    }
    const config::Settings& settings = first->log.config()->effective;
    const auto owner = PidFile::read(settings.pid_file);
    if (!owner) {
        fmt::print(stderr, "mpmd: {}\n", owner.error().message);
        return {1, false};
    }
    if (!*owner || !(*owner)->alive) {
        fmt::print("mpmd: not running{}\n", restarts(verb) ? ", starting it" : "");
        return {0, restarts(verb)};
    }
    const auto status = signal_owner(verb, settings, (*owner)->pid);
    if (status) return {*status, false};
    fmt::print(stderr, "mpmd: pid {}: {}\n", (*owner)->pid, status.error().message);
    return {1, false};
}

}  // namespace mpmd::supervisor
