#pragma once

// Pure. Times at which handlers want to be called again (E-4): their own order, apart from the
// queues of timeouts, because they are few, of any length, and meant: at most kTimerFudge early,
// and late only by what the clock of the caller is. Told the time, never asks. One thread.

#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "daemon/base/time.h"

namespace mpmd::mpm {

inline constexpr Milliseconds kTimerFudge{10};

template <class T>
class UserTimers {
public:
    void add(MonoTime when, T& what) { timers_.emplace(when, &what); }
    void remove(MonoTime when, T& what) { timers_.erase({when, &what}); }
    // Calls on_due(what) for everybody whose time has come, earliest first; each is removed before.
    // on_due may add and remove.
    template <class OnDue>
    void expire(MonoTime now, OnDue on_due) {
        while (!timers_.empty() && timers_.begin()->first <= now + kTimerFudge) {
            T& what = *timers_.begin()->second;
            timers_.erase(timers_.begin());
            on_due(what);
        }
    }
    [[nodiscard]] std::optional<MonoTime> next() const {
        return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
    }
    [[nodiscard]] std::size_t size() const { return timers_.size(); }

private:
    std::set<std::pair<MonoTime, T*>> timers_;
};

}  // namespace mpmd::mpm
