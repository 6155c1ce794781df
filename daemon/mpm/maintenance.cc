#include "daemon/mpm/maintenance.h"

#include <algorithm>
#include <cstddef>

#include "daemon/mpm/victim.h"

namespace mpmd::mpm {

namespace {

// What the children add up to.
struct Sums {
    std::int64_t idle = 0;               // I
    std::int64_t idle_any_listener = 0;  // as I, but saturated listeners count
    std::int64_t idle_any = 0;           // as I, but every child counts that may still be used
    std::int64_t present = 0;            // P
    std::int64_t active = 0;
    std::int64_t active_here = 0;  // of this bucket
    std::int64_t retiring = 0;
    std::int64_t saturated = 0;      // active children with a saturated listener
    std::int64_t listener_busy = 0;  // sum over active children, permille
    bool full_child = false;         // M-15
};

bool is_active(const ChildSummary& child) {
    return !child.quiescing && !child.held;
}

bool is_saturated(const ChildSummary& child) {
    return is_active(child) && child.saturated_ticks >= kListenerSaturatedTicks;
}

bool in_bucket(const Census& census, SlotIndex slot) {
    return slot.value() % static_cast<std::uint64_t>(census.buckets) ==
           static_cast<std::uint64_t>(census.bucket);
}

// M-13 to M-15 and M-23 a; 3.5: under MPM worker a closed door is no reason.
Sums add_up(const Census& census, Model model) {
    Sums sums;
    for (const ChildSummary& child : census.children) {
        if (is_saturated(child)) ++sums.saturated;
        if (child.quiescing) ++sums.retiring;
        if (!is_active(child)) continue;
        ++sums.active;
        sums.listener_busy += child.listener_busy;
    }
    const bool regulate_listeners = sums.saturated < census.online_cores;
    for (const ChildSummary& child : census.children) {
        if (!in_bucket(census, child.slot)) continue;
        sums.present += child.present_threads;
        if (child.threads > 0 && child.present_threads >= child.threads) sums.full_child = true;
        if (!is_active(child)) continue;
        ++sums.active_here;
        if (!child.current_generation && !census.rollout_running) continue;
        sums.idle_any += child.idle_threads;
        const bool closed = child.not_accepting && model == Model::Event;
        if (closed && child.full) continue;
        sums.idle_any_listener += child.idle_threads;
        if (closed || (regulate_listeners && is_saturated(child))) continue;
        sums.idle += child.idle_threads;
    }
    return sums;
}

class Regulation {
public:
    Regulation(const Census& census, const Limits& limits, const Pace& pace, std::int64_t slots)
        : census_(census), limits_(limits), slots_(slots), sums_(add_up(census, limits.model)) {
        plan_.next = pace;
        plan_.decision.rate = pace.rate;
        plan_.decision.hold = pace.hold;
        collect_free_slots(pace.rate);
        plan_.decision.idle = sums_.idle;
        plan_.decision.present = sums_.present;
        plan_.decision.active = sums_.active;
        plan_.decision.total = static_cast<std::int64_t>(census.children.size());
        plan_.decision.least = limits.min_spare_threads / census.buckets;
        plan_.decision.most = limits.max_spare_threads / census.buckets;
        plan_.decision.free = static_cast<std::int64_t>(free_.size());
        plan_.decision.shortage = shortage();
    }

    Plan decide() {
        if (sums_.full_child) plan_.next.healthy = true;
        if (!get_well()) return std::move(plan_);
        settle_retired();
        if (surplus()) {
            retire_one();
        } else if (!short_of_threads()) {
            settle(plan_.recall.empty() ? Branch::Enough : Branch::Recalled);
        } else if (uncovered() && !free_.empty()) {
            spawn();
        } else if (at_capacity() && (!is_worker() || free_.empty())) {
            report_capacity();
        } else if (free_.empty()) {
            settle(Branch::NoFreeSlot);
            notice(NoticeKind::ScoreboardFull, plan_.decision.shortage);
        } else {
            spawn();
        }
        if (census_.online_cores > 0 && sums_.saturated >= census_.online_cores)
            notice(NoticeKind::CpuBound, Cause::Cpu, sums_.saturated);
        retire_beyond_limit();
        return std::move(plan_);
    }

private:
    // M-18a; with the edge included while a lowered limit settles.
    [[nodiscard]] bool surplus() {
        const std::int64_t most = limits_.max_spare_threads / census_.buckets;
        const bool at_edge = sums_.idle >= most && sums_.idle - limits_.threads_per_child >=
                                                       limits_.min_spare_threads / census_.buckets;
        plan_.next.settling = plan_.next.settling && at_edge;
        return sums_.idle > most || plan_.next.settling;
    }

