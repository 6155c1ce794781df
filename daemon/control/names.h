#pragma once

// Numbers of users and groups to names and back. Asks the name service; remembers for a minute, so
// that a slow service is asked rarely. Any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/base/time.h"
#include "daemon/os/mutex.h"

namespace mpmd::control {

class Names {
public:
    // The name, or the number as text.
    [[nodiscard]] std::string user(std::uint32_t uid) EXCLUDES(mutex_);

    [[nodiscard]] static std::optional<std::uint32_t> uid_of(const std::string& user);
    [[nodiscard]] static std::optional<std::uint32_t> gid_of(const std::string& group);

private:
    struct Known {
        std::string name;
        MonoTime until;
    };
    os::Mutex mutex_;
    std::unordered_map<std::uint32_t, Known> users_ GUARDED_BY(mutex_);
};

}  // namespace mpmd::control
