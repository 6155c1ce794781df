#pragma once

// Who a process is. Names are resolved once, at load (name services must not run in a forked
// child); become() is the irrevocable drop, and whoever calls it leaves at once when it fails
// (P-10).

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/base/result.h"

namespace mpmd::os {

struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;
    std::string name;  // as asked for
};

// A name, or "#NNN" which needs no passwd entry. `group` empty: the user's own. Uid 0 is refused
// (P-9), and so is gid 0 in any place.
[[nodiscard]] Result<Identity> resolve_identity(const std::string& user, const std::string& group);
// The numeric id of a group that exists.
[[nodiscard]] std::optional<gid_t> group_id(const std::string& name);

// setgroups, setresgid, setresuid, and a look whether it holds. Requires: root.
[[nodiscard]] Result<> become(const Identity& identity);

}  // namespace mpmd::os
