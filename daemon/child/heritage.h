#pragma once

// Everything a child keeps over fork. A descriptor that is not named here is closed, and writable
// shared memory that is not named here is unmapped, before child_main runs (supervisor/spawn).

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "daemon/base/strong_type.h"
#include "daemon/config/config.h"
#include "daemon/net/listen_socket.h"
#include "daemon/os/process_mutex.h"
#include "daemon/os/signals.h"
#include "daemon/os/unique_fd.h"
#include "daemon/scoreboard/segment.h"

namespace mpmd::child {

struct Heritage {
    ChildUid uid;           // never reused
    SlotIndex slot;         // our row among the child rows (the supervisor writes it)
    Generation generation;  // the configuration load we were born with
    std::shared_ptr<const config::Config> config;
    config::LiveSettings live;  // in force now; overrides may have moved it away from `config`
    std::vector<net::ListenSocket> listeners;  // shared with the supervisor and all siblings
    std::span<std::byte> extent;               // our extent, mapped writable, zeroed; nobody else's
    scoreboard::ExtentShape shape;             // of the extent; shape.threads workers are started
    scoreboard::View board;                    // all of it, to read; may be empty
    os::UniqueFd channel;                      // SOCK_SEQPACKET (ipc/child_message.h)
    os::UniqueFd error_log;
    std::vector<os::UniqueFd> custom_logs;  // in the order of config->effective.custom_log
    // MPM worker with several listening sockets: ours alone, of a mutex that all children of the
    // bucket share (for a pthread mutex also memory that they all can write).
    std::optional<os::ProcessMutex> accept_mutex;
    std::optional<os::SignalFd> signals;  // -X alone: TERM and INT end us, QUIT drains
    bool held = false;                    // a successor by quota: ready, accepts after Release
};

}  // namespace mpmd::child
