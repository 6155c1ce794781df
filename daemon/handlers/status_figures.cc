#include "daemon/handlers/status_figures.h"

#include <algorithm>

#include <fmt/format.h>

namespace mpmd::handlers {

namespace sb = scoreboard;

namespace {

double seconds(std::uint64_t us) {
    return static_cast<double>(us) / 1e6;
}

// httpd's line: slots below the active limit have one letter per thread, dots when there is no
// child; what is dead beyond is left out (S-4).
std::string letters_of(const sb::Snapshot& board) {
    const sb::Global& global = board.global;
    const std::uint32_t threads = std::max(global.threads_per_child, 1U);
    const std::uint32_t active =
        std::min({global.server_limit, std::max(global.max_request_workers / threads, 1U),
                  static_cast<std::uint32_t>(sb::kMaxChildren)});
    std::string letters;
    auto child = board.children.begin();
    for (std::uint32_t slot = 0; slot < active || child != board.children.end(); ++slot) {
        if (child == board.children.end() || child->slot != slot) {
            if (slot < active) letters.append(threads, '.');
            if (slot >= active) slot = child->slot - 1;
            continue;
        }
        letters += child->letters;
        if (child->letters.size() < threads) letters.append(threads - child->letters.size(), '.');
        ++child;
    }
    return letters;
}

StatusChild look_at(const sb::Child& child, const sb::Global& global) {
    StatusChild out;
    out.slot = child.slot;
    out.pid = child.row.pid;
    out.generation = child.row.generation;
    out.old_generation = child.row.generation != global.generation;
    out.stopping = child.leaving() || child.numbers.draining;
    out.accepting = child.numbers.accepting;
    out.busy = child.busy;
    out.graceful = child.graceful;
    if (!out.stopping && !out.old_generation) out.idle = child.idle;
    out.connections = child.numbers.connections;
    out.letters = child.letters;
    out.listener = child.numbers.listener;
    out.listener_busy = child.numbers.listener_busy_permille / 10.0;
    out.on_listener = child.numbers.requests_on_listener;
    out.on_workers = child.numbers.requests_on_workers;
    out.queued = child.numbers.queued;
    out.in_progress = child.numbers.in_progress;
    return out;
}

// The page's own connection and request.
void leave_out_the_asker(StatusChild& child, const StatusMoment& moment) {
    if (child.slot != moment.asking_slot) return;
    if (moment.asked_on_listener) ++child.in_progress;  // what is answered at once is not counted
    if (moment.asking_state == 0 || moment.asking_state >= sb::kConnectionStates) return;
    std::uint32_t& count = child.connections[moment.asking_state];
    if (count > 0) --count;
}

void add(StatusFigures& figures, const StatusChild& child) {
    figures.busy += child.busy;
    figures.graceful += child.graceful;
    figures.idle += child.idle;
    if (child.stopping) ++figures.stopping;
    for (std::size_t state = 1; state < sb::kConnectionStates; ++state)
        figures.by_state[state] += child.connections[state];
    figures.connections += child.open;
    figures.in_progress += child.in_progress;
}

void set_totals(StatusFigures& figures, const sb::Snapshot& board) {
    const sb::Totals& totals = board.totals;
    figures.on_listener = totals.requests_on_listener;
    figures.on_workers = totals.requests_on_workers;
    figures.accesses = totals.requests_on_listener + totals.requests_on_workers;
    figures.bytes = totals.bytes_out;
    figures.duration_ms = static_cast<double>(totals.duration_ns) / 1e6;
    figures.listener_busy = totals.listener_busy_permille / 10.0;
    figures.cpu_user = seconds(board.global.own_user_us);
    figures.cpu_system = seconds(board.global.own_system_us);
    figures.cpu_gone_user = seconds(board.global.gone_user_us);
    figures.cpu_gone_system = seconds(board.global.gone_system_us);
    for (const sb::Child& child : board.children) {
        if (child.row.epoch != board.global.epoch) continue;
        figures.cpu_user += seconds(child.row.user_us);
        figures.cpu_system += seconds(child.row.system_us);
    }
}

// The bytes of the connection that a thread runs.
std::uint64_t connection_bytes(const sb::View& view,
                               const sb::ChildRow& child,
                               const sb::WorkerRow& worker) {
    const auto extent = view.extent(child);
    if (!extent || worker.connection == 0 || worker.connection_row >= extent->shape().connections)
        return 0;
    sb::ConnectionRow row{};
    if (!extent->connection(worker.connection_row).read(row)) return 0;
    return row.number == worker.connection ? row.bytes_out : 0;
}

bool rests(sb::WorkerState state) {
    return state == sb::WorkerState::Ready || state == sb::WorkerState::Dead;
}

void list_workers(StatusFigures& figures, const sb::View& view, const sb::Snapshot& board) {
    figures.workers.reserve(std::min<std::size_t>(figures.letters.size(), kStatusWorkers));
    const auto add_row = [&figures](const StatusWorker& worker) {
        if (figures.workers.size() < kStatusWorkers)
            figures.workers.push_back(worker);
        else
            ++figures.workers_left_out;
    };
    for (const sb::Child& child : board.children)
        sb::each_worker(view, child.row, [&](std::uint32_t, const sb::WorkerRow& row) {
            if (row.slot_requests == 0 && rests(row.state)) return;
            add_row({child.slot, child.row.generation, child.row.pid,
                     connection_bytes(view, child.row, row), row});
        });
    const std::uint32_t slots = std::max(board.global.high_slot, board.global.server_limit);
    for (const sb::PastSlot& past : sb::past_slots(view, std::min(slots, 4096U))) {
        StatusWorker worker;
        worker.slot = past.slot;
        worker.generation = past.generation;
        worker.row.slot_requests = past.requests;
        worker.row.slot_bytes = past.bytes;
        worker.row.slot_duration_ns = past.duration_ns;
        add_row(worker);
    }
}

}  // namespace

StatusFigures take_figures(const sb::View& view, const StatusMoment& moment) {
    const sb::Snapshot board = sb::take_snapshot(view, false);
    StatusFigures figures;
    figures.version = fmt::format("mpmd/{} ({})", sb::text(board.header.version),
                                  sb::text(board.header.platform));
    figures.mpm = board.global.model == 0 ? "event" : "worker";
    figures.built = sb::text(board.header.built);
    figures.mono_ns = moment.mono_ns;
    figures.restart_wall_us = board.global.restart_wall_us;
    figures.mpm_generation = board.global.generation;  // P-6: begins at 0, the other one at 1
    figures.config_generation = board.global.generation + 1;
    if (moment.wall_us > figures.restart_wall_us)
        figures.uptime = (moment.wall_us - figures.restart_wall_us) / 1'000'000;
    figures.load = moment.load;
    figures.extended = board.global.extended_status != 0;
    figures.letters = letters_of(board);
    set_totals(figures, board);
    for (const sb::Child& child : board.children) {
        StatusChild shown = look_at(child, board.global);
        leave_out_the_asker(shown, moment);
        for (std::size_t state = 1; state < sb::kConnectionStates; ++state)
            shown.open += shown.connections[state];
        add(figures, shown);
        figures.children.push_back(std::move(shown));
    }
    if (moment.with_workers && figures.extended) list_workers(figures, view, board);
    return figures;
}

}  // namespace mpmd::handlers
