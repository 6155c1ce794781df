#include "daemon/child/worker.h"

#include <sys/epoll.h>

#include "daemon/os/clock.h"

namespace mpmd::child {

using scoreboard::WorkerState;

std::uint32_t interest(bool output) {
    return EPOLLIN | EPOLLRDHUP | EPOLLET | (output ? EPOLLOUT : 0U);
}

// Either we see that the door waits, or the listener, which says so before it counts once more,
// sees us.
void become_idle(const Commons& commons, Ways& ways) {
    ways.ready.enter();
    // After that: who reads of idle workers may count on admission to know of them.
    commons.score.status().idle_workers.fetch_add(1, std::memory_order_release);
    if (ways.door_waits.load(std::memory_order_seq_cst) &&
        ways.door_waits.exchange(false, std::memory_order_seq_cst))
        ways.listener_bell.ring();
}

Worker::Worker(const Commons& commons, Ways& ways, std::uint32_t thread)
    : commons_(commons),
      ways_(ways),
      thread_(thread),
      driver_(commons, static_cast<int>(thread), Part::Worker),
      row_(commons.score, thread) {}

void Worker::run() {
    auto& idle = commons_.score.status().idle_workers;
    std::uint64_t announced = 0;
    for (;;) {
        row_.rest(commons_.orders.draining() ? WorkerState::Graceful : WorkerState::Ready);
        become_idle(commons_, ways_);
        std::optional<Job> job = ways_.ready.pop(announced);
        idle.fetch_sub(1, std::memory_order_relaxed);
        if (!job) break;
        driver_.begin(os::mono_now());
        if (job->connection != nullptr) {
            serve(*job->connection);
        } else if (job->recheck) {
            auto learned = commons_.handler.recheck(job->recheck);
            const os::Lock lock(ways_.rechecked_mutex);
            ways_.rechecked.push_back(std::move(learned));
        }
    }
    row_.rest(WorkerState::Dead);
}

void Worker::serve(Connection& connection) {
    Exchange& exchange = *connection.exchange;
    commons_.score.status().queued.fetch_sub(1, std::memory_order_relaxed);
    row_.name(connection, &exchange);
    row_.show(WorkerState::Writing);
    commons_.score.show(connection, static_cast<int>(thread_), driver_.now(), &exchange);

    const std::uint64_t before = connection.bytes_out;
    const std::uint32_t answered = connection.requests;
    const Turn turn = driver_.work(connection, exchange);

    if (driver_.access_log().enabled()) {
        row_.show(WorkerState::Logging);
        driver_.access_log().flush_waiting();
    }
    row_.count(connection.requests - answered, connection.bytes_out - before);
    const Driver::Job done = driver_.job();
    row_.spent(done.duration, done.last);
    park(connection, turn);
}

// Gives the connection back. After push() it is the listener's.
void Worker::park(Connection& connection, Turn turn) {
    bool gone = connection.state == mpm::State::Closed;
    if (!gone) {
        connection.parking.store(true, std::memory_order_release);
        if (!watch(connection, turn == Turn::WriteMore)) {
            driver_.abandon(connection, *connection.exchange);
            driver_.take(connection, mpm::Event::Error);
            gone = true;
        }
    }
    if (gone) {
        connection.stream.close();
        connection.registered = false;
        commons_.score.closed(connection);
    } else {
        const Exchange* request =
            connection.exchange->has_head ? connection.exchange.get() : nullptr;
        commons_.score.show(connection, -1, driver_.now(), request);
    }
    connection.run_again = turn == Turn::Again || turn == Turn::Worker;
    // A draining child leaves with its last connection.
    const bool at_once = connection.run_again || (gone && commons_.orders.draining());
    const bool earlier = ways_.parked.push(connection, connection.deadline);
    if (earlier && !at_once)
        commons_.score.status().deadline_wakeups.fetch_add(1, std::memory_order_relaxed);
    if (earlier || at_once) ways_.listener_bell.ring();
}

// Arms epoll; whatever is there already, or came while we worked, is an event now.
bool Worker::watch(Connection& connection, bool output) {
    const auto key = reinterpret_cast<std::uint64_t>(&connection);
    const auto armed = connection.registered
                           ? ways_.poller.modify(connection.stream.fd(), interest(output), key)
                           : ways_.poller.add(connection.stream.fd(), interest(output), key);
    connection.registered = true;
    connection.watches_output = output;
    connection.readable = false;
    return armed.has_value();
}

}  // namespace mpmd::child
