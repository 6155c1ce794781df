#pragma once

// What the vectors of mpm-behaviour 3.7 have in common: children by what their threads do, and the
// census of a few of them.

#include <cstdint>
#include <ostream>
#include <vector>

#include "daemon/mpm/maintenance.h"

namespace mpmd::mpm {
inline std::ostream& operator<<(std::ostream& out, Branch branch) {
    return out << to_text(branch);
}
inline std::ostream& operator<<(std::ostream& out, Cause cause) {
    return out << to_text(cause);
}
}  // namespace mpmd::mpm

namespace mpmd::test {

// "Common" of 3.7: SL 6, TPC 4, MRW 16 (A 4), Min 2, Max 12, rate 1, hold 0.
inline mpm::Limits common() {
    mpm::Limits limits;
    limits.server_limit = 6;
    limits.thread_limit = 8;
    limits.threads_per_child = 4;
    limits.max_request_workers = 16;
    limits.min_spare_threads = 2;
    limits.max_spare_threads = 12;
    return limits;
}
inline constexpr std::int64_t kSlots = 6;

// One child of 4 threads. `busy` counts as present only; `starting` as idle only.
inline mpm::ChildSummary child(std::int64_t ready,
                               std::int64_t busy = 0,
                               std::int64_t starting = 0) {
    mpm::ChildSummary c;
    c.threads = 4;
    c.idle_threads = ready + starting;
    c.present_threads = ready + busy;
    c.working_connections = busy;
    return c;
}
inline mpm::ChildSummary idle() {
    return child(4);
}
inline mpm::ChildSummary busy() {
    return child(0, 4);
}
inline mpm::ChildSummary quiescing() {
    mpm::ChildSummary c = child(0, 1);
    c.quiescing = true;
    return c;
}
inline mpm::ChildSummary not_accepting(mpm::ChildSummary c) {
    c.not_accepting = true;
    return c;
}
inline mpm::ChildSummary old_generation(mpm::ChildSummary c) {
    c.current_generation = false;
    return c;
}
inline mpm::ChildSummary listener(mpm::ChildSummary c, int permille, int ticks) {
    c.listener_busy = permille;
    c.saturated_ticks = ticks;
    return c;
}

// Children in slots 0, 1, 2 ...; all other slots up to `slots` are free.
inline mpm::Census census(std::vector<mpm::ChildSummary> children, std::int64_t slots = kSlots) {
    mpm::Census c;
    for (std::size_t i = 0; i < children.size(); ++i) {
        children[i].uid = ChildUid(i + 1);
        children[i].slot = SlotIndex(static_cast<std::uint32_t>(i));
    }
    for (auto i = static_cast<std::uint32_t>(children.size()); i < slots; ++i)
        c.free_slots.emplace_back(i);
    c.children = std::move(children);
    return c;
}

inline mpm::Pace rate(std::int64_t value, std::int64_t hold = 0) {
    mpm::Pace pace;
    pace.rate = value;
    pace.hold = hold;
    return pace;
}

inline mpm::Plan plan(const mpm::Census& c,
                      const mpm::Pace& pace = {},
                      std::int64_t slots = kSlots) {
    return mpm::plan_maintenance(c, common(), pace, slots);
}

inline bool told(const mpm::Plan& p, mpm::NoticeKind kind, mpm::Cause cause = mpm::Cause::Workers) {
    for (const mpm::Notice& notice : p.notices)
        if (notice.kind == kind && notice.cause == cause) return true;
    return false;
}

}  // namespace mpmd::test
