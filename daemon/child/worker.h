#pragma once

// One worker thread: takes jobs from the ready queue, runs what may block, and gives the connection
// back to be parked. It never waits for a client (decisions.md 1).

#include <atomic>
#include <cstdint>

#include "daemon/child/commons.h"
#include "daemon/child/driver.h"
#include "daemon/child/parked_stack.h"
#include "daemon/child/ready_queue.h"
#include "daemon/child/thread_row.h"
#include "daemon/os/event_fd.h"
#include "daemon/os/poller.h"

namespace mpmd::child {

// The ways between the listener and the workers.
struct Ways {
    Ways(os::Poller& p, ReadyQueue& r, ParkedStack& s, const os::EventFd& bell)
        : poller(p), ready(r), parked(s), listener_bell(bell) {}

    os::Poller& poller;
    ReadyQueue& ready;
    ParkedStack& parked;
    const os::EventFd& listener_bell;
    std::atomic<bool> door_waits{false};  // the listener would accept if a worker became idle
    os::Mutex rechecked_mutex;
    std::vector<http::Handler::Knowledge> rechecked GUARDED_BY(rechecked_mutex);
};

// How the listener and the workers watch a client's socket: edges, so that a kept-alive connection
// needs no system call between two requests.
[[nodiscard]] std::uint32_t interest(bool output);

// A worker thread that is about to wait for a job counts as idle from here on.
void become_idle(const Commons& commons, Ways& ways);

class Worker {
public:
    Worker(const Commons& commons, Ways& ways, std::uint32_t thread);
    void run();  // until the queue is closed

private:
    void serve(Connection& connection);
    void park(Connection& connection, Turn turn);
    [[nodiscard]] bool watch(Connection& connection, bool output);

    const Commons& commons_;
    Ways& ways_;
    const std::uint32_t thread_;
    Driver driver_;
    ThreadRow row_;
};

}  // namespace mpmd::child
