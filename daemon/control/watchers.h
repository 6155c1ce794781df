#pragma once

// How many streams are open, and by whom: at most ControlMaxWatchers together and a quarter of it
// (64 of 256) by one uid. Any thread.

#include <cstdint>
#include <map>
#include <memory>

#include "daemon/control/failure.h"
#include "daemon/os/mutex.h"

namespace mpmd::control {

class Watchers {
public:
    explicit Watchers(std::size_t most) : most_(most) {}

    // Leaves on destruction.
    class Pass {
    public:
        Pass(Watchers& watchers, std::uint32_t uid) : watchers_(watchers), uid_(uid) {}
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass() { watchers_.leave(uid_); }

    private:
        Watchers& watchers_;
        const std::uint32_t uid_;
    };
    // Failure: RESOURCE_EXHAUSTED / WATCHER_LIMIT.
    [[nodiscard]] Outcome<std::unique_ptr<Pass>> enter(std::uint32_t uid) EXCLUDES(mutex_);
    void limit(std::size_t most) EXCLUDES(mutex_);
    [[nodiscard]] std::size_t count() const EXCLUDES(mutex_);

private:
    void leave(std::uint32_t uid) EXCLUDES(mutex_);

    mutable os::Mutex mutex_;
    std::size_t most_ GUARDED_BY(mutex_);
    std::size_t count_ GUARDED_BY(mutex_) = 0;
    std::map<std::uint32_t, std::size_t> by_uid_ GUARDED_BY(mutex_);
};

}  // namespace mpmd::control
