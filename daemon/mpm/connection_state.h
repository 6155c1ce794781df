#pragma once

// Pure. The life of a connection: states x events -> next state, owner, what epoll watches, which
// deadline runs (mpm-behaviour 4.1, 4.2; decisions.md 1, 2, 9, 14). The table is drawn and written
// in connection_state.cc.
//
// A connection has one owner. Listener: it runs on the listener's thread, or is parked with it
// (watched by epoll, under a deadline). Worker: in the ready queue, or run by one worker. Under
// `MPM worker` one thread takes both parts. A worker never waits for the client: whatever would
// block parks the connection.

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/base/time.h"

namespace mpmd::mpm {

enum class State : std::uint8_t {
    Reading,    // a request head is awaited or incomplete; also before the first byte
    Handling,   // a whole request is being answered
    Body,       // a body that no handler wants is discarded by the listener
    WaitIo,     // a worker waits in mid-exchange: for the body of its request (or a handshake)
    Suspended,  // its handler has nothing before a time of its own: neither thread nor socket waits
    Writing,    // write completion: output is waiting for the client
    KeepAlive,  // between two requests
    Lingering,  // our FIN is sent; input is drained until the client closes too
    Closed,
};
inline constexpr std::size_t kStates = 9;

enum class Event : std::uint8_t {
    InputAwaited,  // read would block before the head was complete
    InputArrived,  // readable (KeepAlive: a new request begins; Lingering, Body: bytes were
                   // discarded)
    RequestReady,  // head complete, the listener answers itself
    NeedsWorker,   // what comes next may block: into the ready queue
    WorkerTook,    // a worker took it from the ready queue
    QueueExpired,  // it waited RequestQueueTimeout for a worker: the listener answers 503 (E-14 b)
    BodyAwaited,   // the body is not there yet (a worker gives it back)
    WaitRead,      // the protocol wants to read before it can go on
    WaitWrite,     // the protocol wants to write before it can go on
    Suspend,       // the handler asks to be called again at a time of its own (E-4)
    IoReady,       // what WaitIo or Writing waited for is there
    WouldBlockWrite,   // some output went out, more is pending
    FlushedPipelined,  // response sent, persistent, the next request is already buffered
    FlushedIdle,       // response sent, persistent, nothing buffered
    FlushedClose,      // response sent, not persistent, bytes may be on the way
    FlushedDone,       // response sent, may_close_at_once()
    Deadline,          // the running deadline passed (see timeout_answer)
    Rejected,    // the listener has an error answer ready that ends the connection (400, 408, 413
                 // ...)
    Shed,        // closed early to make room (E-14)
    Drain,       // the child was told to drain (E-16)
    PeerClosed,  // end of stream from the client
    Error,       // reset, or any other failure of the socket
    Stop,        // forced: STOP, or the drain limit passed
};
inline constexpr std::size_t kEvents = 23;

enum class Owner : std::uint8_t { Listener, Worker, Same, Nobody };
enum class Watch : std::uint8_t { Nothing, Read, Write, Same };  // for the owner Listener: parked

enum class DeadlineKind : std::uint8_t {
    None,         // nothing runs
    Unchanged,    // what runs goes on (E-6: draining input does not extend a lingering close)
    Head,         // RequestReadTimeout, else TimeOut: the whole head
    Io,           // TimeOut: no progress
    KeepAlive,    // KeepAliveTimeout
    DrainGrace,   // DrainKeepAliveGrace, but never later than what ran
    Queue,        // RequestQueueTimeout
    Timer,        // what the handler asked for: the caller sets it
    Linger,       // 30 s from the start of the lingering close
    ShortLinger,  // 2 s from the start of the lingering close
};

struct Step {
    State state;
    Owner owner;
    Watch watch;
    DeadlineKind deadline;
    bool operator==(const Step&) const = default;
};

// Where a connection begins.
inline constexpr Step kAccepted{State::Reading, Owner::Listener, Watch::Read, DeadlineKind::Head};
inline constexpr Seconds kLinger{30};
inline constexpr Seconds kShortLinger{2};

// Nothing: the event cannot happen in that state; the caller has a bug.
[[nodiscard]] std::optional<Step> next_step(State state, Event event);

struct DeadlineLimits {
    Nanoseconds head{};
    Nanoseconds io{};
    Nanoseconds keep_alive{};
    Nanoseconds drain_grace{};
    Nanoseconds queue{};
};
// The deadline of a kind that starts at `now`. `lingering_since` = start of the lingering close, if
// any; `running` = the deadline before this step. Nothing: none runs.
struct DeadlineContext {
    MonoTime now{};
    std::optional<MonoTime> running;
    std::optional<MonoTime> lingering_since;
};
[[nodiscard]] std::optional<MonoTime> deadline_for(DeadlineKind kind,
                                                   const DeadlineContext& context,
                                                   const DeadlineLimits& limits);

// E-22: what the client sees when its deadline passes.
enum class TimeoutAnswer : std::uint8_t {
    Close,        // event Deadline: plain close, no bytes
    Answer408,    // event Rejected with a 408
    Answer503,    // event QueueExpired
    DropAborted,  // event Deadline: dropped, logged as aborted
};
// `received` = bytes of the current request that arrived; `answering` = response bytes already went
// out.
[[nodiscard]] TimeoutAnswer timeout_answer(State state, bool received, bool answering);

[[nodiscard]] std::string_view to_text(
    State state);  // "reading", "handling", "body", "wait-io", ...
[[nodiscard]] std::string_view to_text(Event event);

}  // namespace mpmd::mpm
