#pragma once

// Frames of the scoreboard: one look at the asked level, as a message. No clock. Any thread.

#include <string>
#include <vector>

#include <mpm/control/v1/scoreboard.pb.h>

#include "daemon/control/connection_query.h"
#include "daemon/control/names.h"
#include "daemon/control/sample.h"

namespace mpmd::control {

namespace v1 = ::mpm::control::v1;

struct FrameRequest {
    v1::FrameLevel level = v1::FRAME_LEVEL_CHILDREN;
    ConnectionQuery query;
    std::size_t offset = 0;
    std::size_t limit = 0;
    std::string key;  // equal for requests whose frames are equal

    [[nodiscard]] bool rows() const { return level == v1::FRAME_LEVEL_ROWS; }
    [[nodiscard]] static Outcome<FrameRequest> read(v1::FrameLevel level,
                                                    const v1::ConnectionQuery& query);
};

// `connections` is needed when request.rows(). Without coalesced, granted_interval and what only
// the caller has.
[[nodiscard]] v1::ScoreboardFrame frame_of(const scoreboard::View& view,
                                           const Sample& sample,
                                           const FrameRequest& request,
                                           const std::vector<ConnectionFacts>& connections,
                                           Names& names);

// The worker rows of a child.
void add_workers(v1::Child& out,
                 const scoreboard::View& view,
                 const scoreboard::Child& child,
                 const Sample& sample);
// What a child that leaves still waits for: its oldest connection.
void add_holder(v1::Child& out,
                const scoreboard::View& view,
                const scoreboard::Child& child,
                const Sample& sample);

}  // namespace mpmd::control
