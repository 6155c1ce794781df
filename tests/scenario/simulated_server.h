#pragma once

// A supervisor without processes: it does what mpm decides, in virtual time. A child is ready 50 ms
// after its fork and leaves 10 ms after its last request once it drains. Requests spread over the
// accepting children, the least busy first, and stay where they are until they end.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/mpm/lifecycle.h"
#include "daemon/mpm/maintenance.h"
#include "daemon/mpm/respawn.h"
#include "daemon/mpm/rollout.h"

namespace mpmd::scenario {

class SimulatedServer {
public:
    struct Child {
        SlotIndex slot;
        Generation generation;
        MonoTime born{};
        bool ready = false;
        bool draining = false;
        bool paused = false;  // retired for idleness, to be taken back or dismissed
        std::int64_t threads = 0;
        std::int64_t busy = 0;
        std::int64_t endless = 0;  // of these: never end
    };

    SimulatedServer(const mpm::Limits& requested, std::int64_t retiring_limit);

    // What the world does.
    void set_demand(
        std::int64_t requests);   // running at once from now on, as far as there are threads
    void pin_endless_requests();  // one in each accepting child, over and above
    void crash_at_start(bool on) { crash_at_start_ = on; }
    void kill(ChildUid uid, int signal);
    void graceful_restart();
    void run(Seconds length);  // ticks every second, events in between

    // What an observer sees.
    [[nodiscard]] std::int64_t living() const { return std::ssize(children_); }
    [[nodiscard]] std::int64_t draining() const;
    [[nodiscard]] std::int64_t serving() const;  // ready, not draining
    [[nodiscard]] std::int64_t idle_threads() const;
    [[nodiscard]] const std::map<ChildUid, Child>& children() const { return children_; }
    [[nodiscard]] const std::vector<MonoTime>& forks() const { return forks_; }
    [[nodiscard]] const std::vector<mpm::Plan>& plans() const { return plans_; }
    [[nodiscard]] int alarms() const { return alarms_; }
    [[nodiscard]] const std::optional<mpm::Rollout>& rollout() const { return rollout_; }
    [[nodiscard]] Generation generation() const { return generation_; }
    [[nodiscard]] const mpm::Limits& limits() const { return limits_; }
    [[nodiscard]] std::int64_t most_draining() const { return most_draining_; }

private:
    void after(Milliseconds delay, std::function<void()> event);
    void tick();
    std::optional<ChildUid> fork_child(std::optional<SlotIndex> slot);
    [[nodiscard]] std::vector<SlotIndex> free_slots() const;
    [[nodiscard]] mpm::Census census() const;
    void retire(const mpm::Plan& plan);
    void drain(ChildUid uid);
    void leave_if_done(ChildUid uid);
    void died(ChildUid uid, std::optional<int> signal);
    void perform(const mpm::Rollout::Actions& actions);
    void perform(const mpm::Rollout::Action& action);
    void spread_demand();

    mpm::Limits limits_;
    std::int64_t slots_;
    mpm::Pace pace_;
    mpm::Respawn respawn_;
    mpm::Lifecycle lifecycle_;
    std::optional<mpm::Rollout> rollout_;
    std::map<ChildUid, Child> children_;
    std::multimap<MonoTime, std::function<void()>> events_;
    MonoTime now_{};
    MonoTime next_tick_;
    std::uint64_t next_uid_ = 1;
    Generation generation_{1};
    std::int64_t demand_ = 0;
    bool crash_at_start_ = false;
    std::vector<MonoTime> forks_;
    std::vector<mpm::Plan> plans_;
    int alarms_ = 0;
    std::int64_t most_draining_ = 0;
};

}  // namespace mpmd::scenario
