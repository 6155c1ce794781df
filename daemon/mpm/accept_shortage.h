#pragma once

// Pure. A child that cannot accept for want of descriptors or memory (E-9): how long it keeps its
// door shut, and where an episode begins and ends, so that the operator is told once and not at
// each failure. Waiting helps and dying would not: the siblings are as short as we are.
//
// The first pause is 100 ms, each further one without a client in between twice as long, up to 1 s.
// An episode ends when kCalm has passed without a failure.

#include <algorithm>
#include <cstdint>
#include <optional>

#include "daemon/base/time.h"

namespace mpmd::mpm {

class AcceptShortage {
public:
    static constexpr Milliseconds kFirstPause{100};
    static constexpr Milliseconds kLongestPause{1000};
    static constexpr Seconds kCalm{10};

    // A shortage shows. True: an episode begins.
    [[nodiscard]] bool met(MonoTime now) {
        const bool begins = !last_;
        last_ = now;
        return begins;
    }
    void pause(MonoTime now) {
        pause_ = pause_ == Nanoseconds::zero() ? kFirstPause
                                               : std::min<Nanoseconds>(2 * pause_, kLongestPause);
        paused_until_ = now + pause_;
    }
    void accepted() { pause_ = {}; }

    // Until when nobody is accepted; nothing when the pause is over.
    [[nodiscard]] std::optional<MonoTime> paused_until(MonoTime now) const {
        return paused_until_ && now < *paused_until_ ? paused_until_ : std::nullopt;
    }
    [[nodiscard]] bool episode() const { return last_.has_value(); }
    // True once, when the episode is over.
    [[nodiscard]] bool ended(MonoTime now) {
        if (!last_ || now - *last_ < kCalm) return false;
        last_.reset();
        return true;
    }

private:
    Nanoseconds pause_{};
    std::optional<MonoTime> paused_until_;
    std::optional<MonoTime> last_;  // failure of the episode
};

// Descriptors that accepting leaves to the workers, who open files and start scripts with them.
[[nodiscard]] constexpr std::int64_t descriptors_kept_back(std::int64_t limit,
                                                           std::int64_t threads) {
    return std::min(limit / 4, 4 * threads + 16);
}

}  // namespace mpmd::mpm
