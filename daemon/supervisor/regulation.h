#pragma once

// Once a tick: count (census), ask (mpm::plan_maintenance), do. Keeps what regulation remembers,
// writes the decision ring (decision_log.h), and tells of the beginning and the end of the time at
// a limit (episodes.h).

#include <optional>
#include <string>

#include "daemon/mpm/maintenance.h"
#include "daemon/os/clock.h"
#include "daemon/supervisor/children.h"
#include "daemon/supervisor/decision_log.h"
#include "daemon/supervisor/episodes.h"

namespace mpmd::supervisor {

class Regulation {
public:
    Regulation(Core& core, Children& children) : core_(core), children_(children) {}

    struct Now {
        MonoTime time{};
        bool rollout_running = false;
    };
    // True: the server must stop (M-17).
    [[nodiscard]] bool tick(const Now& now);
    void note_sick() {
        pace_ = mpm::note_sick(pace_);
        for (BucketPace& bucket : buckets_)
            bucket.rate = 1;
    }
    // A child was started by another rule (M-10, E-20 ...): it stands among the decisions, for the
    // figures of the next tick are what they are because of it.
    void note_start(std::string_view rule, std::string_view why) {
        log_.add_start(rule, why, os::wall_now());
    }
    // After a change from `before`: lowered spare limits bring the pool back down.
    void note_change(const mpm::Limits& before);
    // How many children more (or less) `limits` would lead to under the load of the last tick: the
    // prediction of a dry run.
    [[nodiscard]] std::int64_t predict(const mpm::Limits& limits) const;

private:
    // One bucket, of usually one.
    struct Outcome {
        mpm::Plan plan;
        Deeds deeds;
    };
    [[nodiscard]] Outcome regulate(const mpm::Census& census, MonoTime now);
    [[nodiscard]] Deeds perform(const mpm::Plan& plan, const mpm::Census& census, MonoTime now);
    [[nodiscard]] std::uint32_t spawn(const mpm::Plan& plan);
    [[nodiscard]] std::optional<mpm::ChildSummary> retire(const mpm::Plan& plan,
                                                          const mpm::Census& census);
    void say_notices(const mpm::Plan& plan);
    void say_deeds(const mpm::Decision& decision, const Deeds& deeds);
    void keep_episodes(const mpm::Decision& decision, const mpm::Census& census);
    void show_shortage(const mpm::Decision& decision, MonoTime now);

    Core& core_;
    Children& children_;
    DecisionLog log_{core_.board};
    LimitEpisodes episodes_;
    struct BucketPace {  // what of the pace is each bucket's own (M-12)
        std::int64_t rate = 1;
        bool settling = false;
    };
    mpm::Pace pace_;  // rate and settling: of the bucket that was regulated last
    std::vector<BucketPace> buckets_;
    mpm::Census last_census_;
    std::string short_text_;       // of this tick: what is short, or who holds the slots
    MonoTime short_at_{};          // the last tick that was short of something
    std::string last_short_text_;  // of that tick
};

// Pure. "all 150 workers are busy; raise MaxRequestWorkers" and the like; "" when nothing is short.
[[nodiscard]] std::string shortage_text(const mpm::Decision& decision,
                                        const mpm::Limits& limits,
                                        std::int64_t online_cores);

// Pure. The same when it is over: its figures were true then, and others are true now.
[[nodiscard]] std::string past_shortage_text(std::string_view text, Nanoseconds ago);

}  // namespace mpmd::supervisor
