#pragma once

// Who is at the other end of a unix socket, as the kernel and /proc say it at accept. uid, gid and
// groups are the kernel's word at connect(); the rest is for the audit only (a pid can have moved
// on to another process).

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/base/result.h"

namespace mpmd::control {

struct Peer {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t pid = 0;
    std::vector<std::uint32_t> groups;  // gid among them
    std::string command;                // escaped
    std::uint32_t login_uid = kNoLogin;
    std::string tty;  // "pts/3", "" = none

    static constexpr std::uint32_t kNoLogin = 0xffff'ffff;
};

// SO_PEERCRED and SO_PEERGROUPS.
[[nodiscard]] Result<Peer> read_peer(int fd);

}  // namespace mpmd::control
