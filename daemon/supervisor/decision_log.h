#pragma once

// The decision ring (7.6, U-20): why regulation started children, why it retired one, and why not.
//
// Ticks in a row that did nothing, for the same reason, are one row that counts them: 256 rows then
// reach back for hours instead of four minutes. A row that did something stands alone.

#include <optional>
#include <string>
#include <string_view>

#include "daemon/mpm/maintenance.h"
#include "daemon/scoreboard/layout.h"
#include "daemon/supervisor/board.h"

namespace mpmd::supervisor {

// What came of a plan.
struct Deeds {
    std::uint32_t wanted = 0;   // children to fork
    std::uint32_t spawned = 0;  // fewer when fork is paused or was refused
    std::uint32_t recalled = 0;
    std::optional<mpm::ChildSummary> retired;
    std::string holders;  // who holds the slots; of M-18c
    [[nodiscard]] bool quiet() const { return spawned == 0 && recalled == 0 && !retired; }
};

// Pure. "short of workers: 3 idle of 75 wanted; 2 started, rate 2"
[[nodiscard]] std::string decision_text(const mpm::Decision& decision,
                                        const mpm::Limits& limits,
                                        const Deeds& deeds);
[[nodiscard]] std::string_view rule_of(mpm::Branch branch);  // "M-18d"

class DecisionLog {
public:
    explicit DecisionLog(Board& board) : board_(board) {}
    void add(const mpm::Decision& decision,
             const mpm::Limits& limits,
             const Deeds& deeds,
             WallTime now);

    // One child, started outside regulation; with the figures of the last tick.
    void add_start(std::string_view rule, std::string_view why, WallTime now);

private:
    // What makes two quiet ticks the same.
    struct Reason {
        mpm::Branch branch;
        mpm::Kept kept;
        mpm::Cause cause;
        std::uint32_t wanted;
        bool operator==(const Reason&) const = default;
    };

    Board& board_;
    std::optional<Reason> quiet_;  // of the newest row, when it did nothing
    scoreboard::DecisionRow row_{};
};

}  // namespace mpmd::supervisor