    [[nodiscard]] bool is_worker() const { return limits_.model == Model::Worker; }

    [[nodiscard]] bool at_capacity() const {
        return sums_.present >= limits_.max_request_workers / census_.buckets;
    }

    // Clients wait in the queue of a bucket that no child serves: one more than the limit allows is
    // started rather than none.
    [[nodiscard]] bool uncovered() const { return census_.buckets > 1 && sums_.active_here == 0; }

    [[nodiscard]] bool short_of_threads() const {
        return sums_.idle < limits_.min_spare_threads / census_.buckets;
    }

    // Un-retire: cheaper than a fork, and there at once. As many as the shortage needs, within what
    // may be active; the others leave for good.
    void settle_retired() {
        for (const ChildSummary& child : census_.children) {
            if (!child.recallable || !in_bucket(census_, child.slot)) continue;
            if (!short_of_threads() || (sums_.active >= limits_.active_limit() && !uncovered())) {
                plan_.dismiss.push_back(child.uid);
                continue;
            }
            plan_.recall.push_back(child.uid);
            sums_.idle += child.idle_threads;
            ++sums_.active;
            ++sums_.active_here;
        }
    }

    // M-12, M-16; 3.5
    void collect_free_slots(std::int64_t rate) {
        auto most = static_cast<std::size_t>(std::clamp<std::int64_t>(rate, 1, kMaxSpawnRate));
        const std::int64_t may_be_added = limits_.active_limit() - sums_.active;
        if (is_worker() && !uncovered())
            most =
                std::min(most, static_cast<std::size_t>(std::max<std::int64_t>(may_be_added, 0)));
        for (const SlotIndex slot : census_.free_slots) {
            if (free_.size() == most) break;
            if (in_bucket(census_, slot)) free_.push_back(slot);
        }
    }

    // M-23 c: what would have to change for enough threads to be idle.
    [[nodiscard]] Cause shortage() const {
        const std::int64_t wanted = limits_.min_spare_threads / census_.buckets;
        if (sums_.idle_any < wanted) return Cause::Workers;
        if (sums_.idle_any_listener < wanted) return Cause::Connections;
        if (sums_.idle < wanted) return Cause::Listener;
        const bool cpu = census_.online_cores > 0 && sums_.saturated >= census_.online_cores;
        return cpu ? Cause::Cpu : Cause::None;
    }

    // M-17: whether regulation may go on.
    bool get_well() {
        if (!plan_.next.sick) return true;
        if (plan_.next.healthy) {
            plan_.next.sick = false;
            return true;
        }
        plan_.decision.branch = Branch::Recovering;
        if (census_.bucket < census_.buckets - 1) return false;
        plan_.decision.branch = Branch::GiveUp;
        plan_.stop_server = true;
        notice(NoticeKind::NoHealthyChild, Cause::None);
        return false;
    }

    // Every branch but the spawning one: growth starts over.
    void settle(Branch branch) {
        plan_.decision.branch = branch;
        plan_.next.rate = 1;
    }

    // M-18a, M-23 b
    void retire_one() {
        settle(Branch::Surplus);
        plan_.decision.kept = why_keep();
        if (plan_.decision.kept == Kept::Nothing) plan_.retire = victim();
    }

    // MaxRequestWorkers was lowered below what runs: down to it, one a tick, however busy, as many
    // at a time as may retire.
    void retire_beyond_limit() {
        if (plan_.retire || census_.rollout_running || reserve_full()) return;
        if (sums_.active <= limits_.active_limit() || sums_.active_here <= 1) return;
        settle(Branch::Surplus);
        plan_.decision.kept = Kept::Nothing;
        plan_.retire = victim();
    }

    // One more would end the longest drain (retiring.h). Who is only too many can wait.
    [[nodiscard]] bool reserve_full() const {
        const std::int64_t reserve = slots_ - limits_.server_limit;
        return reserve > 0 && sums_.retiring >= reserve;
    }

    [[nodiscard]] std::optional<ChildUid> victim() const {
        std::vector<Candidate> candidates;
        for (const ChildSummary& child : census_.children) {
            if (!is_active(child) || !in_bucket(census_, child.slot)) continue;
            candidates.push_back(Candidate{child.uid, child.generation, child.working_connections,
                                           child.keep_alive_connections, child.rss_bytes});
        }
        return choose_victim(candidates);
    }

