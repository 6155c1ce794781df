#pragma once

// The supervisor's own knowledge of its children: never read back from memory that a child can
// write (P-11). Plain data; the supervisor's thread.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <sys/types.h>

#include "daemon/base/strong_type.h"
#include "daemon/base/time.h"
#include "daemon/ipc/child_channel.h"
#include "daemon/mpm/retiring.h"
#include "daemon/os/process.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::supervisor {

struct Child {
    ChildUid uid;
    SlotIndex slot;
    std::uint32_t buckets = 1;  // when it was born: it serves slot % buckets
    pid_t pid = 0;
    Generation generation;
    Revision revision;
    std::uint64_t epoch = 0;
    std::uint64_t operation = 0;  // that started or replaces it
    ipc::ChildChannel channel;
    std::uint64_t extent_offset = 0;
    scoreboard::ExtentShape shape;

    scoreboard::ChildState state = scoreboard::ChildState::Starting;
    scoreboard::RetireReason reason = scoreboard::RetireReason::None;
    bool held = false;  // ready, but accepts only after Release
    bool was_ready = false;
    bool paused = false;       // retired for idleness by Pause: Resume takes it back
    bool door_closed = false;  // it has said so since
    bool stale = false;        // its heartbeat is late, and that was said
    bool killed = false;       // by us
    bool stays = false;        // its replacement failed: it serves on and counts as current
    bool complained = false;   // has said why it gives up
    int saturated_ticks = 0;   // M-23
    int ready_ticks = 0;       // ticks since it was ready, this one included
    bool short_of_descriptors = false;  // E-9, and that was said
    int shortages = 0;
    bool runs_scripts = false;  // its configuration has some

    MonoTime born{};
    WallTime born_wall{};
    std::optional<WallTime> ready_wall;
    std::optional<WallTime> retire_wall;
    mpm::DrainClock drain;           // runs from its first order to drain, or its own word
    std::int64_t told_grace_ms = 0;  // DrainKeepAliveGrace, with that order
    std::optional<WallTime> drain_deadline_wall;
    std::optional<MonoTime> stopped;  // when it was told to stop

    std::uint64_t rss_bytes = 0;
    os::CpuTimes cpu;
    MonoTime measured{};
    std::uint32_t cpu_permille = 0;
    std::uint32_t open_fds = 0;

    // Told to leave, or leaving by itself: it counts as retiring.
    [[nodiscard]] bool leaving() const {
        return state == scoreboard::ChildState::Draining ||
               state == scoreboard::ChildState::Stopping || state == scoreboard::ChildState::Dead;
    }
    [[nodiscard]] bool active() const { return !leaving() && !held; }
    // Finishes what it has, and will not be taken back.
    [[nodiscard]] bool draining() const {
        return state == scoreboard::ChildState::Draining && !paused && drain.runs();
    }
    // Only once it has said that its door is closed: a late word of that must not be taken for a
    // quota that is used up.
    [[nodiscard]] bool recallable() const { return paused && door_closed; }
};

class ChildTable {
public:
    Child& add(Child child);
    void erase(ChildUid uid);
    [[nodiscard]] Child* find(ChildUid uid);
    [[nodiscard]] const Child* find(ChildUid uid) const;
    [[nodiscard]] Child* find_pid(pid_t pid);
    // Ascending; at most `most` of the slots below `slots`.
    // With buckets: only those whose number leaves `bucket` when divided by `buckets`.
    struct Bucket {
        std::uint32_t bucket = 0;
        std::uint32_t buckets = 1;
    };
    [[nodiscard]] std::vector<SlotIndex> free_slots(std::uint32_t slots,
                                                    std::size_t most,
                                                    Bucket of) const;
    [[nodiscard]] std::vector<SlotIndex> free_slots(std::uint32_t slots, std::size_t most) const {
        return free_slots(slots, most, {});
    }
    [[nodiscard]] bool is_free(SlotIndex slot, std::uint32_t slots) const {
        return slot.value() < slots && uid_by_slot_.count(slot.value()) == 0;
    }
    // That has the fewest children which do not leave.
    [[nodiscard]] std::uint32_t emptiest_bucket(std::uint32_t buckets) const;
    [[nodiscard]] const std::map<std::uint64_t, Child>& all() const { return by_uid_; }
    [[nodiscard]] std::map<std::uint64_t, Child>& all() { return by_uid_; }
    [[nodiscard]] std::vector<ChildUid> active() const;
    [[nodiscard]] std::size_t size() const { return by_uid_.size(); }
    [[nodiscard]] std::uint32_t high_slot() const;  // 1 + the highest in use

private:
    std::map<std::uint64_t, Child> by_uid_;
    std::map<std::uint32_t, std::uint64_t> uid_by_slot_;
    std::map<pid_t, std::uint64_t> uid_by_pid_;
};

}  // namespace mpmd::supervisor
