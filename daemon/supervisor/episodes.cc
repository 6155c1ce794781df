#include "daemon/supervisor/episodes.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace mpmd::supervisor {

using scoreboard::EpisodeCause;

Episode::Turn Episode::tick(bool present) {
    if (present) {
        absent_ = 0;
        return std::exchange(running_, true) ? Turn::Same : Turn::Begins;
    }
    if (!running_ || ++absent_ < 2) return Turn::Same;
    running_ = false;
    return Turn::Ends;
}

std::optional<EpisodeCause> limit_met(const mpm::Decision& decision) {
    if (decision.branch == mpm::Branch::NoFreeSlot) return EpisodeCause::Slots;
    if (decision.shortage == mpm::Cause::Cpu) return EpisodeCause::Cpu;
    if (decision.branch != mpm::Branch::AtCapacity && decision.branch != mpm::Branch::Cancelled)
        return std::nullopt;
    switch (decision.shortage) {
        case mpm::Cause::Listener:
            return EpisodeCause::Listener;
        case mpm::Cause::Connections:
            return EpisodeCause::Connections;
        default:
            return EpisodeCause::Workers;
    }
}

std::vector<LimitEpisodes::Change> LimitEpisodes::tick(std::optional<EpisodeCause> met,
                                                       const Load& load,
                                                       WallTime now) {
    const auto now_us = static_cast<std::uint64_t>(to_us(now));
    std::vector<Change> changes;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const auto cause = static_cast<EpisodeCause>(i);
        scoreboard::Episode& row = rows_[i];
        const Episode::Turn turn = states_[i].tick(met == cause);
        if (turn == Episode::Turn::Begins) {
            const std::uint64_t count = row.count + 1;
            const std::uint64_t ended = row.ended_us;
            row = scoreboard::Episode{};
            row.count = count;
            row.ended_us = ended;
            row.start_wall_us = now_us;
            changes.push_back({cause, true});
        }
        if (met == cause) {
            last_met_us_[i] = now_us;
            row.peak_busy = std::max(row.peak_busy, load.busy);
            row.peak_queued = std::max(row.peak_queued, load.queued);
            row.peak_backlog = std::max(row.peak_backlog, load.backlog);
        }
        if (turn == Episode::Turn::Ends) {
            // The wall clock may have been set back meanwhile.
            row.end_wall_us = std::max(last_met_us_[i], row.start_wall_us);
            row.ended_us += row.end_wall_us - row.start_wall_us;
            changes.push_back({cause, false});
        }
    }
    return changes;
}

std::string LimitEpisodes::end_text(EpisodeCause cause) const {
    const scoreboard::Episode& row = rows_.at(static_cast<std::size_t>(cause));
    const std::uint64_t lasted = row.end_wall_us - row.start_wall_us;
    return fmt::format(
        "{}: enough again after {:.1f} s; peak {} busy, {} queued, {} not accepted yet; {} since "
        "the start",
        to_text(cause), static_cast<double>(lasted) / 1e6, row.peak_busy, row.peak_queued,
        row.peak_backlog, row.count == 1 ? "once" : fmt::format("{} times", row.count));
}

}  // namespace mpmd::supervisor
