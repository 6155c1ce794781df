#include "daemon/supervisor/census.h"

#include <algorithm>

#include "daemon/mpm/admission.h"

namespace mpmd::supervisor {

namespace {

using scoreboard::ConnectionState;

std::int64_t open_in(const scoreboard::ChildNumbers& numbers,
                     std::initializer_list<ConnectionState> states) {
    std::int64_t sum = 0;
    for (const ConnectionState state : states)
        sum += numbers.connections[static_cast<std::size_t>(state)];
    return sum;
}

void count_threads(mpm::ChildSummary& summary, const scoreboard::Child& seen) {
    const std::int64_t present = std::int64_t{seen.idle} + seen.busy;
    summary.present_threads = present;
    summary.busy_threads = seen.busy;
    summary.queued = seen.numbers.queued;
    // Dead (not created yet), starting and ready are idle (M-14).
    summary.idle_threads = summary.threads - seen.busy - seen.graceful;
}

bool is_full(const mpm::ChildSummary& summary, std::int64_t async_factor_micro) {
    mpm::AdmissionCounts counts;
    counts.idle_workers = summary.idle_threads;
    counts.threads = summary.threads;
    counts.factor_micro = async_factor_micro;
    counts.open = summary.working_connections + summary.keep_alive_connections;
    return mpm::admit(counts) != mpm::Admission::Accept;
}

mpm::ChildSummary summary_of(Child& child,
                             const scoreboard::View& view,
                             std::int64_t async_factor_micro) {
    mpm::ChildSummary summary;
    summary.uid = child.uid;
    summary.slot = child.slot;
    summary.generation = child.generation;
    summary.quiescing = child.leaving();
    summary.recallable = child.recallable();
    summary.held = child.held;
    summary.threads = child.shape.threads;
    summary.idle_threads = summary.threads;
    summary.rss_bytes = static_cast<std::int64_t>(child.rss_bytes);
    const auto seen = scoreboard::read_child(view, child.slot.value(), false);
    if (!seen || !child.was_ready) return summary;  // just forked: all idle
    count_threads(summary, *seen);
    // Between Ready and its first look at the sockets a child is not short of anything, however
    // long its listener waits for a processor.
    ++child.ready_ticks;
    const bool began = seen->numbers.heartbeat_ns != 0 && child.ready_ticks > 1;
    summary.not_accepting = !child.held && !seen->numbers.accepting && began;
    summary.listener_busy = static_cast<std::int32_t>(seen->numbers.listener_busy_permille);
    child.saturated_ticks =
        summary.listener_busy >= mpm::kListenerSaturated ? child.saturated_ticks + 1 : 0;
    summary.saturated_ticks = child.saturated_ticks;
    summary.working_connections =
        open_in(seen->numbers, {ConnectionState::Reading, ConnectionState::Running,
                                ConnectionState::WaitIo, ConnectionState::Writing});
    summary.keep_alive_connections = open_in(seen->numbers, {ConnectionState::KeepAlive});
    summary.full = is_full(summary, async_factor_micro);
    return summary;
}

}  // namespace

mpm::Census take_census(ChildTable& children,
                        const scoreboard::View& view,
                        const CensusInputs& inputs) {
    mpm::Census census;
    census.online_cores = inputs.online_cores;
    census.rollout_running = inputs.rollout_running;
    census.buckets = inputs.buckets;
    for (std::uint32_t bucket = 0; bucket < inputs.buckets; ++bucket) {
        const auto free = children.free_slots(
            inputs.slots, static_cast<std::size_t>(mpm::kMaxSpawnRate), {bucket, inputs.buckets});
        census.free_slots.insert(census.free_slots.end(), free.begin(), free.end());
    }
    std::sort(census.free_slots.begin(), census.free_slots.end());
    for (auto& [uid, child] : children.all()) {
        mpm::ChildSummary summary = summary_of(child, view, inputs.async_factor_micro);
        summary.current_generation = child.stays || child.generation == inputs.generation;
        census.children.push_back(summary);
    }
    return census;
}

}  // namespace mpmd::supervisor
