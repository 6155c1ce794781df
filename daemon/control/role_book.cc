#include "daemon/control/role_book.h"

#include <optional>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/names.h"
#include "daemon/ipc/command_codec.h"

namespace mpmd::control {
namespace {

struct StandardGroup {
    const char* name;
    Role role;
};
constexpr StandardGroup kStandardGroups[] = {
    {"mpmd-admin", Role::Admin}, {"mpmd-operator", Role::Operator}, {"mpmd-view", Role::Viewer}};

std::optional<Role> role_from(std::string_view name) {
    for (const Role role : {Role::Viewer, Role::Operator, Role::Admin})
        if (text::iequals(name, role_name(role))) return role;
    return std::nullopt;
}

// False: the subject names nobody.
bool add(RoleRules& rules, Role role, std::string_view kind, const std::string& name) {
    if (kind == "group") {
        const auto gid = Names::gid_of(name);
        if (gid) rules.gids.push_back({role, *gid});
        return gid.has_value();
    }
    std::optional<std::uint32_t> uid;
    if (kind == "user") uid = Names::uid_of(name);
    if (kind == "uid") {
        const auto number = text::parse_uint(name);
        if (number && *number <= 0xffff'fffeU) uid = static_cast<std::uint32_t>(*number);
    }
    if (kind == "san") return true;  // certificates have no connection on this socket
    if (uid) rules.uids.push_back({role, *uid});
    return uid.has_value();
}

}  // namespace

RoleRules resolve_roles(const ipc::HelloReply& hello, std::vector<std::string>& problems) {
    RoleRules rules;
    rules.supervisor_uid = hello.supervisor_uid;
    rules.children_uid = hello.children_uid;
    rules.children_apart = hello.children_uid != hello.supervisor_uid;
    for (const std::string_view line : text::split(ipc::text(hello.roles), '\n')) {
        if (text::trim(line).empty()) continue;
        const std::size_t blank = line.find(' ');
        const std::size_t colon = line.find(':');
        const auto role = role_from(line.substr(0, blank));
        const bool shaped = blank != std::string_view::npos && colon != std::string_view::npos &&
                            colon > blank && role;
        if (!shaped || !add(rules, *role, line.substr(blank + 1, colon - blank - 1),
                            std::string(text::trim(line.substr(colon + 1)))))
            problems.push_back(fmt::format("ControlRole {} names nobody here and has no effect",
                                           text::escape(line)));
    }
    if (hello.roles_complete == 0)
        problems.push_back(
            "there are more ControlRole lines than fit; the last ones have no effect");
    for (const StandardGroup& group : kStandardGroups)
        (void)add(rules, group.role, "group", group.name);  // a machine need not have these groups
    return rules;
}

void RoleBook::set(RoleRules rules) {
    const os::Lock lock(mutex_);
    rules_ = std::move(rules);
    known_ = true;
}

Role RoleBook::role(const Peer& peer) const {
    const os::Lock lock(mutex_);
    return known_ ? role_of(rules_, peer.uid, peer.groups) : Role::None;
}

}  // namespace mpmd::control
