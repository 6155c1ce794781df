#pragma once

// One child takes over from another outside a rollout: a quota that is nearly used up (the
// successor is started at 90 %, held, and released when the old one has stopped accepting; the
// order of it is mpm::Handover's), or MaxChildRSS (the old one drains when the successor is ready).
// At most one successor for each.

#include <map>

#include "daemon/mpm/quota.h"
#include "daemon/supervisor/children.h"
#include "daemon/supervisor/regulation.h"

namespace mpmd::supervisor {

class Succession {
public:
    Succession(Core& core, Children& children, Regulation& regulation)
        : core_(core), children_(children), regulation_(regulation) {}

    void near_quota(Child& old);
    void stopped_accepting(const Child& old);
    void ready(const Child& child);
    void exited(ChildUid uid);
    // Once a tick: children beyond MaxChildRSS, one after another; successors that could not be
    // started yet.
    void tick(MonoTime now);
    // Its death is taken care of here.
    [[nodiscard]] bool owns(ChildUid uid) const;
    void forget_all() { pairs_.clear(); }

private:
    struct Pair {
        mpm::Handover handover;
        scoreboard::RetireReason reason = scoreboard::RetireReason::Quota;
        [[nodiscard]] bool has_successor() const { return handover.successor() != ChildUid{}; }
    };
    void start(Pair& pair);
    void perform(mpm::Handover::Action action, Pair& pair);
    void check_memory(MonoTime now);

    Core& core_;
    Children& children_;
    Regulation& regulation_;               // keeps the decisions
    std::map<std::uint64_t, Pair> pairs_;  // by uid of the old one
    MonoTime next_recycling_{};
};

}  // namespace mpmd::supervisor
