#pragma once

// The fixtures of the specification's acceptance list (section 9) that the scenarios use.

#include "daemon/mpm/limits.h"

namespace mpmd::scenario {

inline mpm::Limits fixture(std::int64_t server_limit, std::int64_t threads, std::int64_t workers) {
    mpm::Limits limits;
    limits.server_limit = server_limit;
    limits.threads_per_child = threads;
    limits.max_request_workers = workers;
    return limits;
}

inline mpm::Limits spare(mpm::Limits limits,
                         std::int64_t start,
                         std::int64_t min,
                         std::int64_t max) {
    limits.start_servers = start;
    limits.min_spare_threads = min;
    limits.max_spare_threads = max;
    return limits;
}

inline mpm::Limits fx_a() {
    return spare(fixture(6, 4, 16), 2, 2, 12);
}
inline mpm::Limits fx_f() {
    return spare(fixture(2, 2, 4), 2, 2, 4);
}
inline mpm::Limits fx_s() {
    return spare(fixture(48, 1, 48), 1, 40, 48);
}
inline mpm::Limits seed_004() {
    return spare(fixture(16, 25, 150), 2, 25, 75);
}

}  // namespace mpmd::scenario
