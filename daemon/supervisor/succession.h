#pragma once

// One child takes over from another outside a rollout: a quota that is nearly used up (the
// successor is started at 90 %, held, and released when the old one has stopped accepting), or
// MaxChildRSS (the old one drains when the successor is ready). At most one successor for each.

#include <map>
#include <optional>

#include "daemon/supervisor/children.h"

namespace mpmd::supervisor {

class Succession {
public:
    Succession(Core& core, Children& children) : core_(core), children_(children) {}

    void near_quota(Child& old);
    void stopped_accepting(const Child& old);
    void ready(const Child& child);
    void exited(ChildUid uid);
    // Once a tick: children beyond MaxChildRSS, one at a time; quota successors that could not be
    // started yet.
    void tick(MonoTime now);
    // Its death is taken care of: a successor is there.
    [[nodiscard]] bool owns(ChildUid uid) const;
    void forget_all() { pairs_.clear(); }

private:
    struct Pair {
        std::optional<ChildUid> successor;  // nothing: not started yet
        scoreboard::RetireReason reason = scoreboard::RetireReason::Quota;
        bool old_stopped = false;
        bool done = false;  // handed over: what becomes of the successor is its own affair
    };
    void start(ChildUid old, Pair& pair);
    void check_memory();

    Core& core_;
    Children& children_;
    std::map<std::uint64_t, Pair> pairs_;  // by uid of the old one
};

}  // namespace mpmd::supervisor
