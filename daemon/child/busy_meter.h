#pragma once

// How busy the listener is, in permille of the last second (M-23): outside its wait, or ready to
// leave it and waiting for a processor. On a machine whose processors are all taken a listener that
// has to queue for one is as short of time as one that never sleeps. Of the listener thread, made
// there.

#include <cstdint>
#include <optional>

#include "daemon/base/time.h"
#include "daemon/os/thread_demand.h"

namespace mpmd::child {

class BusyMeter {
public:
    explicit BusyMeter(MonoTime now)
        : busy_since_(now),
          window_start_(now),
          demand_before_(demand_.total().value_or(Nanoseconds::zero())) {}

    // After each wait. A figure once a second, else nothing.
    [[nodiscard]] std::optional<std::int32_t> waited(MonoTime from, MonoTime until);

private:
    os::ThreadDemand demand_;
    MonoTime busy_since_;
    MonoTime window_start_;
    Nanoseconds busy_{};
    Nanoseconds demand_before_;
};

}  // namespace mpmd::child
