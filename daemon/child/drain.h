#pragma once

// The way out of a child of either MPM: by order, or of its own accord as if it had been ordered
// (E-9, E-20, W-5). How long it may take is in Orders, where the main thread puts it (E-18).
//
//   order or retire() ─► door shut for good ─► begin() ─► connections end, workers leave ─► over()
//
// The listener thread's. What a connection does in a drain is its owner's business (E-16, W-6).

#include <cstdint>
#include <optional>

#include "daemon/base/time.h"
#include "daemon/child/orders.h"
#include "daemon/child/ready_queue.h"
#include "daemon/child/reports.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::child {

class Drain {
public:
    Drain(scoreboard::ChildStatus& status, Orders& orders, ReadyQueue& ready, Reports& reports)
        : status_(status), orders_(orders), ready_(ready), reports_(reports) {}

    // Gives ourselves the order. False: there is one already.
    bool retire(const config::LiveSettings& live, MonoTime now);
    [[nodiscard]] bool ordered() const { return orders_.draining(); }

    // Obeys it: the scoreboard, the supervisor and the workers learn of it.
    void begin(MonoTime now);
    [[nodiscard]] bool begun() const { return began_.has_value(); }
    // Requires: begun().
    [[nodiscard]] MonoTime began() const { return *began_; }

    // Whether the child's end has come, with so many connections open: it is told to stop, or has
    // drained, or its time is up. No more workers stay than there are connections (4.5, E-16).
    [[nodiscard]] bool over(std::uint32_t open, MonoTime now);

private:
    scoreboard::ChildStatus& status_;
    Orders& orders_;
    ReadyQueue& ready_;
    Reports& reports_;
    std::optional<MonoTime> began_;
};

}  // namespace mpmd::child
