#pragma once

// Pure. Retirement by quota (MaxConnectionsPerChild, MaxRequestsServedPerChild): the successor
// stands ready before the old child closes its door (decisions.md 4; E-20, A-45).
//
// The child says StartSuccessor at 90 % of its quota and stops accepting at exactly the quota. The
// supervisor keeps one Handover for each such child: the successor starts held (READY, not
// accepting) and is released when the old one has stopped accepting. So the first N connections are
// the old child's, and no client waits.

#include <cstdint>
#include <optional>

#include "daemon/base/strong_type.h"
#include "daemon/base/time.h"

namespace mpmd::mpm {

// The quota of one child. So that children born together do not leave together, a quota of 1,000 or
// more is lowered by up to a tenth, by the seed (the child's uid). Never above `quota`; 0 = never
// retire.
[[nodiscard]] std::int64_t jittered_quota(std::int64_t quota, std::uint64_t seed);

// Time between two children that are replaced for their size (MaxChildRSS): 5 to 10 s, by the seed.
// They grew together and must not leave together.
[[nodiscard]] Milliseconds recycling_pause(std::uint64_t seed);

enum class QuotaStep : std::uint8_t { Serve, StartSuccessor, StopAccepting };
// After `used` connections (or requests).
[[nodiscard]] QuotaStep quota_step(std::int64_t used, std::int64_t quota);
// How many more the child may accept; nothing = no limit.
[[nodiscard]] std::optional<std::int64_t> quota_left(std::int64_t used, std::int64_t quota);

class Handover {
public:
    enum class Action : std::uint8_t {
        Nothing,
        StartHeld,  // fork a successor with the instruction to wait; answer started()
        Start,      // fork an ordinary successor: the old one has left already
        Release,    // tell the successor to accept
    };

    // Start a held successor first; where that is impossible (no slot, fork paused), ask again
    // later.
    explicit Handover(ChildUid old) : old_(old) {}

    void started(ChildUid successor);
    [[nodiscard]] Action ready(ChildUid uid);
    [[nodiscard]] Action stopped_accepting(ChildUid uid);  // the old one closed its door
    [[nodiscard]] Action exited(ChildUid uid);
    [[nodiscard]] ChildUid old() const { return old_; }
    [[nodiscard]] ChildUid successor() const { return successor_; }
    // As long as it does, a successor is to be held.
    [[nodiscard]] bool old_accepts() const { return !door_closed_; }
    [[nodiscard]] bool holding() const { return successor_ != ChildUid{} && !released_; }
    // Nothing is left to do: forget it.
    [[nodiscard]] bool over() const { return released_ && old_gone_; }
    [[nodiscard]] bool owns(ChildUid uid) const { return uid == old_ || uid == successor_; }

private:
    [[nodiscard]] Action release();

    ChildUid old_;
    ChildUid successor_;
    bool ready_ = false;
    bool door_closed_ = false;
    bool old_gone_ = false;
    bool released_ = false;
};

}  // namespace mpmd::mpm
