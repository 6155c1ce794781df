#include "daemon/mpm/connection_state.h"

#include <algorithm>
#include <array>

namespace mpmd::mpm {

namespace {

//   accept
//     |
//     v        RequestReady: the listener answers        would block
//   Reading ------------------------------> Handling ---------------> Writing --+
//    ^  ^ \ \      NeedsWorker: a worker    ^ |  ^ |                    |  ^    | more
//    |  |  \ \______________________________| |  | | handshake waits    |  +----+
//    |  |   \                                 |  | v                    |
//    |  |    \ body not there                 |  WaitIo                 |
//    |  |     v                               |                         |
//    |  |    Body --- bytes there ------> Handling                      |
//    |  |                                     |                         |
//    |  +------ next request is buffered -----+-------------------------+
//    |                                        |                         |
//    |    first byte                          | persistent, nothing buffered
//    +------------------ KeepAlive <----------+-------------------------+
//                          | timeout, shed    |                         |
//                          v                  v not persistent          |
//                       Lingering <-----------+-------------------------+
//                          |
//                          v  peer closed, 30 s, short: 2 s
//                        Closed  <--- any state: error, forced stop; a stalled response
//
// A worker owns a connection only while it runs: no arc parks one with a worker, and none lets a
// worker wait.

struct Arc {
    State from;
    Event event;
    State to;
    Owner owner;
    Watch watch;
    DeadlineKind deadline;
};

using enum State;
using E = Event;
using O = Owner;
using W = Watch;
using D = DeadlineKind;

// clang-format off
constexpr Arc kArcs[] = {
    {Reading,   E::InputAwaited,     Reading,   O::Listener, W::Read,    D::Unchanged},
    {Reading,   E::RequestReady,     Handling,  O::Listener, W::Nothing, D::None},
    {Reading,   E::NeedsWorker,      Handling,  O::Worker,   W::Nothing, D::Queue},
    {Reading,   E::BodyAwaited,      Body,      O::Listener, W::Read,    D::Io},
    {Reading,   E::WaitRead,         WaitIo,    O::Listener, W::Read,    D::Io},
    {Reading,   E::WaitWrite,        WaitIo,    O::Listener, W::Write,   D::Io},
    {Reading,   E::Rejected,         Handling,  O::Listener, W::Nothing, D::None},
    {Reading,   E::Deadline,         Closed,    O::Nobody,   W::Nothing, D::None},
    {Reading,   E::Shed,             Lingering, O::Listener, W::Read,    D::ShortLinger},
    {Reading,   E::Drain,            Reading,   O::Same,     W::Same,    D::Unchanged},
    {Reading,   E::PeerClosed,       Closed,    O::Nobody,   W::Nothing, D::None},
    {Reading,   E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {Reading,   E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {Handling,  E::InputAwaited,     Reading,   O::Listener, W::Read,    D::Head},
    {Handling,  E::NeedsWorker,      Handling,  O::Worker,   W::Nothing, D::Queue},
    {Handling,  E::WorkerTook,       Handling,  O::Worker,   W::Nothing, D::None},
    {Handling,  E::QueueExpired,     Handling,  O::Listener, W::Nothing, D::None},
    {Handling,  E::BodyAwaited,      Body,      O::Listener, W::Read,    D::Io},
    {Handling,  E::WaitRead,         WaitIo,    O::Listener, W::Read,    D::Io},
    {Handling,  E::WaitWrite,        WaitIo,    O::Listener, W::Write,   D::Io},
    {Handling,  E::Suspend,          Suspended, O::Listener, W::Read,    D::Timer},
    {Handling,  E::WouldBlockWrite,  Writing,   O::Listener, W::Write,   D::Io},
    {Handling,  E::FlushedPipelined, Reading,   O::Same,     W::Nothing, D::Head},
    {Handling,  E::FlushedIdle,      KeepAlive, O::Listener, W::Read,    D::KeepAlive},
    {Handling,  E::FlushedClose,     Lingering, O::Listener, W::Read,    D::Linger},
    {Handling,  E::FlushedDone,      Closed,    O::Nobody,   W::Nothing, D::None},
    {Handling,  E::Rejected,         Handling,  O::Same,     W::Nothing, D::None},
    {Handling,  E::Drain,            Handling,  O::Same,     W::Same,    D::Unchanged},
    {Handling,  E::PeerClosed,       Handling,  O::Same,     W::Same,    D::Unchanged},  // half-closed: still answered
    {Handling,  E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {Handling,  E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {Body,      E::InputArrived,     Body,      O::Listener, W::Read,    D::Io},
    {Body,      E::RequestReady,     Handling,  O::Listener, W::Nothing, D::None},
    {Body,      E::NeedsWorker,      Handling,  O::Worker,   W::Nothing, D::Queue},
    {Body,      E::FlushedPipelined, Reading,   O::Same,     W::Nothing, D::Head},
    {Body,      E::FlushedIdle,      KeepAlive, O::Listener, W::Read,    D::KeepAlive},
    {Body,      E::FlushedClose,     Lingering, O::Listener, W::Read,    D::Linger},
    {Body,      E::FlushedDone,      Closed,    O::Nobody,   W::Nothing, D::None},
    {Body,      E::Rejected,         Handling,  O::Listener, W::Nothing, D::None},
    {Body,      E::Deadline,         Lingering, O::Listener, W::Read,    D::ShortLinger},
    {Body,      E::Drain,            Body,      O::Same,     W::Same,    D::Unchanged},
    {Body,      E::PeerClosed,       Closed,    O::Nobody,   W::Nothing, D::None},
    {Body,      E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {Body,      E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {WaitIo,    E::IoReady,          Handling,  O::Listener, W::Nothing, D::None},
    {WaitIo,    E::NeedsWorker,      Handling,  O::Worker,   W::Nothing, D::Queue},
    {WaitIo,    E::Rejected,         Handling,  O::Listener, W::Nothing, D::None},  // 408: the body did not come
    {WaitIo,    E::Deadline,         Lingering, O::Listener, W::Read,    D::ShortLinger},
    {WaitIo,    E::Drain,            WaitIo,    O::Same,     W::Same,    D::Unchanged},
    {WaitIo,    E::PeerClosed,       Closed,    O::Nobody,   W::Nothing, D::None},
    {WaitIo,    E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {WaitIo,    E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {Suspended, E::Suspend,          Suspended, O::Listener, W::Read,    D::Timer},  // woken too early
    {Suspended, E::Deadline,         Writing,   O::Worker,   W::Nothing, D::None},   // its time has come (E-4)
    {Suspended, E::NeedsWorker,      Writing,   O::Worker,   W::Nothing, D::None},
    {Suspended, E::WouldBlockWrite,  Writing,   O::Listener, W::Write,   D::Io},
    {Suspended, E::Drain,            Suspended, O::Same,     W::Same,    D::Unchanged},
    {Suspended, E::PeerClosed,       Suspended, O::Same,     W::Same,    D::Unchanged},  // half-closed: still answered
    {Suspended, E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {Suspended, E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {Writing,   E::Suspend,          Suspended, O::Listener, W::Read,    D::Timer},
    {Writing,   E::IoReady,          Writing,   O::Listener, W::Nothing, D::Unchanged},
    {Writing,   E::WouldBlockWrite,  Writing,   O::Listener, W::Write,   D::Io},
    {Writing,   E::NeedsWorker,      Writing,   O::Worker,   W::Nothing, D::None},  // pages absent: read ahead
    {Writing,   E::WorkerTook,       Writing,   O::Worker,   W::Nothing, D::None},
    {Writing,   E::BodyAwaited,      Body,      O::Listener, W::Read,    D::Io},    // answered, body still coming
    {Writing,   E::FlushedPipelined, Reading,   O::Same,     W::Nothing, D::Head},
    {Writing,   E::FlushedIdle,      KeepAlive, O::Listener, W::Read,    D::KeepAlive},
    {Writing,   E::FlushedClose,     Lingering, O::Listener, W::Read,    D::Linger},
    {Writing,   E::FlushedDone,      Closed,    O::Nobody,   W::Nothing, D::None},
    {Writing,   E::Deadline,         Closed,    O::Nobody,   W::Nothing, D::None},  // stalled: dropped (E-22)
    {Writing,   E::Drain,            Writing,   O::Same,     W::Same,    D::Unchanged},
    {Writing,   E::PeerClosed,       Writing,   O::Same,     W::Same,    D::Unchanged},
    {Writing,   E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {Writing,   E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {KeepAlive, E::InputArrived,     Reading,   O::Listener, W::Nothing, D::Head},
    {KeepAlive, E::Deadline,         Lingering, O::Listener, W::Read,    D::ShortLinger},
    {KeepAlive, E::Shed,             Lingering, O::Listener, W::Read,    D::ShortLinger},
    {KeepAlive, E::Drain,            KeepAlive, O::Listener, W::Read,    D::DrainGrace},
    {KeepAlive, E::PeerClosed,       Closed,    O::Nobody,   W::Nothing, D::None},
    {KeepAlive, E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {KeepAlive, E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},

    {Lingering, E::InputArrived,     Lingering, O::Listener, W::Read,    D::Unchanged},  // E-6
    {Lingering, E::Deadline,         Closed,    O::Nobody,   W::Nothing, D::None},
    {Lingering, E::Shed,             Closed,    O::Nobody,   W::Nothing, D::None},
    {Lingering, E::Drain,            Lingering, O::Listener, W::Read,    D::ShortLinger},
    {Lingering, E::PeerClosed,       Closed,    O::Nobody,   W::Nothing, D::None},
    {Lingering, E::Error,            Closed,    O::Nobody,   W::Nothing, D::None},
    {Lingering, E::Stop,             Closed,    O::Nobody,   W::Nothing, D::None},
};
// clang-format on

constexpr std::size_t index_of(State state) {
    return static_cast<std::size_t>(state);
}
constexpr std::size_t index_of(Event event) {
    return static_cast<std::size_t>(event);
}

constexpr bool has_arc(State from, Event event) {
    for (const Arc& arc : kArcs)
        if (arc.from == from && arc.event == event) return true;
    return false;
}

constexpr bool no_arc_twice() {
    for (const Arc& a : kArcs) {
        int same = 0;
        for (const Arc& b : kArcs)
            if (a.from == b.from && a.event == b.event) ++same;
        if (same != 1) return false;
    }
    return true;
}

constexpr bool every_state_reaches(State goal) {
    bool reaches[kStates] = {};
    reaches[index_of(goal)] = true;
    for (std::size_t round = 0; round < kStates; ++round)
        for (const Arc& arc : kArcs)
            if (reaches[index_of(arc.to)]) reaches[index_of(arc.from)] = true;
    for (const bool reached : reaches)
        if (!reached) return false;
    return true;
}

// Whatever may happen to any connection at any time is answered everywhere.
constexpr bool every_open_state_answers(Event event) {
    for (std::size_t state = 0; state < kStates; ++state)
        if (state != index_of(Closed) && !has_arc(static_cast<State>(state), event)) return false;
    return true;
}

constexpr bool every_deadline_is_answered() {
    for (const Arc& arc : kArcs) {
        if (arc.deadline == D::None || arc.deadline == D::Unchanged) continue;
        const Event passed = arc.deadline == D::Queue ? E::QueueExpired : E::Deadline;
        if (!has_arc(arc.to, passed)) return false;
    }
    return true;
}

constexpr bool no_worker_waits() {
    for (const Arc& arc : kArcs) {
        const bool parks = arc.watch == W::Read || arc.watch == W::Write;
        if (parks && arc.owner != O::Listener) return false;
        if ((arc.to == Closed) != (arc.owner == O::Nobody)) return false;
    }
    return true;
}

static_assert(no_arc_twice());
static_assert(every_state_reaches(Closed));
static_assert(every_open_state_answers(E::Error) && every_open_state_answers(E::Stop));
static_assert(every_open_state_answers(E::Drain) && every_open_state_answers(E::PeerClosed));
static_assert(every_deadline_is_answered());
static_assert(no_worker_waits());

constexpr std::uint8_t kNoArc = 0xff;
static_assert(std::size(kArcs) < kNoArc);

constexpr auto kIndex = [] {
    std::array<std::array<std::uint8_t, kEvents>, kStates> index{};
    for (auto& row : index)
        for (std::uint8_t& cell : row)
            cell = kNoArc;
    for (std::size_t i = 0; i < std::size(kArcs); ++i)
        index[index_of(kArcs[i].from)][index_of(kArcs[i].event)] = static_cast<std::uint8_t>(i);
    return index;
}();

}  // namespace

std::optional<Step> next_step(State state, Event event) {
    const std::uint8_t found = kIndex[index_of(state)][index_of(event)];
    if (found == kNoArc) return std::nullopt;
    const Arc& arc = kArcs[found];
    return Step{arc.to, arc.owner, arc.watch, arc.deadline};
}

std::optional<MonoTime> deadline_for(DeadlineKind kind,
                                     const DeadlineContext& context,
                                     const DeadlineLimits& limits) {
    const MonoTime lingering_since = context.lingering_since.value_or(context.now);
    switch (kind) {
        case D::None:
            return std::nullopt;
        case D::Unchanged:
        case D::Timer:
            return context.running;
        case D::Head:
            return context.now + limits.head;
        case D::Io:
            return context.now + limits.io;
        case D::KeepAlive:
            return context.now + limits.keep_alive;
        case D::DrainGrace: {
            const MonoTime grace = context.now + limits.drain_grace;
            return context.running ? std::min(*context.running, grace) : grace;
        }
        case D::Queue:
            return context.now + limits.queue;
        case D::Linger:
            return lingering_since + kLinger;
        case D::ShortLinger:
            return lingering_since + kShortLinger;
    }
    return std::nullopt;
}

TimeoutAnswer timeout_answer(State state, bool received, bool answering) {
    switch (state) {
        case Reading:
            return received ? TimeoutAnswer::Answer408 : TimeoutAnswer::Close;
        case Body:
            return answering ? TimeoutAnswer::DropAborted : TimeoutAnswer::Answer408;
        case Handling:
            return TimeoutAnswer::Answer503;
        case Writing:
            return TimeoutAnswer::DropAborted;
        case WaitIo:  // for a request's body, or for a handshake
            return received && !answering ? TimeoutAnswer::Answer408 : TimeoutAnswer::Close;
        case Suspended:  // its deadline is no timeout
        case KeepAlive:
        case Lingering:
        case Closed:
            return TimeoutAnswer::Close;
    }
    return TimeoutAnswer::Close;
}

std::string_view to_text(State state) {
    constexpr std::array<std::string_view, kStates> kNames{"reading",    "handling",  "body",
                                                           "wait-io",    "suspended", "writing",
                                                           "keep-alive", "lingering", "closed"};
    return kNames[index_of(state)];
}

std::string_view to_text(Event event) {
    constexpr std::array<std::string_view, kEvents> kNames{"input awaited",
                                                           "input arrived",
                                                           "request ready",
                                                           "needs worker",
                                                           "worker took",
                                                           "queue expired",
                                                           "body awaited",
                                                           "wait read",
                                                           "wait write",
                                                           "suspend",
                                                           "io ready",
                                                           "would block",
                                                           "flushed, pipelined",
                                                           "flushed, idle",
                                                           "flushed, close",
                                                           "flushed, done",
                                                           "deadline",
                                                           "rejected",
                                                           "shed",
                                                           "drain",
                                                           "peer closed",
                                                           "error",
                                                           "stop"};
    return kNames[index_of(event)];
}

}  // namespace mpmd::mpm
