#pragma once

// The deeds on children: start, order, measure, reap. Decides nothing (daemon/mpm does); what
// happens to a child is reported through Hooks. Supervisor's thread.
//
// A child that was told to leave and does not is told again, harder: Drain, past its deadline Stop,
// past StopTimeout KILL (children_leaving.cc).

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "daemon/os/process.h"
#include "daemon/supervisor/core.h"

namespace mpmd::supervisor {

class Children {
public:
    struct Exit {
        const Child& child;
        const os::Ended& ended;
        bool retiring = false;  // it was told to leave, or had announced it
    };
    struct Hooks {
        std::function<void(Child&)> ready;
        std::function<void(Child&)> near_quota;
        std::function<void(Child&)> stopped_accepting;
        // It is in no table any more; its row and its memory are free.
        std::function<void(const Exit&)> exited;
        std::function<void(const os::Ended&)>
            stranger;  // not one of ours: control, a writer, or adopted
    };
    struct Birth {
        bool held = false;
        std::uint64_t operation = 0;
        std::optional<SlotIndex> slot{};  // if it is free
        // Whose place it takes: it serves the same bucket. Nothing: the emptiest.
        std::optional<ChildUid> instead_of{};
    };
    Children(Core& core, Hooks hooks) : core_(core), hooks_(std::move(hooks)) {}

    // In the slot asked for, else in the lowest free one of its bucket. An error: no slot or memory
    // is free, or fork was refused (os_errno set).
    [[nodiscard]] Result<ChildUid> start(const Birth& birth);

    // `limit`: after which what is left is closed, 0 = unlimited; nothing: ChildDrainTimeout, also
    // when that is changed later. Told twice, the earlier deadline holds (E-18).
    void drain(Child& child,
               scoreboard::RetireReason reason,
               std::optional<Nanoseconds> limit = std::nullopt);
    // RetiringLimit (U-1): drains beyond it are ended, the longest first.
    void keep_retiring_limit();
    // ChildDrainTimeout, DrainKeepAliveGrace or StopTimeout may have been changed: they hold for
    // those that leave already, from when they were told to.
    void revise_limits();
    // Retires an idle child so that it can be taken back: it accepts nobody, and that is all until
    // drain() (un-retire; L-6).
    void pause(Child& child);
    void recall(Child& child);  // requires: recallable()
    void stop(Child& child, scoreboard::RetireReason reason);
    void kill(Child& child);
    void kill_late(Child& child);  // one whose time is over: told
    void release(Child& child);

    void send_live();  // LiveSettings of the configuration in force, to all
    void send_logs();  // descriptors of the reopened logs, to all
    void reap();
    // Once a tick: memory and processor time, heartbeats, late leavers.
    void measure(MonoTime now);
    [[nodiscard]] std::optional<MonoTime> next_deadline() const;
    void pass_deadlines(MonoTime now);
    // A child whose heartbeat is late exists: the server is degraded.
    [[nodiscard]] bool any_stale() const;

private:
    static constexpr Seconds kStartLimit{30};  // not ready by then: killed

    [[nodiscard]] Result<ChildUid> fork_into(SlotIndex slot,
                                             const Extent& extent,
                                             const Birth& birth);
    [[nodiscard]] std::optional<SlotIndex> slot_for(const Birth& birth) const;
    void watch(Child& child);
    void read_channel(ChildUid uid);
    void handle(Child& child, const ipc::ChildMessage& message);
    void became_ready(Child& child);
    void leaves_by_itself(Child& child);
    void note_deadline(Child& child, MonoTime now);
    [[nodiscard]] bool send_drain(Child& child, MonoTime now, bool revised);
    void escalate_stop(Child& child);
    void retiring(Child& child, scoreboard::RetireReason reason);
    void tell_shortage(Child& child, const ipc::ShortageReport& report);
    void buried(const os::Ended& ended);
    void tell_ending(const Child& child, const os::Ended& ended);
    [[nodiscard]] std::string keep_crash(const Child& child, const os::Ended& ended);
    void measure_usage(Child& child, MonoTime now);
    void check_heartbeat(Child& child, MonoTime now);
    void escalate_at(const Child& child, MonoTime when) { escalations_[child.uid.value()] = when; }

    Core& core_;
    Hooks hooks_;
    std::map<std::uint64_t, MonoTime> escalations_;  // when to be harder with whom
    bool told_no_room_ = false;                      // since the last child that got its place
};

}  // namespace mpmd::supervisor
