#pragma once

// Pure. Idle-thread regulation: once a tick the supervisor counts (Census), asks here what to do
// (Plan), and does it. Rules M-12 to M-18, listeners M-23, vectors T1 to T23 of mpm-behaviour 3;
// decisions.md 4 for slots and rollouts.
//
// Counting, deciding and doing are three functions in three folders; this one decides. It changes
// nothing: the caller keeps the returned Pace for the next tick, starts `spawn_slots`, and closes
// the door of `retire`. A child that was retired stays recallable until the next tick that is not
// short of threads; then it is dismissed and drains for good.
//
// MPM worker (limits.model) differs as section 3.5 says: no child is "not accepting", surplus is
// retired without the guard of M-18a, and a shortage looks for a free slot before it looks at the
// limit. Of its slots 0..A-1 our reserve for retiring children (decisions.md 4) leaves this: a
// retiring child blocks no slot, and there are as many free ones as active children may be added.
//
// Words: *active* = living children that are neither retiring nor held back; *total* = every living
// child, retiring ones included; *idle* and *present* count threads as M-14 says. All counts are
// server-wide unless buckets are used.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/base/strong_type.h"
#include "daemon/mpm/limits.h"

namespace mpmd::mpm {

inline constexpr std::int64_t kMaxSpawnRate = 32;
inline constexpr std::int64_t kBusySpawnNotice = 8;  // "busy, spawning" from this rate on
inline constexpr std::int32_t kListenerSaturated =
    800;  // permille of the last second outside epoll_wait
inline constexpr std::int32_t kListenerSaturatedTicks = 2;  // for so many ticks in a row
inline constexpr std::int32_t kSurvivorsBusyAtMost =
    500;  // M-23 b: permille, mean after a retirement

// What the supervisor knows of one living process. A child just forked, which has no thread yet,
// counts all its threads as idle (M-14: dead, starting and ready are idle, so that a fork is not
// repeated while it comes up).
struct ChildSummary {
    ChildUid uid;
    SlotIndex slot;
    Generation generation;
    bool current_generation = true;
    bool quiescing = false;      // told to drain, or announced that it leaves (M-13)
    bool not_accepting = false;  // E-13; also `drain CHILD`
    // With not_accepting: it holds as many connections as it may. Otherwise workers were short when
    // its listener closed the door, are idle again, and the listener has not come round to look.
    bool full = true;
    // Retired for idleness at an earlier tick, its door closed, nothing else changed yet: it can be
    // taken back (un-retire). Quiescing as well.
    bool recallable = false;
    bool held = false;  // successor that waits to be released (quota): neither active nor idle
    std::int64_t threads = 0;          // ThreadsPerChild it was born with
    std::int64_t idle_threads = 0;     // dead (not yet created), starting, ready
    std::int64_t present_threads = 0;  // ready, or in any busy or closing state
    std::int64_t busy_threads = 0;     // of these: not ready
    std::int64_t queued = 0;           // requests that wait for one
    std::int32_t listener_busy = 0;    // permille
    std::int32_t saturated_ticks =
        0;  // ticks in a row with listener_busy >= kListenerSaturated, this one included
    std::int64_t working_connections = 0;
    std::int64_t keep_alive_connections = 0;
    std::int64_t rss_bytes = 0;
};

struct Census {
    std::vector<ChildSummary> children;
    std::vector<SlotIndex> free_slots;  // ascending; may be cut after kMaxSpawnRate in each bucket
    std::int64_t online_cores = 0;      // 0 = unknown: listeners are not regulated (M-23)
    bool rollout_running = false;  // may spawn, never retires; old generations count as current
    std::int64_t bucket = 0;       // this call regulates one bucket b of `buckets` (slot mod B)
    std::int64_t buckets = 1;
};

// What regulation remembers between two ticks; survives every restart.
struct Pace {
    std::int64_t rate = 1;        // children to fork at the next shortage, 1..32
    std::int64_t hold = 0;        // ticks without doubling
    bool sick = false;            // a child could not get its resources (M-8); set by note_sick()
    bool healthy = false;         // some child had all its threads (M-15), ever in this run
    bool reported_limit = false;  // M-18b: told once in the life of the server
    bool reported_near = false;
    bool settling = false;  // the spare limits were lowered: see note_spare_lowered()
    bool operator==(const Pace&) const = default;
};

// A child ended SICK (M-8): the next tick looks whether any child is well, and growth starts over.
[[nodiscard]] Pace note_sick(Pace pace);

// The operator lowered the spare limits. Until the pool has settled, a child is also surplus when
// exactly MaxSpareThreads are idle and MinSpareThreads would still be without it: limits that are
// raised and set back lead back to the children there were, although M-18a alone ("more than
// MaxSpareThreads") would keep one.
[[nodiscard]] Pace note_spare_lowered(Pace pace);

enum class Cause : std::uint8_t { None, Workers, Listener, Connections, Cpu };
enum class Branch : std::uint8_t {
    Enough,      // M-18e
    Surplus,     // M-18a, or more active children than allowed; `kept`: why nobody was retired
    AtCapacity,  // M-18b
    NoFreeSlot,  // M-18c
    Spawn,       // M-18d
    Cancelled,   // M-18d with n = 0: as many children as may be active exist
    Recalled,    // M-18d without a fork: children that were about to leave cover the shortage
    Recovering,  // M-17, sick, bucket before the last
    GiveUp,      // M-17, sick and no child was ever well
};
enum class Kept : std::uint8_t { Nothing, StillRetiring, ListenersBusy, Rollout, LastChild };

enum class NoticeKind : std::uint8_t {
    LimitReached,    // error, once: MaxRequestWorkers reached, no thread idle
    NearLimit,       // error, once: within MinSpareThreads of MaxRequestWorkers
    ScoreboardFull,  // error, each tick: no slot though the limit is not reached
    BusySpawning,    // info: `count` children at once
    CpuBound,  // info, each tick: as many saturated listeners as cores; more children would not
               // help
    NoHealthyChild,  // alert: the server stops
};
struct Notice {
    NoticeKind kind;
    Cause cause = Cause::None;
    std::int64_t count = 0;
    bool operator==(const Notice&) const = default;
};

// One row of the decision ring: what was counted, and which branch was taken, every tick.
struct Decision {
    Branch branch = Branch::Enough;
    Kept kept = Kept::Nothing;
    Cause shortage = Cause::None;  // status `shortage`; also set while children are being forked
    std::int64_t idle = 0;         // I
    std::int64_t least = 0;        // wanted of them: MinSpareThreads of the bucket
    std::int64_t most = 0;         // MaxSpareThreads of the bucket
    std::int64_t present = 0;      // P
    std::int64_t active = 0;
    std::int64_t total = 0;
    std::int64_t free = 0;  // slots collected, at most rate
    std::int64_t rate = 1;  // before this tick
    std::int64_t hold = 0;  // before this tick
};

struct Plan {
    std::vector<SlotIndex> spawn_slots;  // ascending
    std::optional<ChildUid> retire;      // at most one a tick: closes its door, may be taken back
    std::vector<ChildUid> recall;        // retired earlier and needed again: opens its door
    std::vector<ChildUid> dismiss;       // retired earlier and not needed since: DRAIN
    bool stop_server = false;            // M-17: as M-6, forced after a grace
    Pace next;
    std::vector<Notice>
        notices;  // M-18b once, the others each tick; the logger makes episodes of them
    Decision decision;
};

// `slots` = process slots in all: ServerLimit and the reserve for retiring children.
// Requires: `limits` normalised, free_slots ascending.
[[nodiscard]] Plan plan_maintenance(const Census& census,
                                    const Limits& limits,
                                    const Pace& pace,
                                    std::int64_t slots);

// What the next bucket of the same tick sees: the children of `plan` started, its victim leaving.
[[nodiscard]] Census assume_done(Census census, const Plan& plan, const Limits& limits);

[[nodiscard]] std::string_view to_text(
    Cause cause);  // "none", "workers", "listener", "connections", "cpu"
[[nodiscard]] std::string_view to_text(Branch branch);  // "enough", "surplus", "at capacity", ...

}  // namespace mpmd::mpm
