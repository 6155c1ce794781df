#pragma once

// Pure. The scoreboard: shared memory that shows every child, every thread and every connection.
//
//   header | global | child rows | operations | events | decisions | crashes | arena of extents
//
// One writer each: header, global, child rows, operations, events, decisions and crashes are the
// supervisor's; an extent belongs to one child and nobody else can write it (decisions.md 8).
// Readers (mpmd-control, the supervisor's census) map everything read-only and treat every field a
// child can write as hostile: range-check, never use it as an index or a pid (P-11).
//
// Rows are Cell<T>: a sequence counter (odd while being written) and relaxed atomic words, so that
// nothing tears and nothing is undefined. Counters are single atomics. No pointers (P-18). All
// times are CLOCK_MONOTONIC nanoseconds unless the name ends in _wall_us. Text is zero-terminated,
// cut, and untrusted.

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace mpmd::scoreboard {

inline constexpr std::uint64_t kMagic = 0x6d706d64'73636f72;  // "mpmdscor"
inline constexpr std::uint32_t kLayoutVersion = 5;

// The words that processes share. A lock inside an atomic would live in one process only.
template <class Word>
struct SharedWord {
    static_assert(std::atomic<Word>::is_always_lock_free,
                  "mpmd needs lock-free 64-bit atomics: this target has none, so processes cannot "
                  "share a scoreboard (A-61)");
    using type = std::atomic<Word>;
};

// A row of plain data with one writer and any number of readers.
template <class T>
class Cell {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);

public:
    // The writer, one at a time. About 0.05 ns a byte.
    void write(const T& value) noexcept {
        std::array<std::uint64_t, kWords> words{};
        std::memcpy(words.data(), &value, sizeof(T));
        const std::uint64_t sequence = sequence_.load(std::memory_order_relaxed) | 1U;
        sequence_.store(sequence, std::memory_order_relaxed);
        std::atomic_thread_fence(
            std::memory_order_release);  // partner: the acquire fence in read()
        for (std::size_t i = 0; i < kWords; ++i)
            words_[i].store(words[i], std::memory_order_relaxed);
        sequence_.store(sequence + 1, std::memory_order_release);
    }

    // False when the row was being written at each of `tries` looks (its writer may have died
    // inside).
    [[nodiscard]] bool read(T& out, int tries = 64) const noexcept {
        std::array<std::uint64_t, kWords> words{};
        while (tries-- > 0) {
            const std::uint64_t before = sequence_.load(std::memory_order_acquire);
            if ((before & 1U) != 0) continue;
            for (std::size_t i = 0; i < kWords; ++i)
                words[i] = words_[i].load(std::memory_order_relaxed);
            std::atomic_thread_fence(std::memory_order_acquire);
            if (sequence_.load(std::memory_order_relaxed) != before) continue;
            std::memcpy(static_cast<void*>(&out), words.data(), sizeof(T));
            return true;
        }
        return false;
    }

    // The first word alone: what a count by state needs. May be from a row in flux.
    [[nodiscard]] std::uint64_t first_word() const noexcept {
        return words_[0].load(std::memory_order_relaxed);
    }

    // The supervisor, after the writer has died.
    void settle() noexcept {
        const std::uint64_t sequence = sequence_.load(std::memory_order_relaxed);
        if ((sequence & 1U) != 0) sequence_.store(sequence + 1, std::memory_order_release);
    }

private:
    static constexpr std::size_t kWords = sizeof(T) / 8;
    SharedWord<std::uint64_t>::type sequence_;
    std::array<SharedWord<std::uint64_t>::type, kWords> words_;
};

using Counter = SharedWord<std::uint64_t>::type;
using Gauge = SharedWord<std::int32_t>::type;

// ---- capacities
// --------------------------------------------------------------------------------------------

inline constexpr std::size_t kPage = 4096;
inline constexpr std::size_t kMaxChildren = 32768;    // child rows: active and retiring
inline constexpr std::size_t kOperations = 65;        // the running one and the last 64
inline constexpr std::size_t kOperationSteps = 2048;  // steps shown per operation
inline constexpr std::size_t kEvents = 1024;
inline constexpr std::size_t kDecisions = 256;
inline constexpr std::size_t kCrashes = 64;
inline constexpr std::size_t kCrashFrames = 32;
inline constexpr std::size_t kHistogramBuckets =
    64;  // bucket b counts [2^(b/2)) steps, see latency.h
