#pragma once

// The only place that asks a clock. Any thread.

#include "daemon/base/time.h"

namespace mpmd::os {

[[nodiscard]] MonoTime
mono_now();  // CLOCK_MONOTONIC: comparable between the processes of one machine
[[nodiscard]] WallTime wall_now();
// Processor time of the calling thread; about 0.3 us.
[[nodiscard]] Nanoseconds thread_cpu();

}  // namespace mpmd::os
