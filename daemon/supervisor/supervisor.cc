#include "daemon/supervisor/supervisor.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/build_facts.h"
#include "daemon/os/clock.h"
#include "daemon/os/crash_handler.h"
#include "daemon/os/process.h"
#include "daemon/supervisor/self_check.h"

namespace mpmd::supervisor {

namespace {

using log::Level;
using scoreboard::RetireReason;

void keep_earliest(std::optional<MonoTime>& earliest, std::optional<MonoTime> other) {
    if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

Supervisor::Supervisor(Equipment equipment)
    : core_owner_(std::move(equipment.core)),
      core_(*core_owner_),
      pid_file_(std::move(equipment.pid_file)),
      run_status_(std::move(equipment.run_status)),
      notify_(std::move(equipment.notify)),
      signals_(std::move(equipment.signals)),
      timer_(std::move(equipment.timer)),
      detached_(std::move(equipment.detached)),
      kept_marks_(equipment.marks),
      children_(core_, hooks()),
      regulation_(core_, children_),
      succession_(core_, children_, regulation_),
      replacement_(core_, children_),
      control_(core_, [this](const ipc::Command& command) { commands_.handle(command); }),
      commands_(CommandServer::Parts{
          core_, children_, regulation_, replacement_, writer_,
          [this](const CommandServer::ReloadWish& wish) -> Result<std::uint64_t> {
              return restart({false, wish});
          },
          [this] { return lifecycle_.stopping(); },
          [this](const ipc::Reply& reply) { control_.reply(reply); }}),
      orphans_(core_.log, [this](pid_t pid) {
          return core_.children.find_pid(pid) != nullptr || control_.is(pid) || writer_.is(pid);
      }) {}

Children::Hooks Supervisor::hooks() {
    Children::Hooks hooks;
    hooks.ready = [this](Child& child) { child_ready(child); };
    hooks.near_quota = [this](Child& child) {
        if (!lifecycle_.stopping() && !replacement_.owns(child.uid)) succession_.near_quota(child);
    };
    hooks.stopped_accepting = [this](Child& child) { succession_.stopped_accepting(child); };
    hooks.exited = [this](const Children::Exit& exit) { child_exited(exit); };
    hooks.stranger = [this](const os::Ended& ended) {
        if (control_.exited(ended) || writer_.exited(ended)) return;
        orphans_.reaped(ended.pid);
        // M-11: not one we lost (the table knows all we started), but one we inherited.
        core_.note(Level::Info, fmt::format("process {} ended, which was no child of ours: an "
                                            "orphan that the system gave us",
                                            ended.pid));
    };
    return hooks;
}

int Supervisor::run() {
    if (const auto begun = begin(); !begun) {
        core_.tell(Level::Emerg, "server.failed", begun.error().message);
        fmt::print(stderr, "mpmd: {}\n", begun.error().message);
        core_.board.remove_file();
        pid_file_.remove();
        return 1;
    }
    while (!done_) {
        core_.loop.turn(time_to_wait());
        // A turn may have taken long (a slow disk, a machine that stood still). What was said
        // meanwhile is heard before anybody is called late.
        core_.loop.turn(Nanoseconds::zero());
        pass_deadlines();
        advance();
    }
    end();
    return lifecycle_.exit_code();
}

Result<> Supervisor::begin() {
    status_.pid = static_cast<std::uint32_t>(::getpid());
    status_.start_wall_us = static_cast<std::uint64_t>(to_us(os::wall_now()));
    if (core_.revisions.path().size() < status_.config_file.size())
        scoreboard::set_text(status_.config_file, core_.revisions.path());
    TRY_VOID(core_.loop.watch(signals_.fd(), EPOLLIN, [this](std::uint32_t) { read_signals(); }));
    TRY_VOID(core_.loop.watch(timer_.fd(), EPOLLIN, [this](std::uint32_t) {
        if (timer_.acknowledge()) tick();
    }));
    TRY_VOID(orphans_.adopt());
    TRY_VOID(control_.open());
    os::install_crash_handler(core_.core_directory(), nullptr);  // P-23; no record of our own
    core_.show_configuration();
    timer_.every(Milliseconds(core_.settings().maintenance_interval_ms));
    core_.tell(Level::Notice, "server.start",
               fmt::format("mpmd/{} configured -- resuming normal operations on {}", MPMD_VERSION,
                           core_.listeners.text()));
    core_.note(Level::Info, fmt::format("Server built: {}", build::date()));
    core_.note(Level::Notice, fmt::format("Command line: '{}'", os::command_line()));
    note_accept_mutex();
    start_first_children();
    show();
    return {};
}

// A-47
void Supervisor::note_accept_mutex() {
    if (core_.settings().limits.model == mpm::Model::Worker)
        core_.note(Level::Notice, fmt::format("AcceptMutex: {}", core_.accept_mutexes.text()));
}

void Supervisor::start_first_children() {
    const mpm::Limits& limits = core_.settings().limits;
    const std::int64_t count = std::min(limits.start_servers, limits.active_limit());  // N16
    for (std::int64_t i = 0; i < count; ++i)
        if (!children_.start({})) return;  // said; regulation goes on from here
}

std::optional<Nanoseconds> Supervisor::time_to_wait() const {
    std::optional<MonoTime> next = lifecycle_.next_deadline();
    keep_earliest(next, children_.next_deadline());
    keep_earliest(next, replacement_.next_deadline());
    keep_earliest(next, control_.next_deadline());
    if (!next) return std::nullopt;
    return std::max(*next - os::mono_now(), Nanoseconds::zero());
}

void Supervisor::read_signals() {
    while (const std::optional<int> signal = signals_.next()) {
        if (*signal == SIGCHLD) {
            children_.reap();
            continue;
        }
        const bool terminal = *signal == SIGWINCH && os::has_controlling_terminal();
        const std::optional<mpm::Command> command = mpm::command_for_signal(*signal, terminal);
        if (!command) continue;
        core_.tell(Level::Notice, "server.signal",
                   fmt::format("caught SIG{}", ::sigabbrev_np(*signal)));
        lifecycle_.request(*command);
    }
}

void Supervisor::tick() {
    const MonoTime now = os::mono_now();
    std::optional<MonoTime> proven;
    for (const auto& [uid, child] : core_.children.all())
        if (child.was_ready && now - child.born >= mpm::kEarlyLife)
            proven = std::max(proven.value_or(child.born), child.born);
    core_.respawn.tick(proven);
    children_.measure(now);
    if (!lifecycle_.stopping()) regulate(now);
    if (const std::size_t closed = core_.listeners.close_unused(now); closed > 0)
        core_.note(Level::Info,
                   fmt::format("{} listening sockets of former sets are closed", closed));
    orphans_.tick();
    keep_marks();
    show();
    notify_.pass_time(now);
}

void Supervisor::regulate(MonoTime now) {
    replacement_.tick(now);
    succession_.tick(now);
    if (regulation_.tick({now, replacement_.replacing()}))
        lifecycle_.request(mpm::Command::FatalStop);
}

void Supervisor::pass_deadlines() {
    const MonoTime now = os::mono_now();
    children_.pass_deadlines(now);
    if (const auto due = replacement_.next_deadline(); due && *due <= now) replacement_.tick(now);
    control_.pass_deadlines(now);
}

void Supervisor::advance() {
    const config::Settings& settings = core_.settings();
    mpm::Lifecycle::Situation situation;
    situation.now = os::mono_now();
    situation.children_alive = static_cast<std::int64_t>(core_.children.size());
    situation.replacing = replacement_.replacing();
    situation.timeouts.graceful = Milliseconds(settings.live.graceful_shutdown_timeout_ms);
    situation.timeouts.stop = Milliseconds(settings.stop_timeout_ms);
    const std::vector<mpm::Effect> effects = lifecycle_.advance(situation);
    for (const mpm::Effect effect : effects)
        perform(effect);
    if (!lifecycle_.stopping()) children_.keep_retiring_limit();
    if (!effects.empty()) show();
}

void Supervisor::perform(mpm::Effect effect) {
    switch (effect) {
        case mpm::Effect::ReopenLogs:
            reopen_logs();
            break;
        case mpm::Effect::BeginGracefulRestart:
        case mpm::Effect::BeginHardRestart: {
            RestartWish wish{effect == mpm::Effect::BeginHardRestart, {}};
            wish.by.uid = ::geteuid();
            wish.by.why = wish.hard ? "SIGHUP" : "SIGUSR1";
            (void)restart(wish);  // its failure is told and shown, and changes nothing
            break;
        }
        case mpm::Effect::StopListening:
            notify_.say("STOPPING=1");
            core_.listeners.close_all();
            break;
        case mpm::Effect::RemovePidFile:
            pid_file_.remove();
            break;
        case mpm::Effect::CancelRollout:
            succession_.forget_all();
            replacement_.cancel();
            break;
        case mpm::Effect::DrainChildren:
            drain_children();
            break;
        case mpm::Effect::StopChildren:
            for (auto& [uid, child] : core_.children.all())
                children_.stop(child, RetireReason::Stop);
            break;
        case mpm::Effect::KillChildren:
            for (auto& [uid, child] : core_.children.all())
                children_.kill(child);
            break;
        case mpm::Effect::LeaveBehind:
            name_left_behind();
            break;
        case mpm::Effect::Exit:
            done_ = true;
            break;
    }
}

void Supervisor::drain_children() {
    Nanoseconds limit{};  // none
    if (const auto deadline = lifecycle_.next_deadline())
        limit = std::max(*deadline - os::mono_now(), Nanoseconds(Milliseconds(1)));
    for (auto& [uid, child] : core_.children.all())
        children_.drain(child, RetireReason::Stop, limit);
}

// 6.2, the last rung.
void Supervisor::name_left_behind() {
    std::string pids;
    for (const auto& [uid, child] : core_.children.all())
        pids += fmt::format("{}{}", pids.empty() ? "" : ", ", child.pid);
    core_.tell(
        Level::Error, "server.left_behind",
        fmt::format("could not make child pid {} exit, even with a SIGKILL: left behind", pids));
}

Result<std::uint64_t> Supervisor::restart(const RestartWish& wish) {
    scoreboard::Global& global = core_.board.global;
    if (!wish.by.validate_only && lifecycle_.state() != mpm::ServerState::Running)
        return fail(Error::text("the server is not running yet"));
    auto reload = Reload::prepare(core_, pid_file_, wish.hard);
    if (wish.by.validate_only) {
        if (!reload) return fail(reload.error());
        return std::uint64_t{0};
    }
    ++status_.loads;
    global.reload_wall_us = static_cast<std::uint64_t>(to_us(os::wall_now()));
    global.reload_ok = reload ? 1 : 0;
    status_.last_load_ok = reload ? 1 : 0;
    const std::string error = reload ? "" : reload.error().message;
    scoreboard::set_text(global.reload_error, error.substr(0, error.find('\n')));
    scoreboard::set_text(status_.last_error, error);
    scoreboard::set_text(status_.last_warnings, "");
    if (!reload) {
        core_.tell(Level::Error, "reload.refused",
                   fmt::format("configuration not loaded, the old one serves on: {}", error));
        show();
        return fail(reload.error());
    }
    notify_.say("RELOADING=1");
    const std::vector<config::Override> saved = core_.revisions.layers().saved;
    const Reload::Outcome outcome = Reload::commit(core_, pid_file_, std::move(*reload));
    for (const std::string& warning : outcome.warnings)
        core_.tell(Level::Warn, "reload.warning", warning);
    scoreboard::set_text(status_.last_warnings,
                         fmt::format("{}", fmt::join(outcome.warnings, "\n")));
    for (const std::string& notice : outcome.notices)
        core_.tell(Level::Notice, "reload.notice", notice);
    if (core_.revisions.layers().saved != saved) commands_.write_what_holds();
    timer_.every(Milliseconds(core_.settings().maintenance_interval_ms));
    if (detached_) os::redirect_standard(core_.error_log.fd());
    os::install_crash_handler(core_.core_directory(), nullptr);
    if (outcome.control_changed) control_.restart();
    note_accept_mutex();
    const std::uint64_t operation = replace_all(wish);
    notify_.say("READY=1");
    show();
    return operation;
}

std::uint64_t Supervisor::replace_all(const RestartWish& wish) {
    if (replacement_.replacing()) replacement_.cancel();
    succession_.forget_all();
    if (wish.hard) core_.board.begin_epoch(os::wall_now());
    core_.show_configuration();
    children_.revise_limits();
    children_.send_logs();
    Replacement::Order order;
    order.kind =
        wish.hard ? scoreboard::OperationKind::HardRestart : scoreboard::OperationKind::Graceful;
    order.reason = wish.hard ? RetireReason::Restart : RetireReason::Reload;
    order.hard = wish.hard;
    std::int64_t active = 0;
    for (const auto& [uid, child] : core_.children.all()) {
        if (child.leaving()) continue;
        order.targets.push_back(child.uid);
        active += child.held ? 0 : 1;
    }
    const mpm::Limits& limits = core_.settings().limits;
    order.successors = mpm::reload_successors(limits.start_servers, active, limits.active_limit());
    order.uid = wish.by.uid;
    order.request_id = wish.by.request_id;
    order.why = wish.by.why;
    core_.tell(Level::Notice, "reload.done",
               fmt::format("generation {}: configuration loaded, logs reopened",
                           core_.revisions.generation().value()));
    return replacement_.begin(order);
}

void Supervisor::reopen_logs() {
    auto logs = Logs::open(core_.settings());
    if (!logs) return core_.tell(Level::Error, "logs.failed", logs.error().message);
    core_.adopt(std::move(*logs));
    if (detached_) os::redirect_standard(core_.error_log.fd());
    children_.send_logs();
}

// Fails closed: a child that kept anything of root serves nobody (P-10).
bool Supervisor::has_dropped_root(Child& child) {
    const std::optional<Rights> rights = core_.root ? rights_of(child.pid) : std::nullopt;
    if (!rights) return true;  // not root, or gone already
    if (!rights->of_root()) {
        const std::string text = fmt::format("children run as {}", rights->text());
        if (text != std::exchange(told_rights_, text))
            core_.tell(Level::Notice, "server.rights", text, child.uid);
        return true;
    }
    core_.tell(Level::Alert, "server.fatal",
               fmt::format("child pid {} still has rights of root ({}): it is killed, and the "
                           "server stops",
                           child.pid, rights->text()),
               child.uid);
    children_.kill(child);
    lifecycle_.request(mpm::Command::FatalStop);
    return false;
}

void Supervisor::child_ready(Child& child) {
    if (!has_dropped_root(child)) return;
    succession_.ready(child);
    replacement_.ready(child.uid);
    if (!std::exchange(announced_, true)) announce_ready();
}

void Supervisor::announce_ready() {
    lifecycle_.started();
    notify_.say(fmt::format("READY=1\nMAINPID={}\nSTATUS=serving", ::getpid()));
    if (detached_) {
        (void)!::write(detached_->ready.get(), "R", 1);
        detached_->ready.reset();
        os::redirect_standard(core_.error_log.fd());
    }
    show();
}

void Supervisor::child_exited(const Children::Exit& exit) {
    if (exit.child.runs_scripts) orphans_.child_gone();
    const ChildUid uid = exit.child.uid;
    const MonoTime now = os::mono_now();
    mpm::Death death;
    death.signal = exit.ended.signal;
    death.exit_status = exit.ended.exit_status;
    death.current_generation = exit.child.generation == core_.revisions.generation();
    death.was_ready = exit.child.was_ready;
    death.retiring = exit.retiring || lifecycle_.stopping();
    death.replaced_elsewhere = replacement_.owns(uid) || succession_.owns(uid);
    death.born = exit.child.born;
    const mpm::Verdict verdict = core_.respawn.child_died(death, now);
    if (verdict.sick) regulation_.note_sick();
    speak_of(verdict, exit);
    replacement_.exited(uid);
    succession_.exited(uid);
    if (lifecycle_.stopping()) return;
    if (verdict.action == mpm::Verdict::Action::ReplaceNow && core_.respawn.may_fork(now))
        replace_dead(exit);
    if (verdict.action == mpm::Verdict::Action::StopServer) {
        core_.tell(
            Level::Alert, "server.fatal",
            fmt::format("child pid {} ended with a fatal error; the server stops", exit.child.pid));
        lifecycle_.request(mpm::Command::FatalStop);
    }
}

// M-10: where it was.
void Supervisor::replace_dead(const Children::Exit& exit) {
    const auto successor = children_.start({false, 0, exit.child.slot});
    if (!successor) return;
    const std::string end = exit.ended.signal
                                ? fmt::format("died of signal {}", *exit.ended.signal)
                                : fmt::format("ended with status {}", exit.ended.exit_status);
    regulation_.note_start("M-10", fmt::format("child {} {}; child {} is started in its place",
                                               exit.child.uid.value(), end, successor->value()));
}

void Supervisor::speak_of(const mpm::Verdict& verdict, const Children::Exit& exit) {
    if (verdict.warn && !exit.ended.signal)  // M-7
        core_.tell(Level::Warn, "child.failed",
                   fmt::format("child pid {} of generation {} ended with a fatal error; the server "
                               "goes on",
                               exit.child.pid, exit.child.generation.value()));
    else if (verdict.warn)
        core_.tell(Level::Warn, "child.crashing",
                   "children keep dying of signals: no immediate replacement, regulation decides");
    if (verdict.alarm)
        core_.tell(Level::Alert, "child.dying",
                   fmt::format("{} children in a row died early; starts are slowed down",
                               verdict.early_deaths));
}

scoreboard::ServerState Supervisor::shown_state() const {
    switch (lifecycle_.state()) {
        case mpm::ServerState::Starting:
            return scoreboard::ServerState::Starting;
        case mpm::ServerState::Draining:
            return scoreboard::ServerState::Draining;
        case mpm::ServerState::Stopping:
        case mpm::ServerState::Finished:
            return scoreboard::ServerState::Stopping;
        case mpm::ServerState::Running:
            break;
    }
    const bool degraded =
        children_.any_stale() || core_.respawn.paused_until(os::mono_now()).has_value();
    return degraded ? scoreboard::ServerState::Degraded : scoreboard::ServerState::Running;
}

// The global record and the page of `mpmd -k`.
void Supervisor::show() {
    core_.board.global.state = shown_state();
    core_.board.publish(core_.children);
    status_.state = core_.board.global.state;
    status_.generation = core_.revisions.generation().value();
    status_.children_wanted = core_.board.global.children_active;
    status_.children_ready =
        core_.board.global.children_active - core_.board.global.children_starting;
    status_.children_draining = core_.board.global.children_draining;
    status_.replacing = replacement_.replacing() ? 1 : 0;
    status_.operation = replacement_.number();
    status_.operation_failed = replacement_.failed() ? 1 : 0;
    run_status_.write(status_);
}

// Numbers are used below marks that are on disk; a crash then skips some and repeats none.
void Supervisor::keep_marks() {
    constexpr std::uint64_t kLow = StateDir::kBlock / 4;
    const std::uint64_t next_operation = core_.board.global.next_operation;
    const std::uint64_t revision = core_.revisions.revision().value();
    if (core_.next_child + kLow < kept_marks_.next_child &&
        next_operation + kLow < kept_marks_.next_operation && revision == kept_marks_.revision)
        return;
    if (std::exchange(writing_marks_, true)) return;
    const Marks marks{core_.next_child + StateDir::kBlock, next_operation + StateDir::kBlock,
                      revision};
    writer_.write(core_.state_dir.file("state"), StateDir::marks_text(marks),
                  [this, marks](bool written) {
                      writing_marks_ = false;  // what failed is tried again at the next tick
                      if (written) kept_marks_ = marks;
                      if (written || std::exchange(told_marks_, true)) return;
                      core_.tell(Level::Error, "state.not_saved",
                                 fmt::format("cannot write {}; numbers of children may repeat "
                                             "after a crash",
                                             core_.state_dir.file("state")));
                  });
}

void Supervisor::end() {
    constexpr Seconds kControlLeaves{2};
    if (!announced_)
        fmt::print(stderr, "mpmd: it ends before any child could serve; {} says why\n",
                   core_.settings().error_log);
    control_.close();
    const MonoTime limit = os::mono_now() + kControlLeaves;
    while ((control_.alive() || writer_.busy()) && os::mono_now() < limit)
        core_.loop.turn(Nanoseconds(limit - os::mono_now()));
    control_.kill();
    orphans_.end();
    const Marks exact{core_.next_child, core_.board.global.next_operation,
                      core_.revisions.revision().value()};
    // Two that write one file would spoil it; the marks that are on disk are only a little high.
    if (!writer_.busy()) (void)core_.state_dir.keep_marks(exact);
    core_.tell(Level::Notice, "server.end", "mpmd ends");
    show();
    core_.board.remove_file();
    core_.accept_mutexes.remove_files();
    pid_file_.remove();
}

}  // namespace mpmd::supervisor