inline constexpr std::uint64_t kSegmentSize = 64ULL
                                              << 30U;  // sparse: only touched pages cost memory

// ---- letters and states
// ------------------------------------------------------------------------------------

// The words of the API and the log. A value that has none is "unknown": the number was read from
// memory that somebody else writes.
template <std::size_t N, class Enum>
[[nodiscard]] constexpr std::string_view word_of(const std::array<std::string_view, N>& words,
                                                 Enum value) {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : "unknown";
}

// What a worker thread does (mpm-behaviour 7.2; the numbers are httpd's).
enum class WorkerState : std::uint8_t {
    Dead,
    Starting,
    Ready,
    Reading,
    Writing,
    KeepAlive,
    Logging,
    Dns,
    Closing,
    Graceful,
    IdleKill
};
inline constexpr char kWorkerLetters[] = ".S_RWKLDCGI";
[[nodiscard]] constexpr char letter(WorkerState state) {
    return static_cast<std::uint8_t>(state) < 11 ? kWorkerLetters[static_cast<std::uint8_t>(state)]
                                                 : '?';
}

// Where a connection is. Running: a request is with a worker, or waits for one (thread < 0).
enum class ConnectionState : std::uint8_t {
    Free,
    Reading,
    Running,
    WaitIo,
    Writing,
    KeepAlive,
    Closing
};
inline constexpr std::size_t kConnectionStates = 7;

enum class ChildState : std::uint8_t { Free, Starting, Ready, Running, Draining, Stopping, Dead };
[[nodiscard]] constexpr std::string_view to_text(ChildState state) {
    constexpr std::array<std::string_view, 7> kWords = {"free",     "starting", "ready", "running",
                                                        "draining", "stopping", "dead"};
    return word_of(kWords, state);
}

enum class RetireReason : std::uint8_t {
    None,
    Idle,
    Quota,
    Restart,
    Reload,
    Operator,
    Memory,
    Stop,
    Hang
};
inline constexpr std::size_t kRetireReasons = 9;
[[nodiscard]] constexpr std::string_view to_text(RetireReason reason) {
    constexpr std::array<std::string_view, kRetireReasons> kWords = {
        "", "idle", "quota", "restart", "reload", "operator", "memory", "stop", "hang"};
    return word_of(kWords, reason);
}

enum class Shortage : std::uint8_t { None, Workers, Listener, Connections, Cpu };
[[nodiscard]] constexpr std::string_view to_text(Shortage shortage) {
    constexpr std::array<std::string_view, 5> kWords = {"none", "workers", "listener",
                                                        "connections", "cpu"};
    return word_of(kWords, shortage);
}

// What the server cannot get more of for a while: each stretch of it is an episode (U-4).
enum class EpisodeCause : std::uint8_t { Workers, Listener, Connections, Cpu, Slots };
inline constexpr std::size_t kEpisodeCauses = 5;
[[nodiscard]] constexpr std::string_view to_text(EpisodeCause cause) {
    constexpr std::array<std::string_view, kEpisodeCauses> kWords = {"workers", "listener",
                                                                     "connections", "cpu", "slots"};
    return word_of(kWords, cause);
}

enum class ServerState : std::uint8_t {
    Unspecified,
    Starting,
    Running,
    Degraded,
    Draining,
    Stopping
};

// ---- the supervisor's records
// ------------------------------------------------------------------------------

struct Header {  // written once, before anybody else maps it
    std::uint64_t magic;
    std::uint32_t layout_version;
    std::uint32_t supervisor_pid;
    std::uint64_t segment_size;
    std::uint64_t start_wall_us;
    std::uint64_t start_mono_ns;
    std::array<char, 40> boot_id;
    std::array<char, 40> instance_id;  // random, hexadecimal
    std::array<char, 64> instance;     // Instance NAME
    std::array<char, 32> version;      // of mpmd
    std::array<char, 32> built;
    std::array<char, 32> platform;  // "Debian"
};

