// mpmd -k: signal the running server and wait for what comes of it, without gRPC and without the
// control process: the locked pid file says who, a pidfd makes sure, run-status tells (L-4, 6.6).

#include <csignal>

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

// Accepted is what can be waited for: a graceful stop may take as long as its last client.
int await_draining(const os::PidFd& process, const std::string& page, pid_t pid) {
    const MonoTime limit = os::mono_now() + kLoadLimit;
    while (os::mono_now() < limit) {
        if (process.wait_end(kPoll)) return 0;
        const auto status = read_run_status(page);
        if (!status || status->state < scoreboard::ServerState::Draining) continue;
        fmt::print("mpmd: pid {} stops gracefully, {} children finish what they have\n", pid,
                   status->children_draining);
        return 0;
    }
    fmt::print(stderr, "mpmd: pid {} does not react\n", pid);
    return 1;
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
    if (verb == SignalVerb::GracefulStop) return await_draining(process, page, pid);
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
