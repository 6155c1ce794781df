#pragma once

// Pure. Children on their way out: until when each may finish what it has (E-18, U-2), and which of
// them is ended because too many are (RetiringLimit; U-1, M-22, A-64; decisions.md 4).
//
// Active children have ServerLimit slots, retiring ones a reserve of RetiringLimit beyond them.
// What drains beyond that is ended, the longest drain first, so that retiring children never take
// the slots of those that serve, and no rollout waits for a drain.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/base/strong_type.h"
#include "daemon/base/time.h"

namespace mpmd::mpm {

// The time that one draining child has. Unlimited: no deadline.
class DrainClock {
public:
    // Told to drain, or drains by itself, for so long (0 = unlimited). `fixed`: by an order that
    // says so itself; otherwise ChildDrainTimeout says it and may be changed meanwhile. Ordered
    // again, the earlier deadline holds.
    void order(MonoTime now, Nanoseconds limit, bool fixed);
    // ChildDrainTimeout is `limit` now, counted from the first order: may move the deadline either
    // way. False: it stays.
    bool revise(Nanoseconds limit);

    [[nodiscard]] bool runs() const { return since_.has_value(); }
    [[nodiscard]] std::optional<MonoTime> since() const { return since_; }
    [[nodiscard]] std::optional<MonoTime> deadline() const { return deadline_; }

private:
    std::optional<MonoTime> since_;
    std::optional<MonoTime> deadline_;
    bool fixed_ = false;
};

struct Retiring {
    ChildUid uid;
    MonoTime since;
};
// Whom to end so that no more than `limit` drain. `draining`: without those that are stopped
// already, or may still be taken back.
[[nodiscard]] std::vector<ChildUid> drains_to_end(std::span<const Retiring> draining,
                                                  std::int64_t limit);

}  // namespace mpmd::mpm
