#include "daemon/os/credentials.h"

#include <algorithm>
#include <array>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"

namespace mpmd::os {

namespace {

std::optional<std::uint32_t> number(const std::string& name) {
    if (name.empty() || name[0] != '#') return std::nullopt;
    const std::optional<std::uint64_t> value = text::parse_uint(name.substr(1));
    if (!value || *value >= 0xffffffffU) return std::nullopt;
    return static_cast<std::uint32_t>(*value);
}

Result<gid_t> find_group(const std::string& name) {
    if (const auto id = number(name)) return gid_t{*id};
    const std::optional<gid_t> id = group_id(name);
    if (!id) return fail(Error::text(fmt::format("there is no group \"{}\"", name)));
    return *id;
}

std::vector<gid_t> groups_of(const std::string& user, gid_t primary) {
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    while (::getgrouplist(user.c_str(), primary, groups.data(), &count) < 0)
        groups.resize(static_cast<std::size_t>(count));
    groups.resize(static_cast<std::size_t>(count));
    return groups;
}

Result<Identity> numeric(std::uint32_t id, const std::string& group) {
    Identity identity;
    identity.uid = id;
    identity.gid = group.empty() ? gid_t{id} : TRY(find_group(group));
    identity.groups = {identity.gid};
    return identity;
}

Result<Identity> named(const std::string& user, const std::string& group) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 65536> buffer{};
    if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return fail(Error::text(fmt::format("there is no user \"{}\"", user)));
    Identity identity;
    identity.uid = entry.pw_uid;
    identity.gid = group.empty() ? entry.pw_gid : TRY(find_group(group));
    identity.groups = groups_of(user, identity.gid);
    return identity;
}

}  // namespace

std::optional<gid_t> group_id(const std::string& name) {
    group entry{};
    group* found = nullptr;
    std::array<char, 65536> buffer{};
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return std::nullopt;
    return entry.gr_gid;
}

Result<Identity> resolve_identity(const std::string& user, const std::string& group) {
    const auto id = number(user);
    Identity identity = id ? TRY(numeric(*id, group)) : TRY(named(user, group));
    identity.name = user;
    if (identity.uid == 0)
        return fail(Error::text(fmt::format("\"{}\" is uid 0; name an ordinary user", user)));
    const auto& groups = identity.groups;
    if (identity.gid == 0 || std::find(groups.begin(), groups.end(), gid_t{0}) != groups.end())
        return fail(
            Error::text(fmt::format("\"{}\" would have group 0, root's; name others", user)));
    return identity;
}

Result<> become(const Identity& identity) {
    if (identity.uid == 0) return fail(Error::text("refusing to serve as uid 0"));
    if (::setgroups(identity.groups.size(), identity.groups.data()) < 0)
        return fail(Error::os("setgroups"));
    if (::setresgid(identity.gid, identity.gid, identity.gid) < 0)
        return fail(Error::os("setresgid"));
    if (::setresuid(identity.uid, identity.uid, identity.uid) < 0)
        return fail(Error::os("setresuid"));
    if (::getuid() != identity.uid || ::geteuid() != identity.uid || ::setuid(0) == 0)
        return fail(Error::text("the change of user did not hold"));
    return {};
}

}  // namespace mpmd::os
