#pragma once

// No descriptors or no memory to accept with (E-9), in a child of either MPM: counts each failure,
// tells the log and the supervisor once where an episode begins and once where it ends, and keeps
// the door shut meanwhile. How long a pause is and what an episode: mpm/accept_shortage.h.
//
// The listener thread's, as are the counter and the reports that it writes.

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/base/time.h"
#include "daemon/child/reports.h"
#include "daemon/log/log.h"
#include "daemon/mpm/accept_shortage.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::child {

class Shortage {
public:
    struct Words {
        std::string_view module;       // as lines of the log name it
        std::string_view consequence;  // after "cannot accept: ...; "
    };
    Shortage(scoreboard::ChildStatus& status, const log::Log& log, Reports& reports, Words words)
        : status_(status), log_(log), reports_(reports), words_(words) {}

    void met(int os_errno, MonoTime now);
    void pause(MonoTime now) { course_.pause(now); }
    // A client came in: the next pause is a short one again.
    void accepted() { course_.accepted(); }
    // Asked now and then: sees the end of an episode.
    void tend(MonoTime now);
    // Until when nobody is accepted; nothing when there is no pause.
    [[nodiscard]] std::optional<MonoTime> paused_until(MonoTime now) const {
        return course_.paused_until(now);
    }

private:
    scoreboard::ChildStatus& status_;
    const log::Log& log_;
    Reports& reports_;
    const Words words_;
    mpm::AcceptShortage course_;
};

// From so many in use on, descriptors are the workers': they open files and start scripts with
// them.
[[nodiscard]] std::int64_t descriptors_for_clients(std::uint32_t threads);

}  // namespace mpmd::child
