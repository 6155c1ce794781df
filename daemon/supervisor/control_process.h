#pragma once

// mpmd-control as a process: executed with its descriptors (ipc/handover.h), watched, started again
// when it dies. Its life never touches the data path.
//
// Pauses between starts: 0, 0.1, 0.2, 0.4 ... 5 s, from the beginning again once one has said Hello
// and lived kProvenLife. A control of another release (exit status 78) or one that cannot be
// executed is tried again every 30 s. One that has been silent for kSilence is killed: it sends a
// Ping at least every 10 s.

#include <functional>
#include <optional>
#include <string>

#include "daemon/ipc/command_channel.h"
#include "daemon/os/process.h"
#include "daemon/supervisor/control_socket.h"
#include "daemon/supervisor/core.h"

namespace mpmd::supervisor {

class ControlProcess {
public:
    static constexpr Milliseconds kProvenLife{250};
    static constexpr Seconds kSilence{30};
    static constexpr Seconds kLongPause{30};

    using OnCommand = std::function<void(const ipc::Command&)>;
    ControlProcess(Core& core, OnCommand on_command)
        : core_(core), on_command_(std::move(on_command)) {}

    // Makes the sockets. The process follows at the first pass_deadlines().
    [[nodiscard]] Result<> open();
    void reply(const ipc::Reply& reply);
    // True when that process was ours.
    bool exited(const os::Ended& ended);
    void restart();  // to see a new configuration
    void close();    // the end: process told to leave, sockets removed
    void kill();     // what did not leave
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;
    void pass_deadlines(MonoTime now);
    [[nodiscard]] bool alive() const { return pid_ > 0; }
    [[nodiscard]] bool is(pid_t pid) const { return alive() && pid == pid_; }

private:
    void start(MonoTime now);
    void read_channel();
    void hang_up();
    void plan_start(MonoTime now, Nanoseconds pause);

    Core& core_;
    OnCommand on_command_;
    ControlSocket socket_;
    ControlSocket monitor_;
    std::optional<ipc::CommandServer> channel_;
    pid_t pid_ = 0;
    bool closing_ = false;
    bool said_hello_ = false;
    bool told_missing_ = false;
    MonoTime started_{};
    MonoTime heard_{};
    std::optional<MonoTime> start_at_;
    int failures_ = 0;  // in a row
};

// Pure. 0, 100 ms, 200 ms, 400 ms ... 5 s.
[[nodiscard]] Milliseconds control_pause(int failures);

}  // namespace mpmd::supervisor
