#include "daemon/supervisor/start.h"

#include <array>
#include <climits>
#include <csignal>
#include <cstdlib>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/config/normalise.h"
#include "daemon/mpm/admission.h"
#include "daemon/os/platform.h"
#include "daemon/supervisor/debug.h"
#include "daemon/supervisor/reload.h"
#include "daemon/supervisor/supervisor.h"

namespace mpmd::supervisor {

namespace {

using log::Level;

// The working directory becomes "/" when we detach.
std::string absolute(const std::string& path) {
    if (!path.empty() && path.front() == '/') return path;
    std::array<char, PATH_MAX> here{};
    return ::getcwd(here.data(), here.size()) == nullptr ? path
                                                         : fmt::format("{}/{}", here.data(), path);
}

void say_warnings(const Core& core, const std::vector<std::string>& problems, bool to_terminal) {
    const auto warn = [&](const std::string& text) {
        if (to_terminal) fmt::print(stderr, "mpmd: warning: {}\n", text);
        core.log.write(Level::Warn, "core", text);
    };
    for (const std::string& problem : problems)
        warn(problem);
    const config::Config& config = *core.revisions.config();
    for (const std::string& warning : config.warnings)
        warn(warning);
    for (const mpm::Adjustment& adjustment : config.adjustments)
        if (adjustment.severity == mpm::Adjustment::Severity::Warning)
            warn(config::adjustment_text(adjustment));
    for (const std::string& notice : notices_of(config))
        core.log.write(Level::Notice, "core", notice);
}

// A child needs a descriptor for each connection it may hold.
void check_descriptors(const Core& core, std::uint64_t limit) {
    const mpm::Limits& limits = core.settings().limits;
    const bool whole = limits.model == mpm::Model::Worker;
    const auto wanted = static_cast<std::uint64_t>(
        whole ? 2 * limits.threads_per_child
              : mpm::most_connections(limits.threads_per_child, limits.async_factor_micro));
    if (wanted > limit)
        core.log.say(Level::Warn, "core",
                     "a child may need {} descriptors and may open {} files; raise the limit of "
                     "open files or lower {}",
                     wanted, limit, whole ? "ThreadsPerChild" : "AsyncRequestWorkerFactor");
}

Result<> refuse_second(const config::Settings& settings) {
    const auto owner = PidFile::read(settings.pid_file);
    if (owner && *owner && (*owner)->alive)
        return fail(Error::text(
            fmt::format("mpmd runs already: pid {} holds {}", (*owner)->pid, settings.pid_file)));
    return {};
}

// Before anybody serves: the disk may take its time.
void forget_dropped(const Core& core, std::vector<std::string>& problems) {
    const auto written =
        replace_file(core.state_dir.file("overrides.conf"), core.revisions.saved_text());
    if (!written)
        problems.push_back(
            fmt::format("what is dropped stays in overrides.conf: {}", written.error().message));
}

enum class Company : bool { None, Children };

// `marks`: as they are on disk from here on. Without children nothing is made that must be removed
// at the end: who serves alone is no longer root by then, and one process needs no accept mutex.
Result<std::unique_ptr<Core>> make_core(RevisionLog revisions, Marks& marks, Company company) {
    const bool root = ::geteuid() == 0;
    const config::Settings& settings = revisions.config()->effective;
    Identities identities = TRY(Identities::resolve(settings, root));
    StateDir state_dir = TRY(
        StateDir::open(settings.state_dir, identities.control ? &*identities.control : nullptr));
    marks = state_dir.read_marks();
    const std::uint64_t first_child = marks.next_child;
    const std::uint64_t first_operation = marks.next_operation;
    revisions.continue_from(marks.revision);
    marks = Marks{first_child + StateDir::kBlock, first_operation + StateDir::kBlock,
                  revisions.revision().value()};
    TRY_VOID(state_dir.keep_marks(marks));
    Logs logs = TRY(Logs::open(settings));
    os::EventLoop loop = TRY(os::EventLoop::open());
    ListenSet listeners;
    const std::size_t buckets = Core::buckets_for(settings);
    auto sockets = TRY(listeners.prepare(settings.listen, settings.listen_backlog, buckets));
    const std::size_t polled = listeners.sockets_of_a_child(sockets);
    listeners.commit(std::move(sockets));
    const bool alone = company == Company::None;
    auto mutexes = TRY(AcceptMutexes::create(
        alone ? AcceptMutexPlan{} : Core::accept_mutex_for(settings, polled, buckets),
        identities.children));
    revisions.keep_buckets(static_cast<std::int64_t>(buckets));
    Board board = TRY(Board::create(
        {settings.instance, alone ? "" : settings.score_board_file, first_operation}));
    auto core = std::make_unique<Core>(std::move(loop), std::move(board), std::move(state_dir),
                                       std::move(revisions));
    core->adopt(std::move(logs));
    core->log.set_level(static_cast<Level>(core->settings().live.log_level));
    core->identities = std::move(identities);
    core->listeners = std::move(listeners);
    core->accept_mutexes = std::move(mutexes);
    core->next_child = first_child;
    core->root = root;
    return core;
}

Result<Supervisor::Equipment> equip(RevisionLog revisions, std::optional<Detached> detached) {
    auto signals = TRY(os::SignalFd::open(
        {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGWINCH, SIGCHLD, SIGPIPE}));
    auto timer = TRY(os::TimerFd::open());
    Marks marks;
    auto core = TRY(make_core(std::move(revisions), marks, Company::Children));
    auto made = PidFile::write(core->settings().pid_file);
    if (!made) {
        core->board.remove_file();
        return fail(made.error());
    }
    PidFile::Written written = std::move(*made);
    if (written.left_over)
        core->log.say(Level::Warn, "core", "pid file {} was there: an unclean end?",
                      core->settings().pid_file);
    auto page = TRY(RunStatusPage::create(core->state_dir.file("run-status")));
    return Supervisor::Equipment{std::move(core),     std::move(written.file),
                                 std::move(page),     ServiceNotify::from_environment(),
                                 std::move(signals),  std::move(timer),
                                 std::move(detached), marks};
}

// -X.
Result<int> serve_alone(RevisionLog::First first) {
    Marks marks;
    auto core = TRY(make_core(std::move(first.log), marks, Company::None));
    say_warnings(*core, first.problems, true);
    return fail(serve_in_one_process(*core));
}

Result<int> try_serve(const ServeOptions& options) {
    TRY_VOID(os::check_platform());
    auto first = TRY(RevisionLog::first(absolute(options.file), options.defines));
    TRY_VOID(refuse_second(first.log.config()->effective));
    if (options.debug) return serve_alone(std::move(first));
    std::optional<Detached> detached;
    if (!options.foreground) detached = TRY(detach());
    (void)::umask(022);
    TRY_VOID(make_run_directories(first.log.config()->effective));
    const std::uint64_t descriptors = os::raise_descriptor_limit();
    Supervisor::Equipment equipment = TRY(equip(std::move(first.log), std::move(detached)));
    if (first.dropped) forget_dropped(*equipment.core, first.problems);
    say_warnings(*equipment.core, first.problems, true);
    check_descriptors(*equipment.core, descriptors);
    Supervisor supervisor(std::move(equipment));
    return supervisor.run();
}

}  // namespace

int serve(const ServeOptions& options) {
    const auto status = try_serve(options);
    if (status) return *status;
    fmt::print(stderr, "mpmd: {}\n", status.error().message);
    return 1;
}

}  // namespace mpmd::supervisor
