#include "daemon/scoreboard/snapshot.h"

#include <algorithm>

namespace mpmd::scoreboard {

namespace {

constexpr std::uint8_t kWorkerStates = 11;

std::uint64_t get(const Counter& counter) {
    return counter.load(std::memory_order_relaxed);
}

std::uint32_t get(const Gauge& gauge, std::uint32_t most) {
    const std::int32_t value = gauge.load(std::memory_order_relaxed);
    if (value <= 0) return 0;
    return std::min(static_cast<std::uint32_t>(value), most);
}

template <std::size_t N>
void end_text(std::array<char, N>& field) {
    field[N - 1] = '\0';
}

ChildNumbers read_numbers(const ChildStatus& status, const ExtentShape& shape) {
    const std::uint32_t rows = shape.connections;
    ChildNumbers out;
    out.heartbeat_ns = get(status.heartbeat_ns);
    out.requests_on_listener = get(status.requests_on_listener);
    out.requests_on_workers = get(status.requests_on_workers);
    out.accepted = get(status.accepted);
    out.bytes_in = get(status.bytes_in);
    out.bytes_out = get(status.bytes_out);
    out.listener_busy_permille = get(status.listener_busy_permille, 1000);
    out.accepting = get(status.accepting, 1) != 0;
    out.ready = get(status.ready, 1) != 0;
    out.draining = get(status.draining, 1) != 0;
    const auto writing = static_cast<std::uint32_t>(WorkerState::Writing);
    out.listener = get(status.listener_state, kWorkerStates) == writing ? 'W' : '_';
    out.queued = get(status.queued, rows);
    out.in_progress = get(status.in_progress, rows);
    for (std::size_t state = 1; state < kConnectionStates; ++state)
        out.connections[state] = get(status.connections[state], rows);
    for (std::size_t hundred = 1; hundred < out.status.size(); ++hundred)
        out.status[hundred] = get(status.status[hundred]);
    out.shed_keep_alive = get(status.shed_keep_alive);
    out.shed_head = get(status.shed_head);
    out.queue_timeouts = get(status.queue_timeouts);
    out.refused_on_keep_alive = get(status.refused_on_keep_alive);
    out.deadline_wakeups = get(status.deadline_wakeups);
    out.accept_errors = get(status.accept_errors);
    out.duration_ns = get(status.duration_ns);
    return out;
}

WorkerState worker_state(std::uint64_t first_word) {
    std::uint8_t byte = 0;
    std::memcpy(&byte, &first_word, 1);  // the state is the first byte of the row
    return byte < kWorkerStates ? static_cast<WorkerState>(byte) : WorkerState::Dead;
}

void count(Child& child, WorkerState state) {
    switch (state) {
        case WorkerState::Dead:
        case WorkerState::IdleKill:
            break;
        case WorkerState::Starting:
            ++child.starting;
            break;
        case WorkerState::Ready:
            ++child.idle;
            break;
        case WorkerState::Graceful:
            ++child.graceful;
            break;
        default:
            ++child.busy;
            break;
    }
}

void read_latency(Child& child, const ExtentView& extent) {
    for (std::uint32_t thread = 0; thread <= extent.shape().threads; ++thread) {
        const Histogram& histogram = extent.histogram(thread);
        for (std::size_t bucket = 0; bucket < kHistogramBuckets; ++bucket)
            child.latency[bucket] += get(histogram.buckets[bucket]);
    }
}

void read_threads(Child& child, const ExtentView& extent) {
    child.letters.reserve(extent.shape().threads);
    for (std::uint32_t thread = 0; thread < extent.shape().threads; ++thread) {
        const WorkerState state = worker_state(extent.worker(thread).first_word());
        child.letters.push_back(letter(state));
        count(child, state);
    }
}

template <std::size_t N>
void add(std::array<std::uint64_t, N>& to, const std::array<std::uint64_t, N>& from) {
    for (std::size_t i = 0; i < N; ++i)
        to[i] += from[i];
}

void add_gone(Totals& totals, const Global& global) {
    totals.requests_on_listener = global.gone_requests_on_listener;
    totals.requests_on_workers = global.gone_requests_on_workers;
    totals.bytes_in = global.gone_bytes_in;
    totals.bytes_out = global.gone_bytes_out;
    totals.accepted = global.gone_accepted;
    totals.shed_keep_alive = global.gone_shed_keep_alive;
    totals.shed_head = global.gone_shed_head;
    totals.queue_timeouts = global.gone_queue_timeouts;
    totals.duration_ns = global.gone_duration_ns;
    totals.refused_on_keep_alive = global.gone_refused_on_keep_alive;
    totals.deadline_wakeups = global.gone_deadline_wakeups;
    totals.accept_errors = global.gone_accept_errors;
    totals.status = global.gone_status;
    totals.latency = global.gone_latency;
}

void add_gauges(Totals& totals, const ChildNumbers& numbers) {
    for (std::size_t state = 1; state < kConnectionStates; ++state) {
        totals.connections_by_state[state] += numbers.connections[state];
        totals.connections += numbers.connections[state];
    }
    totals.in_progress += numbers.in_progress;
    totals.queued += numbers.queued;
    totals.listener_busy_permille =
        std::max(totals.listener_busy_permille, numbers.listener_busy_permille);
}

void add_counters(Totals& totals, const ChildNumbers& numbers) {
    totals.requests_on_listener += numbers.requests_on_listener;
    totals.requests_on_workers += numbers.requests_on_workers;
    totals.accepted += numbers.accepted;
    totals.bytes_in += numbers.bytes_in;
    totals.bytes_out += numbers.bytes_out;
    add(totals.status, numbers.status);
    totals.shed_keep_alive += numbers.shed_keep_alive;
    totals.shed_head += numbers.shed_head;
    totals.queue_timeouts += numbers.queue_timeouts;
    totals.duration_ns += numbers.duration_ns;
    totals.refused_on_keep_alive += numbers.refused_on_keep_alive;
    totals.deadline_wakeups += numbers.deadline_wakeups;
    totals.accept_errors += numbers.accept_errors;
}

void add_child(Totals& totals, const Child& child, std::uint64_t epoch) {
    ++totals.children;
    if (child.leaving()) {
        ++totals.draining;
    } else {
        ++totals.active;
        if (child.row.state == ChildState::Starting) ++totals.children_starting;
        if (child.row.state == ChildState::Running && !child.numbers.accepting)
            ++totals.not_accepting;
        if (child.numbers.accepting) totals.idle += child.idle;
        totals.starting += child.starting;
    }
    totals.busy += child.busy;
    totals.graceful += child.graceful;
    add_gauges(totals, child.numbers);
    if (child.row.epoch != epoch) return;  // counted before a hard restart (P-21)
    add_counters(totals, child.numbers);
    add(totals.latency, child.latency);
}

template <class Row, std::size_t N, class Cells>
std::vector<Row> ring(const Cells& cells, std::uint64_t next, std::uint64_t after) {
    std::vector<Row> out;
    std::uint64_t number = next > N ? next - N : 1;
    if (number <= after) number = after + 1;
    for (; number < next; ++number) {
        Row row{};
        if (cells(number % N).read(row) && row.number == number) out.push_back(row);
    }
    return out;
}

}  // namespace

std::uint32_t Child::connections() const {
    std::uint32_t sum = 0;
    for (std::size_t state = 1; state < kConnectionStates; ++state)
        sum += numbers.connections[state];
    return sum;
}

bool Child::leaving() const {
    return row.state == ChildState::Draining || row.state == ChildState::Stopping ||
           row.state == ChildState::Dead;
}

std::optional<Child> read_child(const View& view, std::uint32_t slot, bool with_latency) {
    Child child;
    child.slot = slot;
    if (!view.child(slot).read(child.row) || child.row.uid == 0) return std::nullopt;
    const std::optional<ExtentView> extent = view.extent(child.row);
    if (!extent) return std::nullopt;
    child.numbers = read_numbers(extent->status(), extent->shape());
    read_threads(child, *extent);
    if (with_latency) read_latency(child, *extent);
    return child;
}

namespace {

Snapshot look_once(const View& view, bool with_latency) {
    Snapshot snapshot;
    snapshot.header = view.header();
    if (!view.global().read(snapshot.global)) return snapshot;
    add_gone(snapshot.totals, snapshot.global);
    const auto slots =
        static_cast<std::uint32_t>(std::min<std::size_t>(snapshot.global.high_slot, kMaxChildren));
    for (std::uint32_t slot = 0; slot < slots; ++slot) {
        std::optional<Child> child = read_child(view, slot, with_latency);
        if (!child) continue;
        add_child(snapshot.totals, *child, snapshot.global.epoch);
        snapshot.children.push_back(std::move(*child));
    }
    return snapshot;
}

}  // namespace

Snapshot take_snapshot(const View& view, bool with_latency) {
    constexpr int kTries = 8;  // then the supervisor died in the middle of a removal
    for (int i = 1;; ++i) {
        Snapshot snapshot = look_once(view, with_latency);
        Global after{};
        const bool same = view.global().read(after) && after.removals == snapshot.global.removals &&
                          after.removals % 2 == 0;
        if (same || i == kTries) return snapshot;
    }
}

std::optional<ConnectionRow> oldest_connection(const View& view, const ChildRow& child) {
    std::optional<ConnectionRow> oldest;
    each_connection(view, child, [&](std::uint32_t, const ConnectionRow& row) {
        if (!oldest || row.accepted_ns < oldest->accepted_ns) oldest = row;
    });
    return oldest;
}

void each_connection(const View& view,
                     const ChildRow& child,
                     const std::function<void(std::uint32_t, const ConnectionRow&)>& visit) {
    const std::optional<ExtentView> extent = view.extent(child);
    if (!extent) return;
    for (std::uint32_t index = 0; index < extent->shape().connections; ++index) {
        const Cell<ConnectionRow>& cell = extent->connection(index);
        if ((cell.first_word() & 0xffU) == 0) continue;  // free: the first byte is the state
        ConnectionRow row{};
        if (!cell.read(row)) continue;
        if (row.state == ConnectionState::Free || row.number == 0) continue;
        if (static_cast<std::size_t>(row.state) >= kConnectionStates) continue;
        if (row.thread < 0 || static_cast<std::uint32_t>(row.thread) >= child.threads)
            row.thread = -1;
        end_text(row.method);
        end_text(row.vhost);
        end_text(row.target);
        visit(index, row);
    }
}

void each_worker(const View& view,
                 const ChildRow& child,
                 const std::function<void(std::uint32_t, const WorkerRow&)>& visit) {
    const std::optional<ExtentView> extent = view.extent(child);
    if (!extent) return;
    for (std::uint32_t thread = 0; thread < extent->shape().threads; ++thread) {
        WorkerRow row{};
        if (!extent->worker(thread).read(row)) continue;
        if (static_cast<std::uint8_t>(row.state) >= kWorkerStates) row.state = WorkerState::Dead;
        end_text(row.peer);
        end_text(row.method);
        end_text(row.vhost);
        end_text(row.target);
        visit(thread, row);
    }
}

std::vector<PastSlot> past_slots(const View& view, std::uint32_t slots) {
    std::vector<PastSlot> out;
    for (std::uint32_t slot = 0; slot < slots && slot < kMaxChildren; ++slot) {
        ChildRow row{};
        if (!view.child(slot).read(row) || row.uid != 0 || row.past_requests == 0) continue;
        out.push_back(
            {slot, row.past_generation, row.past_requests, row.past_bytes, row.past_duration_ns});
    }
    return out;
}

std::vector<EventRow> events(const View& view, std::uint64_t after) {
    Global global{};
    if (!view.global().read(global)) return {};
    return ring<EventRow, kEvents>(
        [&](std::size_t row) -> auto& { return view.event(row); }, global.next_event, after);
}

std::vector<DecisionRow> decisions(const View& view, std::uint64_t after) {
    Global global{};
    if (!view.global().read(global)) return {};
    return ring<DecisionRow, kDecisions>(
        [&](std::size_t row) -> auto& { return view.decision(row); }, global.next_decision, after);
}

std::optional<CrashNote> crash_note(const View& view, const ChildRow& child) {
    const std::optional<ExtentView> extent = view.extent(child);
    CrashNote note{};
    if (!extent || !extent->crash_note().read(note) || note.signal == 0) return std::nullopt;
    if (note.thread < kMainThread || note.thread >= static_cast<std::int64_t>(child.threads))
        note.thread = kMainThread;
    note.frames = std::min(note.frames, static_cast<std::uint32_t>(kCrashFrames));
    end_text(note.method);
    end_text(note.target);
    return note;
}

std::vector<CrashRow> crashes(const View& view, std::uint64_t after) {
    Global global{};
    if (!view.global().read(global)) return {};
    return ring<CrashRow, kCrashes>(
        [&](std::size_t row) -> auto& { return view.crash(row); }, global.next_crash, after);
}

std::vector<OperationHead> operations(const View& view) {
    std::vector<OperationHead> out;
    for (std::size_t row = 0; row < kOperations; ++row) {
        OperationHead head{};
        if (view.operation(row).head.read(head) && head.number != 0) out.push_back(head);
    }
    std::sort(out.begin(), out.end(),
              [](const OperationHead& a, const OperationHead& b) { return a.number > b.number; });
    return out;
}

std::optional<OperationRecord> find_operation(const View& view, std::uint64_t number) {
    for (std::size_t row = 0; row < kOperations; ++row) {
        OperationRecord record;
        const OperationRow& cells = view.operation(row);
        if (!cells.head.read(record.head) || record.head.number != number) continue;
        const std::size_t steps = std::min<std::size_t>(record.head.steps, kOperationSteps);
        record.steps.reserve(steps);
        for (std::size_t step = 0; step < steps; ++step) {
            OperationStep value{};
            if (cells.steps[step].read(value)) record.steps.push_back(value);
        }
        return record;
    }
    return std::nullopt;
}

}  // namespace mpmd::scoreboard
