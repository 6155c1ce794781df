#pragma once

// MPM worker: one thread owns a connection from its first byte to its close (W-3). It reads (R),
// handles (W), waits for the next request (K), lingers (C), and waits for the client in poll().
//
// Drives the same Driver as the event MPM, with Part::Whole, and takes the listener's place where
// that would park: TimeOut, RequestReadTimeout and KeepAliveTimeout are the deadlines of its waits.
// The listener hands connections over through ReadyQueue; a closed one goes back through
// ParkedStack, whose row is then free. `nudge` wakes the thread where it waits, to look at changed
// values and orders; a drain leaves it in K until KeepAliveTimeout or one more request (W-6).
//
// serve() is all that a connection needs which can be served but not parked.

#include <memory>

#include "daemon/child/driver.h"
#include "daemon/child/thread_row.h"
#include "daemon/child/worker.h"

namespace mpmd::child {

class BlockingDriver {
public:
    // On the thread itself.
    BlockingDriver(const Commons& commons,
                   Ways& ways,
                   const os::EventFd& nudge,
                   std::uint32_t thread);
    void run();  // until the queue is closed

    // From any state to Closed. The connection's own.
    void serve(Connection& connection);

private:
    enum class Woken : std::uint8_t { Ready, Nudged, Late };

    void give_back(Connection& connection);
    [[nodiscard]] Turn next(Connection& connection, Turn turn);
    [[nodiscard]] Turn wait_for_client(Connection& connection, Turn turn);
    [[nodiscard]] Turn expire(Connection& connection);
    void linger(Connection& connection);
    [[nodiscard]] Woken wait(Connection& connection,
                             short events,
                             std::optional<MonoTime> deadline);
    void renew_deadline(Connection& connection);
    void log_answers(const Connection& connection);
    void show(Connection& connection);
    void spare_memory();

    const Commons& commons_;
    Ways& ways_;
    const os::EventFd& nudge_;
    const std::uint32_t thread_;
    Driver driver_;
    ThreadRow row_;
    std::unique_ptr<Exchange> exchange_;
    // Of the connection being served.
    std::uint32_t counted_requests_ = 0;
    bool told_to_drain_ = false;
};

}  // namespace mpmd::child
