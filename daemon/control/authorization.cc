#include "daemon/control/authorization.h"

#include <algorithm>
#include <array>

namespace mpmd::control {
namespace {

// clang-format off
constexpr MethodRule kMethods[] = {
    {"/mpm.control.v1.ServerService/GetServer", Role::Viewer, false},
    {"/mpm.control.v1.ServerService/ReloadConfig", Role::Admin, true},
    {"/mpm.control.v1.ScoreboardService/GetScoreboard", Role::Viewer, false},
    {"/mpm.control.v1.ScoreboardService/WatchScoreboard", Role::Viewer, false},
    {"/mpm.control.v1.ScoreboardService/ListChildren", Role::Viewer, false},
    {"/mpm.control.v1.ScoreboardService/ListConnections", Role::Viewer, false},
    {"/mpm.control.v1.ScoreboardService/ListCrashes", Role::Viewer, false},
    {"/mpm.control.v1.ScoreboardService/ListDecisions", Role::Viewer, false},
    {"/mpm.control.v1.ProcessService/RestartChildren", Role::Operator, true},
    {"/mpm.control.v1.DirectiveService/ListDirectives", Role::Viewer, false},
    {"/mpm.control.v1.DirectiveService/GetDirective", Role::Viewer, false},
    {"/mpm.control.v1.DirectiveService/UpdateDirectives", Role::Operator, true},
    {"/mpm.control.v1.OperationService/GetOperation", Role::Viewer, false},
    {"/mpm.control.v1.OperationService/ListOperations", Role::Viewer, false},
    {"/mpm.control.v1.OperationService/WatchOperation", Role::Viewer, false},
    {"/mpm.control.v1.OperationService/WaitOperation", Role::Viewer, false},
};
// clang-format on

}  // namespace

std::span<const MethodRule> method_rules() {
    return kMethods;
}

const MethodRule* find_method(std::string_view method) {
    const auto* const end = std::end(kMethods);
    const auto* const found = std::find_if(
        std::begin(kMethods), end, [&](const MethodRule& rule) { return rule.method == method; });
    return found == end ? nullptr : found;
}

bool may_call(Role role, const MethodRule* rule) {
    return rule != nullptr && role >= rule->role && rule->role != Role::None;
}

Role role_of(const RoleRules& rules, std::uint32_t uid, std::span<const std::uint32_t> gids) {
    if (rules.children_apart && uid == rules.children_uid) return Role::None;
    if (uid == 0 || uid == rules.supervisor_uid) return Role::Admin;
    Role highest = Role::None;
    for (const RoleRules::Grant& grant : rules.uids)
        if (grant.id == uid) highest = std::max(highest, grant.role);
    for (const RoleRules::Grant& grant : rules.gids)
        if (std::find(gids.begin(), gids.end(), grant.id) != gids.end())
            highest = std::max(highest, grant.role);
    return highest;
}

std::string_view role_name(Role role) {
    static constexpr std::array<std::string_view, 4> kNames = {"none", "viewer", "operator",
                                                               "admin"};
    return kNames.at(static_cast<std::size_t>(role));
}

}  // namespace mpmd::control
