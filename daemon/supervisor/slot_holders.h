#pragma once

// Who holds the process slots when there is no free one (M-18c, U-1): the children that leave, the
// generation most of them belong to, and the connection they wait for longest. Reads rows that
// children write: text is escaped.

#include <string>

#include "daemon/base/time.h"
#include "daemon/scoreboard/snapshot.h"
#include "daemon/supervisor/child_table.h"

namespace mpmd::supervisor {

// "5 of 6 slots held by generation 3, oldest connection 14 min from 198.51.100.7:51122: GET /big;
// the first is free in 40 s at the latest; raise RetiringLimit or lower ChildDrainTimeout"
[[nodiscard]] std::string slot_holders(const ChildTable& children,
                                       const scoreboard::View& view,
                                       std::uint32_t slots,
                                       MonoTime now);

// What one child waits for longest: ", oldest connection 14 min from 198.51.100.7:51122: GET /big";
// "" when it has none.
[[nodiscard]] std::string held_by(const Child& child, const scoreboard::View& view, MonoTime now);

}  // namespace mpmd::supervisor
