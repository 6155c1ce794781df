#pragma once

// The supervisor's pen on the scoreboard: global record, child rows, operations, event and decision
// rings, and the memory of the children. One writer, the supervisor's thread.
//
// Rings and operation rows are addressed by number modulo size; numbers begin at 1 and never go
// back.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/mpm/rollout.h"
#include "daemon/scoreboard/extent_allocator.h"
#include "daemon/scoreboard/segment.h"
#include "daemon/scoreboard/snapshot.h"
#include "daemon/supervisor/child_table.h"

namespace mpmd::supervisor {

enum class Severity : std::uint8_t { Info, Notice, Warn, Error };

struct Extent {
    std::uint64_t offset = 0;
    scoreboard::ExtentShape shape;
};

class Board {
public:
    struct Birth {
        std::string instance;
        std::string scoreboard_file;  // "" = anonymous
        std::uint64_t first_operation = 1;
    };
    [[nodiscard]] static Result<Board> create(const Birth& birth);

    [[nodiscard]] scoreboard::View view() const { return segment_.view(); }
    [[nodiscard]] scoreboard::Segment& segment() { return segment_; }
    [[nodiscard]] int reader_fd() const { return segment_.reader_fd(); }

    // Fields are changed here and shown by publish().
    scoreboard::Global global{};
    void publish(const ChildTable& children);

    // Cleared memory for a new child.
    [[nodiscard]] std::optional<Extent> allocate(scoreboard::ExtentShape shape);
    // The worker rows of the next child in `slot` go on counting where the last one stopped
    // (httpd's "this slot"). Before the fork.
    void hand_down(SlotIndex slot, const Extent& extent) const;
    void release(const Extent& extent) { extents_.release(extent.offset, extent.shape.bytes()); }
    void show(const Child& child);
    // The child is dead: what it counted goes to the totals of the gone (unless the counters were
    // cleared since its birth), its row becomes free, its memory too.
    void remove(const Child& child);
    // A hard restart: counters begin at zero (P-21).
    void begin_epoch(WallTime now);

    void event(Severity severity,
               std::string_view kind,
               std::string_view text,
               ChildUid child,
               WallTime now);
    // `row` without its number.
    void crash(scoreboard::CrashRow row, WallTime now);
    // A new row of the ring; number, times and ticks are filled in.
    void decision(scoreboard::DecisionRow& row, WallTime now);
    // One tick more for the newest row, as `row` was left by decision().
    void decision_again(scoreboard::DecisionRow& row, WallTime now);

    void show_operation(const scoreboard::OperationHead& head,
                        const std::vector<scoreboard::OperationStep>& steps);

    // ScoreBoardFile goes with its server (P-20).
    void remove_file() const;

private:
    Board(scoreboard::Segment segment, std::string file)
        : segment_(std::move(segment)), file_(std::move(file)) {}
    scoreboard::Segment segment_;
    std::string file_;  // "" = anonymous
    scoreboard::ExtentAllocator extents_;

    // What the workers of earlier children did in a slot, since the epoch.
    struct Past {
        std::uint64_t requests = 0;
        std::uint64_t bytes = 0;
        std::uint64_t duration_ns = 0;
    };
    struct PastSlot {
        Past sum;
        std::uint32_t generation = 0;  // of the last child
        std::vector<Past> threads;
    };
    void remember(const Child& child);
    void show_past(scoreboard::ChildRow& row, std::uint32_t slot) const;
    void measure_cpu();
    std::map<std::uint32_t, PastSlot> past_;
    os::CpuTimes own_before_;  // when the epoch began
    os::CpuTimes gone_before_;
};

}  // namespace mpmd::supervisor