    [[nodiscard]] Kept why_keep() const {
        const Decision& seen = plan_.decision;
        if (census_.rollout_running) return Kept::Rollout;
        // N15 makes this impossible unless ThreadsPerChild has been lowered since the child was
        // born.
        if (sums_.active_here <= 1) return Kept::LastChild;
        const bool may_retire = is_worker() || seen.active == seen.total ||
                                slots_ - seen.total > limits_.active_limit();
        if (!may_retire || reserve_full()) return Kept::StillRetiring;
        if (sums_.listener_busy / (sums_.active - 1) > kSurvivorsBusyAtMost)
            return Kept::ListenersBusy;
        return Kept::Nothing;
    }

    // M-18b
    void report_capacity() {
        settle(Branch::AtCapacity);
        const bool reached = sums_.idle == 0 || is_worker();
        bool& told = reached ? plan_.next.reported_limit : plan_.next.reported_near;
        if (told) return;
        told = true;
        notice(reached ? NoticeKind::LimitReached : NoticeKind::NearLimit, plan_.decision.shortage);
    }

    // M-18d
    void spawn() {
        plan_.decision.branch = Branch::Spawn;
        auto count = static_cast<std::int64_t>(free_.size());
        const std::int64_t active_limit = limits_.active_limit();
        if (count + sums_.active > active_limit) {
            if (sums_.active < active_limit) {
                count = active_limit - sums_.active;
            } else {
                count = 0;
                plan_.decision.branch = Branch::Cancelled;
                plan_.next.rate = 1;
                ++plan_.next.hold;
            }
        }
        if (uncovered()) count = std::max<std::int64_t>(count, 1);
        if (plan_.decision.shortage == Cause::Listener)
            count = std::clamp<std::int64_t>(census_.online_cores - sums_.saturated, 0, count);
        plan_.spawn_slots.assign(free_.begin(), free_.begin() + static_cast<std::ptrdiff_t>(count));
        if (count > 0 && plan_.decision.rate >= kBusySpawnNotice)
            notice(NoticeKind::BusySpawning, plan_.decision.shortage, count);
        quicken();
    }

    void quicken() {
        if (plan_.next.hold > 0) {
            --plan_.next.hold;
            return;
        }
        const std::int64_t most = (kMaxSpawnRate + census_.buckets - 1) / census_.buckets;
        plan_.next.rate = std::min(plan_.next.rate * 2, most);
    }

    void notice(NoticeKind kind, Cause cause, std::int64_t count = 0) {
        plan_.notices.push_back(Notice{kind, cause, count});
    }

    const Census& census_;
    const Limits& limits_;
    const std::int64_t slots_;
    Sums sums_;
    std::vector<SlotIndex> free_;
    Plan plan_;
};

}  // namespace

Pace note_sick(Pace pace) {
    pace.sick = true;
    pace.rate = 1;
    return pace;
}

Pace note_spare_lowered(Pace pace) {
    pace.settling = true;
    return pace;
}

Plan plan_maintenance(const Census& census,
                      const Limits& limits,
                      const Pace& pace,
                      std::int64_t slots) {
    return Regulation(census, limits, pace, slots).decide();
}

Census assume_done(Census census, const Plan& plan, const Limits& limits) {
    for (ChildSummary& child : census.children)
        if (plan.retire && child.uid == *plan.retire) child.quiescing = true;
    for (ChildSummary& child : census.children)
        if (std::count(plan.recall.begin(), plan.recall.end(), child.uid) > 0)
            child.quiescing = child.recallable = false;
    for (const SlotIndex slot : plan.spawn_slots) {
        ChildSummary child;
        child.slot = slot;
        child.threads = child.idle_threads = limits.threads_per_child;
        census.children.push_back(child);
        census.free_slots.erase(
            std::remove(census.free_slots.begin(), census.free_slots.end(), slot),
            census.free_slots.end());
    }
    return census;
}

std::string_view to_text(Cause cause) {
    switch (cause) {
        case Cause::None:
            return "none";
        case Cause::Workers:
            return "workers";
        case Cause::Listener:
            return "listener";
        case Cause::Connections:
            return "connections";
        case Cause::Cpu:
            return "cpu";
    }
    return "none";
}

std::string_view to_text(Branch branch) {
    switch (branch) {
        case Branch::Enough:
            return "enough";
        case Branch::Surplus:
            return "surplus";
        case Branch::AtCapacity:
            return "at capacity";
        case Branch::NoFreeSlot:
            return "no free slot";
        case Branch::Spawn:
            return "spawn";
        case Branch::Cancelled:
            return "cancelled";
        case Branch::Recalled:
            return "recalled";
        case Branch::Recovering:
            return "recovering";
        case Branch::GiveUp:
            return "give up";
    }
    return "enough";
}

}  // namespace mpmd::mpm
