#pragma once

// A parent small enough for a test: opens a loopback socket, forks one child_main, speaks its
// channel and reads its part of the scoreboard. Documents are in a temporary directory.

#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/child/child.h"
#include "daemon/config/config.h"
#include "daemon/ipc/child_channel.h"
#include "daemon/scoreboard/extent.h"

namespace mpmd::mpm {
std::ostream& operator<<(std::ostream& out, Model model);
}

namespace mpmd::test {

inline constexpr mpm::Model kModels[] = {mpm::Model::Event, mpm::Model::Worker};

struct MiniParent {
    std::filesystem::path directory;  // removed at the end
    config::Config config;
    bool held = false;
    std::uint32_t threads = 4;
    std::size_t sockets = 1;
    std::optional<os::ProcessMutex> accept_mutex;  // the child gets its own of it
    std::function<void(child::Heritage&)> spoil;   // last words before the fork
    std::function<void()> in_child;                // before the child begins

    MiniParent();
    ~MiniParent();
    MiniParent(const MiniParent&) = delete;
    MiniParent& operator=(const MiniParent&) = delete;

    void write_file(const std::string& name, const std::string& content) const;
    [[nodiscard]] std::string read_file(const std::string& name) const;
    // Before start(): makes a script and returns its target. Whoever asks for it keeps a worker
    // until let_go(), however long that takes.
    [[nodiscard]] std::string holding_script();
    void let_go() const;
    void start();  // returns when the child is ready
    [[nodiscard]] std::uint16_t port(std::size_t socket = 0) const { return ports_[socket]; }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] scoreboard::ChildStatus& status() const { return extent_.status(); }
    [[nodiscard]] const scoreboard::Extent& extent() const { return extent_; }
    [[nodiscard]] scoreboard::ConnectionRow row(std::uint32_t connection) const;
    [[nodiscard]] std::int32_t connections(scoreboard::ConnectionState state) const {
        return status().connections[static_cast<std::size_t>(state)].load();
    }

    void order(ipc::Order order);
    void drain(std::int64_t deadline_ms, std::int64_t grace_ms);
    void change_live(const config::LiveSettings& live);
    // The same, and returns when every request that is sent from now on finds them. Only once, and
    // while it accepts.
    void change_live_and_wait(const config::LiveSettings& live);
    void hang_up() { channel_ = ipc::ChildChannel(); }
    // Waits for that report; other reports before it are skipped.
    [[nodiscard]] bool reported(ipc::Report report);
    // The same without waiting.
    [[nodiscard]] bool has_said(ipc::Report report);
    // Waits for the end of the child.
    [[nodiscard]] std::optional<int> exit_status();
    [[nodiscard]] bool alive() const;

private:
    os::UniqueFd open_log(const std::string& name) const;
    ipc::ChildChannel channel_;
    void* memory_ = nullptr;
    std::size_t memory_size_ = 0;
    scoreboard::Extent extent_;
    std::vector<std::uint16_t> ports_;
    pid_t pid_ = -1;
};

// The generous bound of decisions.md 11 for anything that must happen "soon".
[[nodiscard]] bool eventually(const std::function<bool()>& condition,
                              std::chrono::milliseconds limit = std::chrono::seconds(5));

}  // namespace mpmd::test