// The stretches of one cause since the start of the supervisor. Peaks are of the running one, or of
// the last.
struct Episode {
    std::uint64_t count;
    std::uint64_t start_wall_us;  // 0 = there was none
    std::uint64_t end_wall_us;    // 0 = it goes on
    std::uint64_t ended_us;       // how long those that are over lasted, together
    std::uint32_t peak_busy;      // worker threads
    std::uint32_t peak_queued;    // requests that waited for a worker
    std::uint32_t peak_backlog;   // clients that waited in the kernel to be accepted
    std::uint32_t reserved;
};

// What the supervisor knows of the server as a whole; rewritten at each tick and each change.
struct Global {
    std::uint64_t epoch;  // +1 when counters are cleared (hard restart)
    std::uint64_t revision;
    std::uint32_t generation;
    ServerState state;
    Shortage shortage;
    std::uint8_t model;  // mpm::Model
    std::uint8_t extended_status;
    std::uint64_t restart_wall_us;  // cold start and hard restart only
    std::uint64_t tick_mono_ns;     // the supervisor's heartbeat
    std::uint64_t reload_wall_us;   // last load of the file after the start; 0 = none
    std::uint32_t reload_ok;
    std::uint32_t high_slot;  // 1 + highest child row in use: readers walk only up to here
    std::uint32_t children_active;
    std::uint32_t children_draining;
    std::uint32_t children_starting;
    std::uint32_t online_cores;
    // effective limits
    std::uint32_t server_limit;
    std::uint32_t thread_limit;
    std::uint32_t threads_per_child;
    std::uint32_t max_request_workers;
    std::uint32_t start_servers;
    std::uint32_t min_spare_threads;
    std::uint32_t max_spare_threads;
    std::uint32_t max_surge;
    std::uint64_t async_factor_micro;
    // totals of the children that are gone, so that sums never go back (reset with the epoch)
    std::uint64_t gone_requests_on_listener;
    std::uint64_t gone_requests_on_workers;
    std::uint64_t gone_bytes_in;
    std::uint64_t gone_bytes_out;
    std::uint64_t gone_accepted;
    std::uint64_t gone_shed_keep_alive;
    std::uint64_t gone_shed_head;
    std::uint64_t gone_queue_timeouts;
    std::uint64_t gone_duration_ns;
    std::uint64_t gone_refused_on_keep_alive;
    std::uint64_t gone_deadline_wakeups;
    std::uint64_t gone_accept_errors;
    std::array<std::uint64_t, 6> gone_status;  // [0] unused, 1xx .. 5xx
    std::array<std::uint64_t, kHistogramBuckets> gone_latency;
    std::uint64_t next_event;  // number of the next event; the ring holds the kEvents before it
    std::uint64_t next_decision;
    std::uint64_t next_operation;
    std::uint64_t next_crash;
    // CPU of the supervisor itself and of all the processes it has reaped, since the epoch
    std::uint64_t own_user_us;
    std::uint64_t own_system_us;
    std::uint64_t gone_user_us;
    std::uint64_t gone_system_us;
    std::uint64_t spawned;  // children started since the epoch
    std::uint64_t crashed;  // ended by a signal that we did not send
    // Ended otherwise, by RetireReason; None: by itself, with a status (7.6).
    std::array<std::uint64_t, kRetireReasons> exits;
    // Odd while a dead child moves from its row to the totals above: a reader who meets that, or
    // another number afterwards, looks again, or sums would go back for a moment.
    std::uint64_t removals;
    std::array<char, 256> reload_error;
    std::array<char, 256> listen;  // "127.0.0.1:80 [::1]:80", as bound
    std::array<char, 256> shortage_text;
    std::array<Episode, kEpisodeCauses> episodes;  // by EpisodeCause
};

