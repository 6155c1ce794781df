#pragma once

// Pure. Stretches of time in which the server was at a limit: short of something and not able to
// get more of it (U-4, A-37). Each is told once when it begins and once when it ends, with how long
// it lasted and how bad it was; a limit that is met for an hour is two events and not 3600.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/mpm/maintenance.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::supervisor {

// A condition with a beginning and an end.
class Episode {
public:
    enum class Turn : std::uint8_t { Same, Begins, Ends };
    // It ends when it has been absent for two ticks: one tick without may be chance.
    [[nodiscard]] Turn tick(bool present);
    [[nodiscard]] bool running() const { return running_; }

private:
    bool running_ = false;
    int absent_ = 0;
};

// What this tick cannot get more of; nothing when nothing is short, or more of it is on its way.
[[nodiscard]] std::optional<scoreboard::EpisodeCause> limit_met(const mpm::Decision& decision);

// How much waits at a moment.
struct Load {
    std::uint32_t busy = 0;     // worker threads
    std::uint32_t queued = 0;   // requests that wait for one
    std::uint32_t backlog = 0;  // clients that wait in the kernel to be accepted
};

// One of each cause at a time. The rows are what the scoreboard shows.
class LimitEpisodes {
public:
    using Rows = std::array<scoreboard::Episode, scoreboard::kEpisodeCauses>;
    struct Change {
        scoreboard::EpisodeCause cause = scoreboard::EpisodeCause::Workers;
        bool begins = false;
    };

    // Once a tick; what begins or ends with it.
    [[nodiscard]] std::vector<Change> tick(std::optional<scoreboard::EpisodeCause> met,
                                           const Load& load,
                                           WallTime now);
    [[nodiscard]] const Rows& rows() const { return rows_; }
    // "workers: enough again after 14 s; peak 150 busy, 12 queued, 8 not accepted yet; 3rd time"
    [[nodiscard]] std::string end_text(scoreboard::EpisodeCause cause) const;

private:
    std::array<Episode, scoreboard::kEpisodeCauses> states_{};
    std::array<std::uint64_t, scoreboard::kEpisodeCauses> last_met_us_{};
    Rows rows_{};
};

}  // namespace mpmd::supervisor
