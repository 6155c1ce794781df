#include "daemon/mpm/lifecycle.h"

#include <algorithm>
#include <csignal>

namespace mpmd::mpm {

namespace {
bool is_restart(Command command) {
    return command <= Command::HardRestart;
}
}  // namespace

std::optional<Command> command_for_signal(int signal, bool controlling_terminal) {
    switch (signal) {
        case SIGUSR1:
            return Command::GracefulRestart;
        case SIGHUP:
            return Command::HardRestart;
        case SIGQUIT:
            return Command::GracefulStop;
        case SIGTERM:
        case SIGINT:
            return Command::Stop;
        case SIGWINCH:
            if (controlling_terminal) return std::nullopt;
            return Command::GracefulStop;
        default:
            return std::nullopt;
    }
}

void Lifecycle::request(Command command) {
    if (command == Command::ReopenLogs) {
        reopen_logs_ = true;
        return;
    }
    if (finished()) return;
    if (command == Command::FatalStop) exit_code_ = 1;
    if (acting_ && command <= *acting_) return;
    if (pending_ && command <= *pending_) return;
    pending_ = command;
}

std::vector<Effect> Lifecycle::advance(const Situation& situation) {
    Effects effects;
    if (finished()) return effects;
    if (reopen_logs_) effects.push_back(Effect::ReopenLogs);
    reopen_logs_ = false;

    if (pending_ && is_restart(*pending_)) {
        begin_restart(situation, effects);
    } else if (pending_) {
        begin_stop(situation, effects);
    }
    pass_deadline(situation, effects);

    if (stopping() && !finished() && situation.children_alive == 0) {
        remove_pid_file(effects);
        effects.push_back(Effect::Exit);
        state_ = ServerState::Finished;
        deadline_.reset();
    }
    return effects;
}

void Lifecycle::begin_restart(const Situation& situation, Effects& effects) {
    if (state_ != ServerState::Running) return;
    const bool hard = *pending_ == Command::HardRestart;
    if (situation.replacing && !hard) return;
    effects.push_back(hard ? Effect::BeginHardRestart : Effect::BeginGracefulRestart);
    pending_.reset();
}

void Lifecycle::begin_stop(const Situation& situation, Effects& effects) {
    const Command command = *pending_;
    const bool first = !acting_;
    acting_ = command;
    pending_.reset();
    if (first) {
        effects.push_back(Effect::CancelRollout);
        effects.push_back(Effect::StopListening);
    }
    if (command == Command::Stop) {
        enter_stopping(situation, effects);
        return;
    }
    state_ = ServerState::Draining;
    remove_pid_file(effects);
    if (first) effects.push_back(Effect::DrainChildren);
    const Nanoseconds graceful = situation.timeouts.graceful;
    if (graceful > Nanoseconds::zero() && !deadline_) deadline_ = situation.now + graceful;
    if (command == Command::FatalStop) {
        const MonoTime fatal = situation.now + kFatalGrace;
        deadline_ = deadline_ ? std::min(*deadline_, fatal) : fatal;
    }
}

void Lifecycle::enter_stopping(const Situation& situation, Effects& effects) {
    state_ = ServerState::Stopping;
    acting_ = Command::Stop;
    pending_.reset();
    effects.push_back(Effect::StopChildren);
    deadline_ = situation.now + situation.timeouts.stop;
}

// The ladder of 6.2, without its useless rungs: STOP, KILL, give up.
void Lifecycle::pass_deadline(const Situation& situation, Effects& effects) {
    if (!deadline_ || situation.now < *deadline_ || situation.children_alive == 0) return;
    if (state_ == ServerState::Draining) {
        enter_stopping(situation, effects);
        return;
    }
    if (!killed_) {
        killed_ = true;
        effects.push_back(Effect::KillChildren);
        deadline_ = situation.now + kGiveUpAfterKill;
        return;
    }
    effects.push_back(Effect::LeaveBehind);
    exit_code_ = 1;
    remove_pid_file(effects);
    effects.push_back(Effect::Exit);
    state_ = ServerState::Finished;
    deadline_.reset();
}

void Lifecycle::remove_pid_file(Effects& effects) {
    if (pid_file_) effects.push_back(Effect::RemovePidFile);
    pid_file_ = false;
}

std::string_view to_text(ServerState state) {
    switch (state) {
        case ServerState::Starting:
            return "starting";
        case ServerState::Running:
            return "running";
        case ServerState::Draining:
            return "draining";
        case ServerState::Stopping:
            return "stopping";
        case ServerState::Finished:
            return "finished";
    }
    return "finished";
}

}  // namespace mpmd::mpm
