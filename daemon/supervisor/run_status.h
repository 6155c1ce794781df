#pragma once

// StateDir/run-status: one page that says how the server is and how its last load went. Written by
// the supervisor alone, read by `mpmd -k`, which needs neither the control process nor gRPC to know
// the outcome of a signal (L-4).

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/os/mapped_memory.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::supervisor {

inline constexpr std::uint64_t kRunStatusMagic = 0x6d706d64'72756e32;  // "mpmdrun2"

struct RunStatus {
    std::uint64_t magic = kRunStatusMagic;
    std::uint64_t start_wall_us = 0;
    std::uint32_t pid = 0;
    std::uint32_t generation = 0;
    scoreboard::ServerState state = scoreboard::ServerState::Unspecified;
    std::uint8_t last_load_ok = 1;
    std::array<std::uint8_t, 6> padding{};
    std::uint64_t loads = 0;  // rises with each load that was tried
    std::uint32_t children_wanted = 0;
    std::uint32_t children_ready = 0;
    std::uint32_t children_draining = 0;
    std::uint32_t replacing = 0;         // 1 while a restart runs
    std::uint64_t operation = 0;         // the last restart
    std::uint32_t operation_failed = 0;  // 1: its successors did not get ready, the old serve on
    std::uint32_t reserved = 0;
    std::array<char, 1024> last_error{};     // of the last load
    std::array<char, 1536> last_warnings{};  // of the last load, a line each
    std::array<char, 512> config_file{};     // absolute; empty when it is longer
};

class RunStatusPage {
public:
    RunStatusPage() = default;
    [[nodiscard]] static Result<RunStatusPage> create(const std::string& path);
    void write(const RunStatus& status);

private:
    explicit RunStatusPage(os::MappedMemory memory) : memory_(std::move(memory)) {}
    os::MappedMemory memory_;
};

// Nothing when there is no page or it is not one.
[[nodiscard]] std::optional<RunStatus> read_run_status(const std::string& path);
// Where the page of that process is: below `state_dir`, or where the process itself has it mapped,
// for the file may name another StateDir by now. Empty when neither is its page.
[[nodiscard]] std::string run_status_path(pid_t pid, const std::string& state_dir);

}  // namespace mpmd::supervisor
