// mpmd -k: signal the running server and wait for what comes of it, without gRPC and without the
// control process: the locked pid file says who, or the lock of the StateDir when that file is
// gone; a pidfd makes sure, run-status tells (L-4, 6.6).

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <filesystem>

#include <pwd.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/load.h"
#include "daemon/os/clock.h"
#include "daemon/os/pidfd.h"
#include "daemon/supervisor/pid_file.h"
#include "daemon/supervisor/revision.h"
#include "daemon/supervisor/run_status.h"
#include "daemon/supervisor/start.h"
#include "daemon/supervisor/state_dir.h"

namespace mpmd::supervisor {

namespace {

constexpr Milliseconds kPoll{50};
constexpr Seconds kLoadLimit{60};
constexpr Seconds kPageLimit{2};  // a server that starts has a pid file before it has a page
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

// What the load had to say; a start shows the same on the terminal.
void show_warnings(const RunStatus& status) {
    for (const std::string_view line : text::split(status.last_warnings.data(), '\n'))
        if (!line.empty()) fmt::print(stderr, "mpmd: warning: {}\n", line);
}

int await_load(const os::PidFd& process, const std::string& page, std::uint64_t before) {
    const MonoTime limit = os::mono_now() + kLoadLimit;
    bool loaded = false;
    while (os::mono_now() < limit) {
        const auto status = read_run_status(page);
        loaded = loaded || (status && status->loads != before);
        const auto outcome = loaded && status ? outcome_of(*status) : std::nullopt;
        if (outcome && *outcome == 0) show_warnings(*status);
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

std::string user_of(pid_t pid) {
    struct stat about {};
    if (::stat(fmt::format("/proc/{}", pid).c_str(), &about) != 0) return "another user";
    const passwd* entry = ::getpwuid(about.st_uid);  // NOLINT(concurrency-mt-unsafe): one thread
    return entry == nullptr ? fmt::format("uid {}", about.st_uid)
                            : fmt::format("user {}", entry->pw_name);
}

// `file`: the command line's. A server knows it by its absolute name.
bool serves_file(const RunStatus& status, const std::string& file) {
    const std::filesystem::path own(status.config_file.data());
    std::error_code error;
    if (std::filesystem::equivalent(own, file, error)) return true;
    return !own.empty() && own == std::filesystem::absolute(file, error);
}

struct Server {
    pid_t pid = 0;
    std::string page;          // of its run-status; empty: not found
    bool by_pid_file = false;  // else by the lock of its StateDir
    bool serves_file = false;  // as it says itself
    scoreboard::ServerState state = scoreboard::ServerState::Unspecified;
    [[nodiscard]] bool stopping() const { return state >= scoreboard::ServerState::Draining; }
};

void look_at_page(Server& server, const std::string& file, const std::string& state_dir) {
    const MonoTime limit = os::mono_now() + kPageLimit;
    const auto process = os::PidFd::open(server.pid);
    while (process && server.page.empty() && os::mono_now() < limit) {
        server.page = run_status_path(server.pid, state_dir);
        if (server.page.empty() && process->wait_end(kPoll)) return;
    }
    const auto status = read_run_status(server.page);
    if (!status) return;
    server.state = status->state;
    server.serves_file = serves_file(*status, file);
}

// Nothing: no server of these places runs.
Result<std::optional<Server>> find_server(const config::Settings& settings,
                                          const std::string& file) {
    Server server;
    const auto owner = TRY(PidFile::read(settings.pid_file));
    server.by_pid_file = owner && owner->alive;
    if (server.by_pid_file) {
        server.pid = owner->pid;
    } else {
        const auto holder = TRY(StateDir::holder(settings.state_dir));
        if (!holder) return std::nullopt;
        server.pid = *holder;
    }
    if (server.pid != 0) look_at_page(server, file, settings.state_dir);
    return server;
}

Result<int> signal_owner(SignalVerb verb, const config::Settings& settings, const Server& server) {
    const os::PidFd process = TRY(os::PidFd::open(server.pid));
    const auto before = read_run_status(server.page);
    const auto sent = process.send(signal_of(verb));
    if (!sent && sent.error().os_errno == EPERM)
        return fail(
            Error::text(fmt::format("it belongs to {}, who alone may signal it, as root "
                                    "may; nothing was sent",
                                    user_of(server.pid))));
    if (!sent) return fail(sent.error());
    if (verb == SignalVerb::Stop)
        return await_end(process, Milliseconds(settings.stop_timeout_ms) + kLoadLimit, server.pid);
    if (verb == SignalVerb::GracefulStop)
        return await_graceful_end(process, server.page, settings, server.pid);
    if (!before)
        return fail(
            Error::text("told to restart; what came of it cannot be seen from here, for "
                        "its StateDir is not found: the error log says it"));
    return await_load(process, server.page, before->loads);
}

// What a file says, and that with errors at least for a stop: of its good lines.
struct Known {
    config::Settings settings;
    std::string errors;
};

Known known_of(const std::string& file, const std::vector<std::string>& defines) {
    auto first = RevisionLog::first(file, defines);
    if (first) return {first->log.config()->effective, ""};
    const config::Surroundings here = config::surroundings_here(defines);
    return {config::normalise(config::load_file(file, here).settings, here).settings,
            first.error().message};
}

int refuse(const Server& server, std::string_view because) {
    if (server.pid == 0)
        fmt::print(stderr, "mpmd: nothing was sent: {}\n", because);
    else
        fmt::print(stderr, "mpmd: nothing was sent: {}; kill -TERM {} stops pid {}\n", because,
                   server.pid, server.pid);
    return 1;
}

// Why this server is not signalled; empty when it is.
std::string doubt(SignalVerb verb, const Server& server, const Known& known) {
    if (server.pid == 0)
        return fmt::format("the StateDir \"{}\" is in use by an mpmd of unknown pid",
                           known.settings.state_dir);
    if (!server.serves_file && !known.errors.empty())
        return fmt::format(
            "with these errors it is not certain that pid {} is the server of this "
            "file",
            server.pid);
    if (!server.serves_file && !server.by_pid_file)
        return fmt::format("pid {} uses the StateDir \"{}\" and is not the server of this file",
                           server.pid, known.settings.state_dir);
    if (server.stopping() && restarts(verb))
        return fmt::format("pid {} is stopping, and a new server can start when it has ended",
                           server.pid);
    return "";
}

int not_running(SignalVerb verb, const Known& known) {
    if (!known.errors.empty())
        return refuse({}, fmt::format("no server is found by what can be read of the file; if one "
                                      "runs, kill -TERM PID stops it (pgrep -o mpmd)"));
    fmt::print("mpmd: not running{}\n", restarts(verb) ? ", starting it" : "");
    std::fflush(stdout);  // before a start detaches
    return 0;
}

}  // namespace

SignalOutcome signal_server(SignalVerb verb,
                            const std::string& file,
                            const std::vector<std::string>& defines) {
    const Known known = known_of(file, defines);
    if (!known.errors.empty()) {
        fmt::print(stderr, "mpmd: {}\n", known.errors);
        if (restarts(verb)) return {1, false};
    }
    const auto server = find_server(known.settings, file);
    if (!server) {
        fmt::print(stderr, "mpmd: {}\n", server.error().message);
        return {1, false};
    }
    if (!*server) {
        const int status = not_running(verb, known);
        return {status, status == 0 && restarts(verb)};
    }
    if (const std::string because = doubt(verb, **server, known); !because.empty())
        return {refuse(**server, because), false};
    const auto status = signal_owner(verb, known.settings, **server);
    if (status) return {*status, false};
    fmt::print(stderr, "mpmd: pid {}: {}\n", (*server)->pid, status.error().message);
    return {1, false};
}

}  // namespace mpmd::supervisor
