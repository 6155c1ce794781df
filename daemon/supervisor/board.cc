#include "daemon/supervisor/board.h"

#include <algorithm>

#include <unistd.h>

#include "daemon/base/build_facts.h"
#include "daemon/os/clock.h"
#include "daemon/os/process.h"

namespace mpmd::supervisor {

namespace {

using scoreboard::set_text;

std::uint64_t wall(WallTime time) {
    return static_cast<std::uint64_t>(to_us(time));
}
std::uint64_t wall(const std::optional<WallTime>& time) {
    return time ? wall(*time) : 0;
}

template <std::size_t N>
void add(std::array<std::uint64_t, N>& to, const std::array<std::uint64_t, N>& from) {
    for (std::size_t i = 0; i < N; ++i)
        to[i] += from[i];
}

void add_gone(scoreboard::Global& global, const scoreboard::Child& last) {
    const scoreboard::ChildNumbers& numbers = last.numbers;
    global.gone_requests_on_listener += numbers.requests_on_listener;
    global.gone_requests_on_workers += numbers.requests_on_workers;
    global.gone_bytes_in += numbers.bytes_in;
    global.gone_bytes_out += numbers.bytes_out;
    global.gone_accepted += numbers.accepted;
    global.gone_shed_keep_alive += numbers.shed_keep_alive;
    global.gone_shed_head += numbers.shed_head;
    global.gone_queue_timeouts += numbers.queue_timeouts;
    global.gone_duration_ns += numbers.duration_ns;
    global.gone_refused_on_keep_alive += numbers.refused_on_keep_alive;
    global.gone_deadline_wakeups += numbers.deadline_wakeups;
    global.gone_accept_errors += numbers.accept_errors;
    add(global.gone_status, numbers.status);
    add(global.gone_latency, last.latency);
}

}  // namespace

Result<Board> Board::create(const Birth& birth) {
    const WallTime now = os::wall_now();
    scoreboard::Header header{};
    header.supervisor_pid = static_cast<std::uint32_t>(::getpid());
    header.start_wall_us = wall(now);
    header.start_mono_ns = static_cast<std::uint64_t>(to_ns(os::mono_now()));
    set_text(header.boot_id, os::boot_id());
    set_text(header.instance_id, os::random_hex(16));
    set_text(header.instance, birth.instance);
    set_text(header.version, MPMD_VERSION);
    set_text(header.built, build::date());
    set_text(header.platform, build::platform());
    Board board(TRY(scoreboard::Segment::create(header, birth.scoreboard_file)),
                birth.scoreboard_file);
    board.global.epoch = 1;
    board.global.restart_wall_us = wall(now);
    board.global.next_event = 1;
    board.global.next_decision = 1;
    board.global.next_operation = birth.first_operation;
    board.global.next_crash = 1;
    board.global.state = scoreboard::ServerState::Starting;
    board.global.online_cores = os::online_cores();
    return board;
}

void Board::remove_file() const {
    if (!file_.empty()) (void)::unlink(file_.c_str());
}

void Board::publish(const ChildTable& children) {
    global.tick_mono_ns = static_cast<std::uint64_t>(to_ns(os::mono_now()));
    global.high_slot = children.high_slot();
    global.children_active = 0;
    global.children_draining = 0;
    global.children_starting = 0;
    for (const auto& [uid, child] : children.all()) {
        ++(child.leaving() ? global.children_draining : global.children_active);
        if (child.state == scoreboard::ChildState::Starting) ++global.children_starting;
    }
    measure_cpu();
    segment_.global().write(global);
}

std::optional<Extent> Board::allocate(scoreboard::ExtentShape shape) {
    const auto allocation = extents_.allocate(shape.bytes());
    if (!allocation) return std::nullopt;
    if (!segment_.reserve(allocation->offset, shape.bytes())) {
        extents_.release(allocation->offset, shape.bytes());
        return std::nullopt;
    }
    if (allocation->used_before) segment_.clear_extent(allocation->offset, shape.bytes());
    return Extent{allocation->offset, shape};
}

void Board::hand_down(SlotIndex slot, const Extent& extent) const {
    const auto past = past_.find(slot.value());
    if (past == past_.end()) return;
    const scoreboard::Extent rows = segment_.extent(extent.offset, extent.shape);
    const std::size_t threads =
        std::min<std::size_t>(past->second.threads.size(), extent.shape.threads);
    for (std::uint32_t thread = 0; thread < threads; ++thread) {
        const Past& before = past->second.threads[thread];
        scoreboard::WorkerRow row{};
        row.slot_requests = before.requests;
        row.slot_bytes = before.bytes;
        row.slot_duration_ns = before.duration_ns;
        rows.worker(thread).write(row);
    }
}

void Board::remember(const Child& child) {
    scoreboard::ChildRow row{};
    if (!segment_.child(child.slot.value()).read(row)) return;
    PastSlot& past = past_[child.slot.value()];
    past.generation = child.generation.value();
    scoreboard::each_worker(view(), row,
                            [&past](std::uint32_t thread, const scoreboard::WorkerRow& worker) {
                                if (thread >= past.threads.size()) past.threads.resize(thread + 1);
                                past.threads[thread] = {worker.slot_requests, worker.slot_bytes,
                                                        worker.slot_duration_ns};
                            });
    past.sum = {};
    for (const Past& thread : past.threads) {
        past.sum.requests += thread.requests;
        past.sum.bytes += thread.bytes;
        past.sum.duration_ns += thread.duration_ns;
    }
}

void Board::show_past(scoreboard::ChildRow& row, std::uint32_t slot) const {
    const auto past = past_.find(slot);
    if (past == past_.end()) return;
    row.past_requests = past->second.sum.requests;
    row.past_bytes = past->second.sum.bytes;
    row.past_duration_ns = past->second.sum.duration_ns;
    row.past_generation = past->second.generation;
}

void Board::measure_cpu() {
    const auto since = [](Nanoseconds now, Nanoseconds before) {
        return static_cast<std::uint64_t>((now - before).count() / 1000);
    };
    const os::CpuTimes own = os::cpu_of_self();
    const os::CpuTimes gone = os::cpu_of_reaped();
    global.own_user_us = since(own.user, own_before_.user);
    global.own_system_us = since(own.system, own_before_.system);
    global.gone_user_us = since(gone.user, gone_before_.user);
    global.gone_system_us = since(gone.system, gone_before_.system);
}

void Board::show(const Child& child) {
    scoreboard::ChildRow row{};
    row.uid = child.uid.value();
    row.revision = child.revision.value();
    row.epoch = child.epoch;
    row.extent_offset = child.extent_offset;
    row.extent_pages = static_cast<std::uint32_t>(child.shape.bytes() / scoreboard::kPage);
    row.pid = static_cast<std::uint32_t>(child.pid);
    row.generation = child.generation.value();
    row.threads = child.shape.threads;
    row.connection_rows = child.shape.connections;
    row.state = child.state;
    row.reason = child.reason;
    row.start_wall_us = wall(child.born_wall);
    row.ready_wall_us = wall(child.ready_wall);
    row.retire_wall_us = wall(child.retire_wall);
    row.drain_deadline_wall_us = wall(child.drain_deadline_wall);
    row.rss_bytes = child.rss_bytes;
    row.cpu_permille = child.cpu_permille;
    row.open_fds = child.open_fds;
    row.operation = child.operation;
    row.user_us = static_cast<std::uint64_t>(child.cpu.user.count() / 1000);
    row.system_us = static_cast<std::uint64_t>(child.cpu.system.count() / 1000);
    show_past(row, child.slot.value());
    segment_.child(child.slot.value()).write(row);
    // Readers walk up to here: a child in a new slot must not stay unseen until the next tick.
    if (child.slot.value() < global.high_slot) return;
    global.high_slot = child.slot.value() + 1;
    segment_.global().write(global);
}

void Board::remove(const Child& child) {
    ++global.removals;
    segment_.global().write(global);
    const auto last = scoreboard::read_child(view(), child.slot.value());
    if (last && child.epoch == global.epoch) {
        add_gone(global, *last);
        remember(child);
    }
    if (child.epoch != global.epoch) {  // most of what it used was before the epoch
        gone_before_.user += child.cpu.user;
        gone_before_.system += child.cpu.system;
    }
    scoreboard::ChildRow free{};
    show_past(free, child.slot.value());
    segment_.child(child.slot.value()).write(free);
    ++global.removals;
    measure_cpu();
    segment_.global().write(global);
    release(Extent{child.extent_offset, child.shape});
}

void Board::begin_epoch(WallTime now) {
    const scoreboard::Global before = global;
    global = scoreboard::Global{};
    global.epoch = before.epoch + 1;
    global.restart_wall_us = wall(now);
    // What is no counter goes on.
    global.removals = before.removals;
    global.high_slot = before.high_slot;
    global.tick_mono_ns = before.tick_mono_ns;
    global.revision = before.revision;
    global.generation = before.generation;
    global.state = before.state;
    global.model = before.model;
    global.extended_status = before.extended_status;
    global.online_cores = before.online_cores;
    global.next_event = before.next_event;
    global.next_decision = before.next_decision;
    global.next_operation = before.next_operation;
    global.next_crash = before.next_crash;
    global.reload_wall_us = before.reload_wall_us;
    global.reload_ok = before.reload_ok;
    global.reload_error = before.reload_error;
    global.listen = before.listen;
    global.server_limit = before.server_limit;
    global.thread_limit = before.thread_limit;
    global.threads_per_child = before.threads_per_child;
    global.max_request_workers = before.max_request_workers;
    global.start_servers = before.start_servers;
    global.min_spare_threads = before.min_spare_threads;
    global.max_spare_threads = before.max_spare_threads;
    global.max_surge = before.max_surge;
    global.async_factor_micro = before.async_factor_micro;
    own_before_ = os::cpu_of_self();
    gone_before_ = os::cpu_of_reaped();
    for (const auto& [slot, past] : past_) {
        scoreboard::ChildRow row{};
        auto& cell = segment_.child(slot);
        if (cell.read(row) && row.uid == 0) cell.write(scoreboard::ChildRow{});
    }
    past_.clear();
}

void Board::event(
    Severity severity, std::string_view kind, std::string_view text, ChildUid child, WallTime now) {
    scoreboard::EventRow row{};
    row.number = global.next_event;
    row.wall_us = wall(now);
    row.child_uid = child.value();
    row.severity = static_cast<std::uint8_t>(severity);
    set_text(row.kind, kind);
    set_text(row.text, text);
    segment_.event(row.number % scoreboard::kEvents).write(row);
    ++global.next_event;
    segment_.global().write(global);
}

void Board::decision(scoreboard::DecisionRow& row, WallTime now) {
    row.number = global.next_decision++;
    row.wall_us = row.last_wall_us = wall(now);
    row.ticks = 1;
    segment_.decision(row.number % scoreboard::kDecisions).write(row);
}

void Board::decision_again(scoreboard::DecisionRow& row, WallTime now) {
    row.last_wall_us = wall(now);
    ++row.ticks;
    segment_.decision(row.number % scoreboard::kDecisions).write(row);
}

void Board::crash(scoreboard::CrashRow row, WallTime now) {
    row.number = global.next_crash;
    row.wall_us = wall(now);
    segment_.crash(row.number % scoreboard::kCrashes).write(row);
    ++global.next_crash;
    segment_.global().write(global);
}

void Board::show_operation(const scoreboard::OperationHead& head,
                           const std::vector<scoreboard::OperationStep>& steps) {
    scoreboard::OperationRow& row = segment_.operation(head.number % scoreboard::kOperations);
    scoreboard::OperationHead shown = head;
    shown.total = static_cast<std::uint32_t>(steps.size());
    shown.steps = static_cast<std::uint32_t>(
        std::min<std::size_t>(steps.size(), scoreboard::kOperationSteps));
    for (std::size_t i = 0; i < shown.steps; ++i)
        row.steps[i].write(steps[i]);
    row.head.write(shown);
}

}  // namespace mpmd::supervisor
