#include "daemon/child/worker.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::child {

using scoreboard::WorkerState;

std::uint32_t interest(bool output) {
    return EPOLLIN | EPOLLRDHUP | EPOLLET | (output ? EPOLLOUT : 0U);
}

Worker::Worker(const Commons& commons, Ways& ways, std::uint32_t thread)
    : commons_(commons), ways_(ways), thread_(thread), driver_(commons, static_cast<int>(thread)) {
    row_.tid = static_cast<std::uint32_t>(::syscall(SYS_gettid));
}

void Worker::run() {
    auto& idle = commons_.score.status().idle_workers;
    std::uint64_t announced = 0;
    for (;;) {
        show(commons_.orders.draining() ? WorkerState::Graceful : WorkerState::Ready);
        become_idle();
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
    show(WorkerState::Dead);
}

// Either we see that the door waits, or the listener, which says so before it counts once more,
// sees us.
void Worker::become_idle() {
    commons_.score.status().idle_workers.fetch_add(1, std::memory_order_relaxed);
    ways_.ready.enter();
    if (ways_.door_waits.load(std::memory_order_seq_cst) &&
        ways_.door_waits.exchange(false, std::memory_order_seq_cst))
        ways_.listener_bell.ring();
}

void Worker::serve(Connection& connection) {
    Exchange& exchange = *connection.exchange;
    commons_.score.status().queued.fetch_sub(1, std::memory_order_relaxed);
    show_busy(connection, exchange);
    commons_.score.show(connection, static_cast<int>(thread_), driver_.now(), &exchange);

    const std::uint64_t before = connection.bytes_out;
    const Turn turn = driver_.work(connection, exchange);

    if (driver_.access_log().enabled()) {
        show(WorkerState::Logging);
        driver_.access_log().flush_waiting();
    }
    row_.requests += 1;
    row_.bytes_out += connection.bytes_out - before;
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

void Worker::show_busy(const Connection& connection, const Exchange& exchange) {
    row_.connection = connection.number;
    row_.connection_row = connection.row;
    std::array<char, 46> host;
    const std::string_view peer = connection.peer.host_into(host);
    const auto end = connection.peer.family() == AF_INET
                         ? fmt::format_to_n(row_.peer.data(), row_.peer.size() - 1, "{}:{}", peer,
                                            connection.peer.port())
                         : fmt::format_to_n(row_.peer.data(), row_.peer.size() - 1, "[{}]:{}", peer,
                                            connection.peer.port());
    *end.out = '\0';
    put_text(row_.method, exchange.request.method_text);
    put_text(row_.vhost, exchange.request.host);
    put_text(row_.target, exchange.request.target);
    show(WorkerState::Writing);
}

void Worker::show(WorkerState state) {
    row_.state = state;
    row_.since_ns = static_cast<std::uint64_t>(to_ns(os::mono_now()));
    if (state == WorkerState::Ready || state == WorkerState::Graceful || state == WorkerState::Dead)
        row_.connection = 0;
    commons_.score.extent().worker(thread_).write(row_);
}

}  // namespace mpmd::child
