#pragma once

// Once a tick: count (census), ask (mpm::plan_maintenance), do. Keeps what regulation remembers,
// writes the decision ring, and turns notices and shortages into episodes with a beginning and an
// end, so that a limit that is met for an hour is two events and not 3600.

#include <optional>
#include <string>

#include "daemon/mpm/maintenance.h"
#include "daemon/supervisor/children.h"

namespace mpmd::supervisor {

// Pure. A condition with a beginning and an end.
class Episode {
public:
    enum class Turn : std::uint8_t { Same, Begins, Ends };
    // It ends when it has been absent for two ticks: one tick without may be chance.
    [[nodiscard]] Turn tick(bool present);
    [[nodiscard]] bool running() const { return running_; }

private:
    bool running_ = false;
    int absent_ = 0;
};

class Regulation {
public:
    Regulation(Core& core, Children& children) : core_(core), children_(children) {}

    struct Now {
        MonoTime time{};
        bool rollout_running = false;
    };
    // True: the server must stop (M-17).
    [[nodiscard]] bool tick(const Now& now);
    void note_sick() { pace_ = mpm::note_sick(pace_); }
    // After a change from `before`: lowered spare limits bring the pool back down.
    void note_change(const mpm::Limits& before);
    // How many children more (or less) `limits` would lead to under the load of the last tick: the
    // prediction of a dry run.
    [[nodiscard]] std::int64_t predict(const mpm::Limits& limits) const;

private:
    void spawn(const mpm::Plan& plan);
    void retire(const mpm::Plan& plan);
    void say_notices(const mpm::Plan& plan);
    void episodes(const mpm::Decision& decision);
    void show_shortage(const mpm::Decision& decision, MonoTime now);
    void record(const mpm::Plan& plan);

    Core& core_;
    Children& children_;
    mpm::Pace pace_;
    mpm::Census last_census_;
    Episode at_limit_;
    Episode no_slot_;
    Episode cpu_;
    MonoTime short_at_{};        // the last tick that was short of something
    std::uint32_t spawned_ = 0;  // this tick
    std::optional<ChildUid> retired_;
    bool quiet_ = false;  // the last decision was "enough" and nothing was done
};

// Pure. "all 150 workers are busy; raise MaxRequestWorkers" and the like; "" when nothing is short.
[[nodiscard]] std::string shortage_text(const mpm::Decision& decision,
                                        const mpm::Limits& limits,
                                        std::int64_t online_cores);

}  // namespace mpmd::supervisor
