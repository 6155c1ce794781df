#pragma once

// Pure. Who may call what: one table of methods, and the rules that give a peer its role
// (control-plane.md 4.6).
//
// uid 0 and the uid the supervisor runs under (when it is not root) are admin; else the highest of
// ControlRole lines and of the groups mpmd-admin, mpmd-operator, mpmd-view. The uid of the children
// is refused whatever else holds, so that a broken handler cannot reach the control plane. A method
// that is not in the table may be called by nobody.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/config/settings.h"

namespace mpmd::control {

using config::Role;

struct MethodRule {
    std::string_view method;  // "/mpm.control.v1.ServerService/GetServer"
    Role role = Role::Admin;
    bool writes = false;  // audited
};

[[nodiscard]] std::span<const MethodRule> method_rules();
// Null: nobody may.
[[nodiscard]] const MethodRule* find_method(std::string_view method);
[[nodiscard]] bool may_call(Role role, const MethodRule* rule);

// The rules with names already turned into numbers.
struct RoleRules {
    struct Grant {
        Role role = Role::None;
        std::uint32_t id = 0;
    };
    std::uint32_t supervisor_uid = 0;
    std::uint32_t children_uid = 0;
    bool children_apart = false;  // children run under another uid than the supervisor
    std::vector<Grant> uids;
    std::vector<Grant> gids;
};

[[nodiscard]] Role role_of(const RoleRules& rules,
                           std::uint32_t uid,
                           std::span<const std::uint32_t> gids);

[[nodiscard]] std::string_view role_name(Role role);  // "viewer"; "none"

}  // namespace mpmd::control
