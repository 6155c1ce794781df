#pragma once

// What a child really is, as the kernel says it and not as we meant it (P-10, U-22): ids, groups
// and capabilities, read when it is ready, before it counts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace mpmd::supervisor {

struct Rights {
    std::vector<std::uint32_t> uids;  // real, effective, saved, file system
    std::vector<std::uint32_t> gids;
    std::vector<std::uint32_t> groups;
    std::uint64_t capabilities = 0;  // permitted or effective
    // Any uid, gid or group of root, or any capability.
    [[nodiscard]] bool of_root() const;
    [[nodiscard]] std::string text() const;  // "uid 33, gid 33, groups 33, no capability"
};
// Pure. Of the text of /proc/PID/status; nothing when it lacks a line.
[[nodiscard]] std::optional<Rights> read_rights(std::string_view status);
// Nothing when the process is gone.
[[nodiscard]] std::optional<Rights> rights_of(pid_t pid);

}  // namespace mpmd::supervisor
