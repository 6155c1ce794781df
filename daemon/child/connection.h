#pragma once

// One client connection, from accept to close. Small, because most of them are idle: everything a
// request needs is in its Exchange.
//
// One owner at a time: the listener (parked, or being stepped) or one worker. Ownership moves
// through ReadyQueue (out) and ParkedStack (back); only then does the other side touch a field. Two
// things are the listener's always: the timer node and the place in its lists. `parking` is the one
// word both may look at.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/base/time.h"
#include "daemon/child/exchange.h"
#include "daemon/mpm/connection_state.h"
#include "daemon/mpm/timer_wheel.h"
#include "daemon/net/address.h"
#include "daemon/net/plain_stream.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::child {

// Links of a list of the listener; a connection is on one list at most.
struct ListLink {
    ListLink* next = nullptr;
    ListLink* previous = nullptr;
    const void* list = nullptr;  // which one
    MonoTime listed_since{};     // Connection::since when it came there
    [[nodiscard]] bool linked() const { return next != nullptr; }
};

struct ConnectionTimer : mpm::TimerNode {
    struct Connection* connection = nullptr;
};

struct Connection : ListLink {
    // The owner's.
    net::PlainStream stream;
    mpm::State state = mpm::State::Closed;
    scoreboard::ConnectionState shown = scoreboard::ConnectionState::Free;  // in the gauges
    bool readable = false;    // a read may find something
    bool hung_up = false;     // epoll said the peer has finished: read on until the end
    bool registered = false;  // known to epoll
    bool watches_output = false;
    bool run_again = false;    // a worker used up its budget: more to do at once
    bool with_worker = false;  // the listener's note: not mine now
    bool missed = false;       // the listener's note: an event came while it was with a worker
    bool lingers = false;      // the listener's note: counted among the closing ones
    std::uint32_t row = 0;     // of the scoreboard, and of the slab
    std::uint32_t requests = 0;
    std::uint64_t number = 0;  // within the child, never reused
    MonoTime since{};          // in this state
    MonoTime lingering_since{};
    std::optional<MonoTime> deadline;
    net::Address peer;
    std::optional<net::Address> local;  // when a log has asked for it
    std::uint64_t bytes_in = 0;         // not yet in the row
    std::uint64_t bytes_out = 0;
    std::unique_ptr<Exchange> exchange;

    Connection* next_in_queue = nullptr;  // ready queue, parked stack, run list: one at a time
    std::atomic<bool> parking{false};     // a worker arms epoll and is about to push it back
    ConnectionTimer timer;                // the listener's
    std::optional<MonoTime> wanted_at;    // the listener's: in its order of timers
};

// FIFO of connections, oldest first. Listener only.
class ConnectionList {
public:
    ConnectionList() { head_.next = head_.previous = &head_; }
    ConnectionList(const ConnectionList&) = delete;
    ConnectionList& operator=(const ConnectionList&) = delete;

    [[nodiscard]] bool empty() const { return head_.next == &head_; }
    [[nodiscard]] Connection* oldest() const {
        return empty() ? nullptr : static_cast<Connection*>(head_.next);
    }
    [[nodiscard]] Connection* newest() const {
        return empty() ? nullptr : static_cast<Connection*>(head_.previous);
    }
    [[nodiscard]] Connection* before(const Connection& connection) const {
        return connection.previous == &head_ ? nullptr
                                             : static_cast<Connection*>(connection.previous);
    }
    // After `connection`, which is on this list; null at the end.
    [[nodiscard]] Connection* after(const Connection& connection) const {
        return connection.next == &head_ ? nullptr : static_cast<Connection*>(connection.next);
    }
    void push_newest(Connection& connection) {
        connection.list = this;
        connection.listed_since = connection.since;
        connection.previous = head_.previous;
        connection.next = &head_;
        head_.previous->next = &connection;
        head_.previous = &connection;
    }
    static void remove(Connection& connection) {
        if (!connection.linked()) return;
        connection.previous->next = connection.next;
        connection.next->previous = connection.previous;
        connection.next = connection.previous = nullptr;
        connection.list = nullptr;
    }

private:
    ListLink head_;
};

}  // namespace mpmd::child