struct ChildRow {       // index = slot
    std::uint64_t uid;  // 0 = free; then only the fields named past_ are of use
    std::uint64_t revision;
    std::uint64_t extent_offset;  // from the start of the segment
    std::uint32_t extent_pages;
    std::uint32_t pid;
    std::uint32_t generation;
    std::uint32_t threads;  // worker rows in the extent
    std::uint32_t connection_rows;
    ChildState state;
    RetireReason reason;
    std::array<std::uint8_t, 2> padding;
    std::uint64_t start_wall_us;
    std::uint64_t ready_wall_us;  // 0 = not yet
    std::uint64_t retire_wall_us;
    std::uint64_t drain_deadline_wall_us;  // 0 = none
    std::uint64_t rss_bytes;
    std::uint32_t cpu_permille;  // of one core, last tick
    std::uint32_t open_fds;
    std::uint64_t operation;  // that replaces it, 0 = none
    std::uint64_t epoch;      // born in; its counters belong to no later one
    std::uint64_t user_us;    // CPU since its start, as of the last tick
    std::uint64_t system_us;
    // What the workers of earlier children did in this slot, since the epoch.
    std::uint64_t past_requests;
    std::uint64_t past_bytes;
    std::uint64_t past_duration_ns;
    std::uint32_t past_generation;  // of the last of them
    std::uint32_t padding2;
    std::array<std::uint64_t, 43> reserved;
};
static_assert(sizeof(Cell<ChildRow>) == 512);

struct OperationStep {
    std::uint64_t old_uid;
    std::uint64_t new_uid;
    std::uint32_t old_pid;
    std::uint32_t new_pid;
    std::uint32_t slot;
    std::uint8_t state;  // StepState
    std::array<std::uint8_t, 3> padding;
    std::uint64_t start_wall_us;
    std::uint64_t end_wall_us;
};
enum class StepState : std::uint8_t { Waiting, Starting, Ready, Draining, Done, Failed };

enum class OperationKind : std::uint8_t { None, Restart, Graceful, HardRestart, Change, Reload };
enum class OperationState : std::uint8_t { None, Pending, Running, Succeeded, Failed, Cancelled };

struct OperationHead {
    std::uint64_t number;  // 0 = unused row
    std::uint64_t update;  // +1 at each change
    OperationKind kind;
    OperationState state;
    std::array<std::uint8_t, 2> padding;
    std::uint32_t uid;  // of the person who asked
    std::uint32_t total;
    std::uint32_t done;
    std::uint32_t draining;
    std::uint32_t steps;  // rows of `steps` in use (total may be more)
    std::uint64_t create_wall_us;
    std::uint64_t end_wall_us;  // 0 = running
    std::uint64_t revision;
    std::uint32_t generation;
    std::uint32_t reserved;
    std::array<std::uint8_t, 16> request_id;
    std::array<char, 200> result;  // a sentence
    std::array<char, 128> reason;  // as given by the person
};

struct OperationRow {
    Cell<OperationHead> head;
    std::array<Cell<OperationStep>, kOperationSteps> steps;
};

struct EventRow {
    std::uint64_t number;  // 0 = unused; row = number % kEvents
    std::uint64_t wall_us;
    std::uint64_t child_uid;
    std::uint8_t severity;  // 0 info, 1 notice, 2 warn, 3 error
    std::array<std::uint8_t, 7> padding;
    std::array<char, 40> kind;
    std::array<char, 432> text;
};

// Why regulation did what it did, or nothing (7.6). Ticks in a row that did nothing for the same
// reason are one row; its numbers are those of the last of them.
struct DecisionRow {
    std::uint64_t number;
    std::uint64_t wall_us;       // of the first tick
    std::uint64_t last_wall_us;  // of the last one
    std::uint32_t ticks;         // at least 1
    std::uint32_t recalled;      // children taken back that were about to leave
    std::uint32_t idle;          // I
    std::uint32_t present;       // P
    std::uint32_t active;
    std::uint32_t total;
    std::uint32_t free_slots;
    std::uint32_t rate;
    std::uint32_t hold;
    std::uint32_t spawned;
    std::uint64_t retired_uid;
    std::array<char, 16> branch;  // "M-18d"
    std::array<char, 16> cause;   // "workers", "listener" ...
    std::array<char, 176> text;
};

// What a child that dies of a fatal signal says last (P-25): the thread that fell first, and where.
struct CrashNote {
    std::uint32_t signal;  // 0 = nothing was written
    std::int32_t thread;   // worker; kListenerThread, kMainThread
    std::uint32_t tid;
    std::uint32_t frames;   // of `stack` in use
    std::uint64_t address;  // that was touched, 0 = the signal was sent
    std::array<char, 8> method;
    std::array<char, 104> target;
    std::array<std::uint64_t, kCrashFrames> stack;  // return addresses, innermost first
};
inline constexpr std::int32_t kListenerThread = -1;
inline constexpr std::int32_t kMainThread = -2;

