#pragma once

// Work for the workers, first in first out. The listener pushes and never waits (E-7): a request
// for which there is no worker stays here until RequestQueueTimeout, then the listener takes it out
// again and answers 503 (E-14 b). Bounded by the connections there are.
//
// Workers leave when the queue is closed, and from a draining child as its connections vanish:
// keep() says how many are enough (4.5, E-16). Nobody who has left comes back.
//
// idle() is E-10's i: threads that wait here, less the jobs that are queued already.

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>

#include "daemon/child/connection.h"
#include "daemon/http/handler.h"
#include "daemon/os/mutex.h"

namespace mpmd::child {

struct Job {
    Connection* connection = nullptr;
    http::Handler::Knowledge recheck;  // when there is no connection: look at this again
};

class ReadyQueue {
public:
    explicit ReadyQueue(std::uint32_t workers) : staying_(workers), enough_(workers) {}

    void push(Connection& connection) EXCLUDES(mutex_);
    // Dropped when there is no idle worker: looking again can wait.
    void push_recheck(http::Handler::Knowledge what) EXCLUDES(mutex_);
    // Takes a queued connection out again; false: a worker has it already.
    [[nodiscard]] bool remove(Connection& connection) EXCLUDES(mutex_);
    // Worker: counts as idle from now on; then pop().
    void enter() { surplus_.fetch_add(1, std::memory_order_seq_cst); }
    // Worker: waits. Nothing: leave. An empty job: look around, the
    // child is draining. `announced` is the worker's note of what it has seen.
    [[nodiscard]] std::optional<Job> pop(std::uint64_t& announced) EXCLUDES(mutex_);
    // Wakes every waiting worker once.
    void announce() EXCLUDES(mutex_);
    // Idle workers beyond that number leave, now and later. Only ever fewer.
    void keep(std::uint32_t workers) EXCLUDES(mutex_);
    void close() EXCLUDES(mutex_);

    [[nodiscard]] std::int32_t idle() const {
        const std::int32_t surplus = surplus_.load(std::memory_order_seq_cst);
        return surplus > 0 ? surplus : 0;
    }

private:
    void enqueue(Job job) EXCLUDES(mutex_);

    std::atomic<std::int32_t> surplus_{0};  // threads in enter() or pop() - queued jobs
    os::Mutex mutex_;
    os::CondVar not_empty_;
    std::deque<Job> jobs_ GUARDED_BY(mutex_);
    std::uint64_t announcements_ GUARDED_BY(mutex_) = 0;
    bool closed_ GUARDED_BY(mutex_) = false;
    std::uint32_t staying_ GUARDED_BY(mutex_);
    std::uint32_t enough_ GUARDED_BY(mutex_);
};

}  // namespace mpmd::child
