#pragma once

// What the parts of the supervisor share: its one loop, its logs, its pen on the scoreboard, its
// children, its sockets and the configuration in force. Lives as long as the process; one thread.
//
// Parts keep a reference and own nothing of it. tell() is how any of them reports: one line in the
// error log and one row of the event ring.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log/log.h"
#include "daemon/log/log_file.h"
#include "daemon/mpm/respawn.h"
#include "daemon/os/credentials.h"
#include "daemon/os/event_loop.h"
#include "daemon/supervisor/accept_mutex.h"
#include "daemon/supervisor/board.h"
#include "daemon/supervisor/child_table.h"
#include "daemon/supervisor/listen_set.h"
#include "daemon/supervisor/revision.h"
#include "daemon/supervisor/state_dir.h"

namespace mpmd::supervisor {

// Open log files of one configuration.
struct Logs {
    os::UniqueFd error;
    std::vector<os::UniqueFd> custom;  // in the order of the directives
    [[nodiscard]] static Result<Logs> open(const config::Settings& settings);
};

// /run is empty after a boot: before the first file goes there, the directory of the control socket
// and the run directory of the instance are made, 0755, as far as these settings use them. A file
// elsewhere finds its directory or fails.
[[nodiscard]] Result<> make_run_directories(const config::Settings& settings);

// Who children and control run as; nothing without root.
struct Identities {
    std::optional<os::Identity> children;
    std::optional<os::Identity> control;
    [[nodiscard]] static Result<Identities> resolve(const config::Settings& settings, bool root);
};

struct Core {
    Core(os::EventLoop event_loop, Board pen, StateDir directory, RevisionLog revisions_in_force)
        : loop(std::move(event_loop)),
          board(std::move(pen)),
          state_dir(std::move(directory)),
          revisions(std::move(revisions_in_force)) {}
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    [[nodiscard]] const config::Settings& settings() const { return revisions.config()->effective; }
    // Slots in all: the active budget and the reserve for retiring children (decisions.md 4).
    [[nodiscard]] std::uint32_t slots() const;
    // Where core files go (P-24).
    [[nodiscard]] const std::string& core_directory() const;
    void adopt(Logs logs);
    // What the sockets and mutexes of these settings are (ListenCoresBucketsRatio, Mutex).
    [[nodiscard]] static std::size_t buckets_for(const config::Settings& settings);
    [[nodiscard]] static AcceptMutexPlan accept_mutex_for(const config::Settings& settings,
                                                          std::size_t sockets,
                                                          std::size_t buckets);
    // Limits and revision of the configuration in force, into the global record.
    void show_configuration();

    // Several lines are several lines of the log; the event has the first.
    void tell(log::Level level, std::string_view kind, std::string_view text, ChildUid child = {});
    // As lines of the log name us: "mpm_event", "mpm_worker".
    [[nodiscard]] std::string_view module() const;
    // Without an event: what a person need not be shown again.
    void note(log::Level level, std::string_view text) { log.write(level, "core", text); }

    os::EventLoop loop;
    log::LogFile error_log;  // the log's sink; swallows lines until adopt()
    std::vector<os::UniqueFd> custom_logs;
    log::Log log{error_log};
    Board board;
    StateDir state_dir;
    RevisionLog revisions;
    Identities identities;
    ChildTable children;
    ListenSet listeners;
    AcceptMutexes accept_mutexes;
    mpm::Respawn respawn;
    std::uint64_t next_child = 1;
    bool root = false;
};

}  // namespace mpmd::supervisor
