#include "daemon/control/names.h"

#include <array>

#include <grp.h>
#include <pwd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/clock.h"
#include "daemon/os/credentials.h"

namespace mpmd::control {
namespace {

constexpr auto kRemembered = std::chrono::minutes(1);
constexpr std::size_t kMost = 4096;

std::string ask(std::uint32_t uid) {
    std::array<char, 16384> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
        return fmt::format("{}", uid);
    return text::escape(entry.pw_name);
}

}  // namespace

std::string Names::user(std::uint32_t uid) {
    const MonoTime now = os::mono_now();
    {
        const os::Lock lock(mutex_);
        const auto known = users_.find(uid);
        if (known != users_.end() && known->second.until > now) return known->second.name;
    }
    std::string name = ask(uid);
    const os::Lock lock(mutex_);
    if (users_.size() >= kMost) users_.clear();
    users_[uid] = {name, now + kRemembered};
    return name;
}

std::optional<std::uint32_t> Names::uid_of(const std::string& user) {
    std::array<char, 16384> buffer;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(user.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
        found == nullptr)
        return std::nullopt;
    return entry.pw_uid;
}

std::optional<std::uint32_t> Names::gid_of(const std::string& group) {
    return os::group_id(group);
}

}  // namespace mpmd::control
