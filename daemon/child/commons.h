#pragma once

// What all threads of a child use. Constant once the threads run, or synchronised by itself.

#include <string>
#include <vector>

#include "daemon/child/body_memory.h"
#include "daemon/child/heritage.h"
#include "daemon/child/orders.h"
#include "daemon/child/score.h"
#include "daemon/handlers/router.h"
#include "daemon/http/limits.h"
#include "daemon/log/log.h"
#include "daemon/log/log_format.h"
#include "daemon/log/log_ring.h"
#include "daemon/log/seldom.h"

namespace mpmd::child {

inline constexpr std::size_t kErrorLog = 0;  // file of the ring; custom logs follow
inline constexpr std::size_t kFirstCustomLog = 1;

struct Commons {
    const config::Settings& settings;
    const Score score;
    const std::vector<log::LogFormat>& log_formats;
    http::Handler& handler;  // answer, absorb, forget: the listener; run, recheck: workers
    Orders& orders;
    log::LogRing& ring;
    const log::Log& log;
    BodyMemory& body_memory;
    log::Seldom& body_trouble;
    std::uint32_t threads = 0;
    int pid = 0;
};

inline constexpr std::string_view kServerToken = "mpmd/" MPMD_VERSION;

}  // namespace mpmd::child
