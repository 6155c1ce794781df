#pragma once

// The connections that wait with the listener: their deadlines, and lists by what they wait for,
// in the order of Connection::since. Listener only.

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/child/connection.h"
#include "daemon/mpm/timer_wheel.h"
#include "daemon/mpm/user_timers.h"

namespace mpmd::child {

class Parked {
public:
    explicit Parked(MonoTime now) : wheel_(now) {}

    // Connection with the state and deadline that it now has.
    void settle(Connection& connection) {
        ConnectionList* const list = list_of(connection.state);
        // Who still waits for the same keeps its place: a head that comes byte by byte grows old.
        if (list == nullptr || connection.list != list ||
            connection.listed_since != connection.since) {
            ConnectionList::remove(connection);
            if (list != nullptr) list->push_newest(connection);
        }
        arm(connection);
    }
    void arm(Connection& connection) {
        untime(connection);
        if (connection.state == mpm::State::Suspended && connection.deadline) {
            wheel_.cancel(connection.timer);
            connection.wanted_at = connection.deadline;
            timers_.add(*connection.deadline, connection);
        } else if (connection.deadline)
            wheel_.arm(connection.timer, *connection.deadline);
        else
            wheel_.cancel(connection.timer);
    }
    // Out of the lists; the timer runs on (RequestQueueTimeout).
    void lend(Connection& connection) {
        ConnectionList::remove(connection);
        arm(connection);
    }
    void forget(Connection& connection) {
        ConnectionList::remove(connection);
        untime(connection);
        wheel_.cancel(connection.timer);
    }
    template <class OnExpired>
    void expire(MonoTime now, OnExpired on_expired) {
        wheel_.expire(now, [&on_expired](mpm::TimerNode& node) {
            on_expired(*static_cast<ConnectionTimer&>(node).connection);
        });
    }
    // Handlers whose time has come (E-4).
    template <class OnDue>
    void call_again(MonoTime now, OnDue on_due) {
        timers_.expire(now, [&on_due](Connection& connection) {
            connection.wanted_at.reset();
            on_due(connection);
        });
    }
    [[nodiscard]] std::optional<MonoTime> next_wakeup() const {
        const auto timeout = wheel_.next_wakeup();
        const auto timer = timers_.next();
        if (!timer || !timeout) return timer ? timer : timeout;
        return std::min(*timer, *timeout);
    }

    [[nodiscard]] ConnectionList& heads() { return heads_; }  // no whole request head yet
    [[nodiscard]] ConnectionList& keep_alives() { return keep_alives_; }
    [[nodiscard]] ConnectionList& lingering() { return lingering_; }

private:
    [[nodiscard]] ConnectionList* list_of(mpm::State state) {
        switch (state) {
            case mpm::State::Reading:
                return &heads_;
            case mpm::State::KeepAlive:
                return &keep_alives_;
            case mpm::State::Lingering:
                return &lingering_;
            default:
                return nullptr;
        }
    }
    void untime(Connection& connection) {
        if (connection.wanted_at) timers_.remove(*connection.wanted_at, connection);
        connection.wanted_at.reset();
    }

    mpm::TimerWheel wheel_;
    mpm::UserTimers<Connection> timers_;
    ConnectionList heads_;
    ConnectionList keep_alives_;
    ConnectionList lingering_;
};

}  // namespace mpmd::child
