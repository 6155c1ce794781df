#pragma once

// Pure. What was asked for -> what holds: the N-rules of mpm, derived defaults, absolute paths.

#include <string>

#include "daemon/config/config.h"

namespace mpmd::config {

// What the machine adds to the file. Filled by load(); constants in tests.
struct Surroundings {
    bool root = false;
    std::string xdg_runtime_dir;                        // "" = unset
    std::int64_t hard_children = mpm::kMaxServerLimit;  // the scoreboard's capacity
    std::int64_t hard_threads = mpm::kMaxThreadLimitEvent;
    std::int64_t kept_buckets = 0;       // of a running server; 0 = as the settings say
    std::int64_t cores = 1;              // online processors, for ListenCoresBucketsRatio
    std::vector<std::string> defines{};  // -D
};

struct Effective {
    Settings settings;
    std::vector<mpm::Adjustment> adjustments;
};

// Paths of the result are absolute, state_dir, control_socket and retiring_limit are filled in,
// live.async_factor_micro equals limits.async_factor_micro.
[[nodiscard]] Effective normalise(const Settings& requested, const Surroundings& surroundings);

// Sets of listening sockets (B of N12 to N15): cores / ListenCoresBucketsRatio, 1 when that makes
// no two.
[[nodiscard]] std::int64_t listen_buckets(const Settings& settings,
                                          const Surroundings& surroundings);

// /run/mpmd/NAME, or not root: $XDG_RUNTIME_DIR/mpmd/NAME, else the state directory (decisions.md
// 7).
[[nodiscard]] std::string run_directory(const Settings& effective,
                                        const Surroundings& surroundings);

// "mpmd.conf:12: MaxClients is an old name: write MaxRequestWorkers 150" (U-23).
[[nodiscard]] std::string old_line_text(const OldLine& line);

// "MaxRequestWorkers: requested 410, effective 400, because ..." (D-5).
[[nodiscard]] std::string adjustment_text(const mpm::Adjustment& adjustment);

}  // namespace mpmd::config