// The supervisor's copy of it, with what it knows itself; row = number % kCrashes.
struct CrashRow {
    std::uint64_t number;  // 0 = unused
    std::uint64_t wall_us;
    std::uint64_t child_uid;
    std::uint32_t slot;
    std::uint32_t pid;
    std::uint32_t generation;
    std::uint32_t signal;  // as the kernel reported it
    std::uint8_t core;     // 1 = the kernel dumped a core
    std::array<std::uint8_t, 7> padding;
    CrashNote note;
    // "mpmd+0x1f3a2", for addr2line; "" = in no known file
    std::array<std::array<char, 48>, kCrashFrames> places;
};

// ---- an extent: what one child writes
// ----------------------------------------------------------------------

struct alignas(64) ChildStatus {
    // by the listener alone
    Counter heartbeat_ns;  // each wake-up, at least once a second
    Counter requests_on_listener;
    Counter accepted;
    Counter bytes_in;  // all threads add
    Counter bytes_out;
    Gauge listener_busy_permille;  // last second outside epoll_wait
    Gauge accepting;               // 1 while the listening sockets are polled
    Gauge listener_state;          // WorkerState::Ready or Writing
    Gauge queued;                  // requests waiting for a worker
    // all threads add
    Counter requests_on_workers;
    Gauge idle_workers;
    Gauge in_progress;                 // requests begun and not answered whole
    std::array<Gauge, 8> connections;  // by ConnectionState; [0] unused
    std::array<Counter, 6> status;     // [1] 1xx .. [5] 5xx
    Counter shed_keep_alive;
    Counter shed_head;
    Counter queue_timeouts;         // 503 after RequestQueueTimeout (E-14 b)
    Counter refused_on_keep_alive;  // of these: not the first request of their connection (U-11)
    Counter deadline_wakeups;       // times a worker had to wake the listener for a deadline
    Counter accept_errors;
    Gauge ready;  // 1 = all threads are up
    Gauge draining;
    Counter duration_ns;  // spent on requests, by all threads
};

// httpd's worker record. What is "of the slot" began with an earlier child in the same slot: the
// supervisor writes these three before the fork, the worker goes on from there.
struct WorkerRow {         // 312 bytes: a Cell of 320
    WorkerState state;     // first byte of the first word
    std::uint8_t version;  // HTTP, of the request: 10, 11; 0 = none yet
    std::array<std::uint8_t, 2> padding;
    std::uint32_t tid;
    std::uint64_t since_ns;    // in this state
    std::uint64_t requests;    // of this child
    std::uint64_t bytes_out;   // of this child
    std::uint64_t connection;  // number within the child, 0 = none
    std::uint32_t connection_row;
    std::uint32_t connection_requests;  // answered on that connection
    std::uint64_t slot_requests;
    std::uint64_t slot_bytes;
    std::uint64_t slot_duration_ns;
    std::uint64_t last_ns;      // duration of the last request
    std::uint64_t cpu_ns;       // of this thread
    std::array<char, 56> peer;  // "198.51.100.7:51122"
    std::array<char, 8> method;
    std::array<char, 56> vhost;
    std::array<char, 104> target;
};
static_assert(sizeof(Cell<WorkerRow>) == 320);

struct ConnectionRow {      // 248 bytes: a Cell of 256
    ConnectionState state;  // first byte of the first word
    std::uint8_t family;    // 4 or 6
    std::int16_t thread;    // worker that runs it, -1 = none
    std::uint16_t peer_port;
    std::uint16_t local_port;
    std::uint64_t number;  // within the child, never reused; 0 = free row
    std::array<std::uint8_t, 16> peer_address;
    std::array<std::uint8_t, 16> local_address;
    std::uint64_t accepted_ns;
    std::uint64_t since_ns;    // in this state
    std::uint64_t request_ns;  // first byte of the running request, 0 = none
    std::uint64_t bytes_in;
    std::uint64_t bytes_out;
    std::uint32_t requests;
    std::uint16_t status;  // of the last response
    std::uint8_t tls;
    std::uint8_t reserved;
    std::uint32_t script_pid;  // of the CGI script that answers it, 0 = none
    std::uint32_t reserved2;
    std::uint64_t script_ns;  // when that was started
    std::array<char, 8> method;
    std::array<char, 32> vhost;
    std::array<char, 96> target;
};
static_assert(sizeof(Cell<ConnectionRow>) == 256);

