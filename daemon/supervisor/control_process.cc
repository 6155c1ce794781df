#include "daemon/supervisor/control_process.h"

#include <algorithm>
#include <csignal>

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/ipc/datagram.h"
#include "daemon/ipc/handover.h"
#include "daemon/os/clock.h"
#include "daemon/supervisor/spawn.h"

namespace mpmd::supervisor {

namespace {

using log::Level;

std::string beside_us() {
    const std::string own = os::own_executable();
    return own.substr(0, own.rfind('/') + 1) + "mpmd-control";
}

#ifndef MPMD_LIBEXECDIR
#define MPMD_LIBEXECDIR "/usr/libexec/mpmd"
#endif

std::string program_of(const config::Settings& settings) {
    if (!settings.control_program.empty()) return settings.control_program;
    std::string beside = beside_us();
    if (::access(beside.c_str(), X_OK) == 0) return beside;
    return MPMD_LIBEXECDIR "/mpmd-control";
}

}  // namespace

Milliseconds control_pause(int failures) {
    if (failures <= 0) return Milliseconds(0);
    constexpr Milliseconds kLongest{5000};
    return std::min(kLongest, Milliseconds(100) * (1 << std::min(failures - 1, 10)));
}

Result<> ControlProcess::open() {
    socket_ = TRY(ControlSocket::open(core_.settings().control_socket, 0666));
    if (!core_.settings().monitor_socket.empty())
        monitor_ = TRY(ControlSocket::open(core_.settings().monitor_socket, 0660, "mpmd-view"));
    start_at_ = os::mono_now();
    return {};
}

void ControlProcess::start(MonoTime now) {
    start_at_.reset();
    const std::string program = program_of(core_.settings());
    if (::access(program.c_str(), X_OK) != 0) {
        if (!std::exchange(told_missing_, true))
            core_.tell(Level::Warn, "control.missing",
                       fmt::format("there is no control plane: cannot execute \"{}\" "
                                   "(ControlProgram); the server goes on without",
                                   program));
        return plan_start(now, kLongPause);
    }
    told_missing_ = false;
    if (core_.identities.control)
        if (const auto handed = core_.state_dir.hand_over(*core_.identities.control); !handed)
            core_.note(Level::Error, handed.error().context("StateDir").message);
    auto ends = ipc::datagram_pair();
    if (!ends) return plan_start(now, control_pause(++failures_));
    ControlPlan plan;
    plan.program = program;
    plan.descriptors = {socket_.fd(), core_.board.reader_fd(), ends->second.get(), monitor_.fd(),
                        core_.error_log.fd()};
    plan.error_log = core_.error_log.fd();
    plan.identity = core_.identities.control ? &*core_.identities.control : nullptr;
    const auto pid = execute_control(plan);
    if (!pid) {
        core_.note(Level::Error, pid.error().context("mpmd-control").message);
        return plan_start(now, control_pause(++failures_));
    }
    pid_ = *pid;
    said_hello_ = false;
    started_ = heard_ = now;
    channel_.emplace(std::move(ends->first));
    const auto watched = core_.loop.watch(channel_->fd(), EPOLLIN, [this](std::uint32_t events) {
        if ((events & EPOLLOUT) != 0 && channel_ && !channel_->flush()) return hang_up();
        read_channel();
    });
    if (!watched) hang_up();
}

void ControlProcess::read_channel() {
    // A few a turn: children's reports come first however many commands wait.
    for (int i = 0; i < 8 && channel_; ++i) {
        const ipc::CommandServer::Event event = channel_->next();
        if (std::holds_alternative<ipc::CommandServer::WouldBlock>(event)) return;
        if (std::holds_alternative<ipc::CommandServer::Gone>(event)) return hang_up();
        heard_ = os::mono_now();
        if (const auto* bad = std::get_if<ipc::CommandServer::Malformed>(&event)) {
            if (!bad->header) continue;
            ipc::Reply refused;
            refused.header.serial = bad->header->serial;
            refused.header.refusal = ipc::Refusal::BadRequest;
            ipc::cut_text(refused.header.message, bad->error.message);
            reply(refused);
            continue;
        }
        const auto& command = std::get<ipc::Command>(event);
        if (command.header.verb == ipc::Verb::Hello) said_hello_ = true;
        on_command_(command);
    }
}

void ControlProcess::reply(const ipc::Reply& reply) {
    if (!channel_) return;
    if (!channel_->reply(reply)) return hang_up();
    core_.loop.change(channel_->fd(), channel_->wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

// The channel is of no use any more. The process sees its end and leaves.
void ControlProcess::hang_up() {
    if (!channel_) return;
    core_.loop.forget(channel_->fd());
    channel_.reset();
    if (pid_ > 0) (void)::kill(pid_, SIGTERM);
}

bool ControlProcess::exited(const os::Ended& ended) {
    if (pid_ == 0 || ended.pid != pid_) return false;
    pid_ = 0;
    hang_up();
    if (closing_) return true;
    const MonoTime now = os::mono_now();
    if (!ended.signal && ended.exit_status == ipc::kExitOtherRelease) {
        core_.tell(Level::Error, "control.release",
                   "mpmd-control is of another release than mpmd; trying again in 30 s");
        plan_start(now, kLongPause);
        return true;
    }
    if (said_hello_ && now - started_ >= kProvenLife) failures_ = 0;
    const Milliseconds pause = control_pause(failures_++);
    core_.tell(Level::Warn, "control.ended",
               fmt::format("mpmd-control pid {} ended with {} {}; started again in {} ms",
                           ended.pid, ended.signal ? "signal" : "exit status",
                           ended.signal.value_or(ended.exit_status), pause.count()));
    plan_start(now, pause);
    return true;
}

void ControlProcess::restart() {
    failures_ = 0;
    if (pid_ > 0) (void)::kill(pid_, SIGTERM);
}

void ControlProcess::close() {
    closing_ = true;
    start_at_.reset();
    if (!said_hello_) kill();  // still starting: it holds nothing, and does not listen yet
    hang_up();
    socket_.remove();
    monitor_.remove();
}

void ControlProcess::kill() {
    if (pid_ > 0) (void)::kill(pid_, SIGKILL);
}

void ControlProcess::plan_start(MonoTime now, Nanoseconds pause) {
    start_at_ = now + pause;
}

std::optional<MonoTime> ControlProcess::next_deadline() const {
    if (start_at_) return start_at_;
    if (pid_ > 0) return heard_ + kSilence;
    return std::nullopt;
}

void ControlProcess::pass_deadlines(MonoTime now) {
    if (start_at_ && now >= *start_at_) start(now);
    if (pid_ > 0 && now - heard_ >= kSilence) {
        core_.tell(Level::Error, "control.hang",
                   fmt::format("mpmd-control pid {} has been silent for {} s and is killed", pid_,
                               kSilence.count()));
        heard_ = now;
        (void)::kill(pid_, SIGKILL);
    }
}

}  // namespace mpmd::supervisor
