#pragma once

// What frames were like before: requests per second for the last minutes, and the share of errors
// among the requests of the last minute. Counters are compared within one epoch of one server only:
// after a clear or a restart there is a gap, never a spike. Pure.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "mpm/control/v1/scoreboard.pb.h"

namespace mpmd::tui {

class History {
public:
    void add(const ::mpm::control::v1::ScoreboardFrame& frame);
    // Requests per second, oldest first; -1 is a gap.
    [[nodiscard]] std::vector<double> request_rates() const;
    // 5xx among the requests of the last minute; nothing when there were none.
    [[nodiscard]] std::optional<double> error_share() const;

private:
    struct Sample {
        std::string instance;
        std::uint64_t epoch = 0;
        std::int64_t second = 0;
        double rate = 0;
        std::uint64_t requests = 0;
        std::uint64_t errors = 0;
    };
    std::deque<Sample> samples_;
};

}  // namespace mpmd::tui