struct Histogram {
    std::array<Counter, kHistogramBuckets> buckets;
};

// Bucket of a duration: half powers of two of microseconds; the last takes the rest.
[[nodiscard]] constexpr std::size_t latency_bucket(std::uint64_t microseconds) {
    if (microseconds < 2) return microseconds == 0 ? 0 : 1;
    const auto log2 = static_cast<std::size_t>(std::bit_width(microseconds) - 1);
    const std::size_t half = (microseconds >> (log2 - 1)) & 1U;
    const std::size_t bucket = 2 * log2 + half;
    return bucket < kHistogramBuckets ? bucket : kHistogramBuckets - 1;
}
// The smallest duration of a bucket, in microseconds.
[[nodiscard]] constexpr std::uint64_t latency_floor_us(std::size_t bucket) {
    if (bucket < 2) return bucket;
    const std::size_t log2 = bucket / 2;
    return (std::uint64_t{1} << log2) + ((bucket & 1U) != 0 ? std::uint64_t{1} << (log2 - 1) : 0);
}

// ---- where everything is
// -----------------------------------------------------------------------------------

[[nodiscard]] constexpr std::uint64_t page_up(std::uint64_t bytes) {
    return (bytes + kPage - 1) / kPage * kPage;
}

inline constexpr std::uint64_t kHeaderOffset = 0;
inline constexpr std::uint64_t kGlobalOffset = kPage;
inline constexpr std::uint64_t kChildrenOffset = kGlobalOffset + page_up(sizeof(Cell<Global>));
inline constexpr std::uint64_t kOperationsOffset =
    kChildrenOffset + page_up(kMaxChildren * sizeof(Cell<ChildRow>));
inline constexpr std::uint64_t kEventsOffset =
    kOperationsOffset + page_up(kOperations * sizeof(OperationRow));
inline constexpr std::uint64_t kDecisionsOffset =
    kEventsOffset + page_up(kEvents * sizeof(Cell<EventRow>));
inline constexpr std::uint64_t kCrashesOffset =
    kDecisionsOffset + page_up(kDecisions * sizeof(Cell<DecisionRow>));
inline constexpr std::uint64_t kArenaOffset =
    kCrashesOffset + page_up(kCrashes * sizeof(Cell<CrashRow>));

// status | crash note | workers | histograms (one for each worker, then the listener's) |
// connections, each on its own cache lines.
struct ExtentShape {
    std::uint32_t threads = 0;
    std::uint32_t connections = 0;

    [[nodiscard]] constexpr std::uint64_t crash_offset() const {
        return (sizeof(ChildStatus) + 255) / 256 * 256;
    }
    [[nodiscard]] constexpr std::uint64_t workers_offset() const {
        return crash_offset() + (sizeof(Cell<CrashNote>) + 255) / 256 * 256;
    }
    [[nodiscard]] constexpr std::uint64_t histograms_offset() const {
        return workers_offset() + threads * sizeof(Cell<WorkerRow>);
    }
    [[nodiscard]] constexpr std::uint64_t connections_offset() const {
        return histograms_offset() + (threads + 1) * sizeof(Histogram);
    }
    [[nodiscard]] constexpr std::uint64_t bytes() const {
        return page_up(connections_offset() + connections * sizeof(Cell<ConnectionRow>));
    }
};

// TPC x (ceil(F) + 2) connection rows (decisions.md 8).
[[nodiscard]] constexpr std::uint32_t connection_rows(std::uint32_t threads,
                                                      std::uint64_t factor_micro) {
    const std::uint64_t rows = threads * ((factor_micro + 999'999) / 1'000'000 + 2);
    return static_cast<std::uint32_t>(rows < 4'000'000 ? rows : 4'000'000);
}

}  // namespace mpmd::scoreboard
