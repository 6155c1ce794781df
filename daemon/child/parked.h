#pragma once

// The connections that wait with the listener: their deadlines, and lists by what they wait for,
// oldest first. Listener only.

#include <optional>
#include <utility>

#include "daemon/child/connection.h"
#include "daemon/mpm/timer_wheel.h"

namespace mpmd::child {

class Parked {
public:
    explicit Parked(MonoTime now) : wheel_(now) {}

    // Connection with the state and deadline that it now has.
    void settle(Connection& connection) {
        ConnectionList::remove(connection);
        if (ConnectionList* list = list_of(connection.state)) list->push_newest(connection);
        arm(connection);
    }
    void arm(Connection& connection) {
        if (connection.deadline)
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
        wheel_.cancel(connection.timer);
    }
    template <class OnExpired>
    void expire(MonoTime now, OnExpired on_expired) {
        wheel_.expire(now, [&on_expired](mpm::TimerNode& node) {
            on_expired(*static_cast<ConnectionTimer&>(node).connection);
        });
    }
    [[nodiscard]] std::optional<MonoTime> next_wakeup() const { return wheel_.next_wakeup(); }

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
    mpm::TimerWheel wheel_;
    ConnectionList heads_;
    ConnectionList keep_alives_;
    ConnectionList lingering_;
};

}  // namespace mpmd::child
