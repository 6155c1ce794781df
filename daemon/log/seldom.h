#pragma once

// A message that clients can cause as often as they like: the first is written at once, then one
// every ten seconds, which says how many were left out. Any thread.

#include <cstdint>
#include <string>

#include "daemon/base/time.h"
#include "daemon/log/log.h"
#include "daemon/os/mutex.h"

namespace mpmd::log {

class Seldom {
public:
    Seldom(Level level, std::string_view module) : level_(level), module_(module) {}

    void say(const Log& log, MonoTime now, const std::string& text) EXCLUDES(mutex_) {
        std::uint64_t left_out = 0;
        {
            const os::Lock lock(mutex_);
            if (now < next_) {
                ++left_out_;
                return;
            }
            next_ = now + kPause;
            left_out = left_out_;
            left_out_ = 0;
        }
        if (left_out == 0)
            log.write(level_, module_, text);
        else
            log.write(level_, module_, fmt::format("{} (and {} more like it)", text, left_out));
    }

private:
    static constexpr Seconds kPause{10};
    const Level level_;
    const std::string_view module_;
    os::Mutex mutex_;
    MonoTime next_ GUARDED_BY(mutex_){};
    std::uint64_t left_out_ GUARDED_BY(mutex_) = 0;
};

}  // namespace mpmd::log
