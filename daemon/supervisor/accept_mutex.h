#pragma once

// The accept mutexes of MPM worker, one for each bucket (W-1, W-2; D-40 to D-44). Needed only when
// a child polls several listening sockets. Made before the children, as root; lock files are called
// DIRECTORY/mpm-accept-BUCKET.PID, belong to User and go with the configuration or the server.
// Supervisor's thread; children get a mutex of their own of them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/config/settings.h"
#include "daemon/os/credentials.h"
#include "daemon/os/process_mutex.h"

namespace mpmd::supervisor {

struct AcceptMutexPlan {
    std::optional<os::MutexKind> kind;  // nothing: none is needed
    std::string directory;              // of lock files
    bool omit_pid = false;
    std::size_t buckets = 1;
    bool operator==(const AcceptMutexPlan&) const = default;
};
// Pure. What the settings ask for (D-42); `sockets`: that a child polls; `run_directory`: where
// lock files go without a directory.
[[nodiscard]] AcceptMutexPlan plan_accept_mutex(const config::Settings& settings,
                                                std::size_t sockets,
                                                std::size_t buckets,
                                                const std::string& run_directory);

class AcceptMutexes {
public:
    AcceptMutexes() = default;
    AcceptMutexes(AcceptMutexes&&) = default;
    // A file of the same name in `other` stays.
    AcceptMutexes& operator=(AcceptMutexes&& other) noexcept;
    AcceptMutexes(const AcceptMutexes&) = delete;
    AcceptMutexes& operator=(const AcceptMutexes&) = delete;
    ~AcceptMutexes() { remove_files(); }

    // `children`: who they run as, to own the lock files; nothing without root.
    [[nodiscard]] static Result<AcceptMutexes> create(const AcceptMutexPlan& plan,
                                                      const std::optional<os::Identity>& children);
    [[nodiscard]] const AcceptMutexPlan& plan() const { return plan_; }
    [[nodiscard]] std::string_view text() const;  // "none", "pthread", "flock", "fcntl"
    // For the next child of that bucket; nothing when none is needed.
    [[nodiscard]] Result<std::optional<os::ProcessMutex>> for_child(std::size_t bucket) const;
    void remove_files();

private:
    AcceptMutexPlan plan_;
    std::vector<os::ProcessMutex> mutexes_;
    std::vector<std::string> files_;
};

}  // namespace mpmd::supervisor
