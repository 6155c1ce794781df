#include "daemon/child/blocking_driver.h"

#include <algorithm>

#include <poll.h>

#include "daemon/os/clock.h"

namespace mpmd::child {

using mpm::Event;
using mpm::State;
using scoreboard::WorkerState;

namespace {

// W-3: a lingering client that says nothing for so long has gone.
constexpr Seconds kLingerRead{2};

WorkerState letter_of(State state) {
    switch (state) {
        case State::Reading:
        case State::Body:
        case State::WaitIo:
            return WorkerState::Reading;
        case State::KeepAlive:
            return WorkerState::KeepAlive;
        case State::Lingering:
            return WorkerState::Closing;
        case State::Handling:
        case State::Suspended:  // never: this thread waits itself
        case State::Writing:
        case State::Closed:
            break;
    }
    return WorkerState::Writing;
}

bool over(const Connection& connection) {
    return connection.state == State::Lingering || connection.state == State::Closed;
}

}  // namespace

BlockingDriver::BlockingDriver(const Commons& commons,
                               Ways& ways,
                               const os::EventFd& nudge,
                               std::uint32_t thread)
    : commons_(commons),
      ways_(ways),
      nudge_(nudge),
      thread_(thread),
      driver_(commons, static_cast<int>(thread), Part::Whole),
      row_(commons.score, thread),
      exchange_(std::make_unique<Exchange>(kInputCapacity)) {}

void BlockingDriver::run() {
    auto& status = commons_.score.status();
    std::uint64_t announced = 0;
    for (;;) {
        row_.rest(commons_.orders.draining() ? WorkerState::Graceful : WorkerState::Ready);
        become_idle(commons_, ways_);
        const std::optional<Job> job = ways_.ready.pop(announced);
        status.idle_workers.fetch_sub(1, std::memory_order_relaxed);
        if (!job) break;
        if (job->connection == nullptr) continue;
        status.queued.fetch_sub(1, std::memory_order_relaxed);
        serve(*job->connection);
        give_back(*job->connection);
    }
    row_.rest(WorkerState::Dead);
}

// After push() the connection is the listener's: it finds the row free before it counts us idle.
void BlockingDriver::give_back(Connection& connection) {
    static_cast<void>(ways_.parked.push(connection, std::nullopt));
    // A draining child leaves with its last connection.
    if (commons_.orders.draining()) ways_.listener_bell.ring();
}

void BlockingDriver::serve(Connection& connection) {
    counted_requests_ = connection.requests;
    told_to_drain_ = false;
    driver_.begin(os::mono_now());
    show(connection);
    Turn turn = driver_.advance(connection, *exchange_);
    while (!over(connection))
        turn = next(connection, turn);
    driver_.abandon(connection, *exchange_);
    log_answers(connection);
    linger(connection);
    row_.count(0, connection.bytes_out);
    connection.stream.close();
    commons_.score.closed(connection);
    spare_memory();
}

Turn BlockingDriver::next(Connection& connection, Turn turn) {
    log_answers(connection);
    switch (turn) {
        case Turn::Worker:
            show(connection);
            turn = driver_.work(connection, *exchange_);
            row_.spent(driver_.job().duration, driver_.job().last);
            exchange_->learned.clear();  // there is no cache to learn for
            return turn;
        case Turn::Again:
            driver_.begin(os::mono_now());
            return driver_.advance(connection, *exchange_);
        case Turn::ReadMore:
        case Turn::WriteMore:
        case Turn::Suspend:
        case Turn::Finished:
            break;
    }
    return wait_for_client(connection, turn);
}

Turn BlockingDriver::wait_for_client(Connection& connection, Turn turn) {
    const short events = turn == Turn::WriteMore ? POLLOUT : POLLIN | POLLRDHUP;
    show(connection);
    for (;;) {
        switch (wait(connection, events, connection.deadline)) {
            case Woken::Ready:
                return driver_.advance(connection, *exchange_);
            case Woken::Nudged:
                renew_deadline(connection);
                break;
            case Woken::Late:
                return expire(connection);
        }
    }
}

// IMMEDIATE values also hold for a client that is waited for already.
void BlockingDriver::renew_deadline(Connection& connection) {
    if (connection.state == State::KeepAlive)
        connection.deadline = connection.since + driver_.deadlines().keep_alive;
    else if (connection.state == State::Reading)
        connection.deadline = driver_.head_deadline(connection, exchange_.get());
}

// E-22, as the listener does it for a parked connection.
Turn BlockingDriver::expire(Connection& connection) {
    const bool received = http::RequestParser::has_begun(exchange_->input.unread());
    const bool gathering = connection.state == State::WaitIo && exchange_->wanted_body;
    if (mpm::timeout_answer(connection.state, received || gathering, !gathering) ==
        mpm::TimeoutAnswer::Answer408)
        return driver_.refuse(connection, *exchange_, Event::Rejected, 408);
    if (connection.state == State::KeepAlive || connection.state == State::Body)
        driver_.part(connection, Event::Deadline);
    else
        driver_.take(connection, Event::Deadline);
    return Turn::Finished;
}

void BlockingDriver::linger(Connection& connection) {
    if (exchange_->shrunk)
        commons_.log.say(log::Level::Error, "core", "a file became shorter while it was sent: {}",
                         exchange_->request.target);
    if (connection.state != State::Lingering) return exchange_->reset();
    show(connection);
    exchange_->reset();
    const auto end = [&] { return std::min(driver_.now() + kLingerRead, *connection.deadline); };
    while (connection.state == State::Lingering) {
        driver_.drain_input(connection, exchange_->input.room(kInputCapacity));
        if (connection.state != State::Lingering) return;
        if (commons_.orders.draining() && !std::exchange(told_to_drain_, true))
            driver_.take(connection, Event::Drain);
        const Woken woken = wait(connection, POLLIN | POLLRDHUP, end());
        if (woken == Woken::Late || driver_.now() >= *connection.deadline)
            driver_.take(connection, Event::Deadline);
    }
}

// Until the socket can do what `events` says, something changed, or the deadline has passed.
BlockingDriver::Woken BlockingDriver::wait(Connection& connection,
                                           short events,
                                           std::optional<MonoTime> deadline) {
    std::array<pollfd, 2> wanted{pollfd{connection.stream.fd(), events, 0},
                                 pollfd{nudge_.fd(), POLLIN, 0}};
    for (;;) {
        const MonoTime before = os::mono_now();
        timespec left{};
        if (deadline) {
            const std::int64_t ns = std::max<std::int64_t>(to_ns(*deadline) - to_ns(before), 0);
            left.tv_sec = ns / 1'000'000'000;
            left.tv_nsec = ns % 1'000'000'000;
        }
        const int ready =
            ::ppoll(wanted.data(), wanted.size(), deadline ? &left : nullptr, nullptr);
        if (wanted[1].revents != 0) nudge_.clear();
        driver_.begin(os::mono_now());
        if (const int seen = ready > 0 ? wanted[0].revents : 0; seen != 0) {
            if ((seen & ~POLLOUT) != 0) connection.readable = true;
            if ((seen & (POLLRDHUP | POLLHUP | POLLERR)) != 0) connection.hung_up = true;
            return Woken::Ready;
        }
        if (ready > 0) return Woken::Nudged;
        if (deadline && driver_.now() >= *deadline) return Woken::Late;
    }
}

// One letter L for the lines of what was answered since.
void BlockingDriver::log_answers(const Connection& connection) {
    const std::uint32_t answered = connection.requests - counted_requests_;
    if (answered == 0) return;
    counted_requests_ = connection.requests;
    row_.count(answered, 0);
    if (!driver_.access_log().enabled()) return;
    row_.show(WorkerState::Logging);
    driver_.access_log().flush_waiting();
}

void BlockingDriver::show(Connection& connection) {
    row_.count(0, connection.bytes_out);  // show() below moves them on into the connection's row
    const Exchange* request = exchange_->has_head ? exchange_.get() : nullptr;
    const WorkerState letter = letter_of(connection.state);
    row_.name(connection, letter == WorkerState::Reading ? nullptr : request);
    row_.show(letter);
    commons_.score.show(connection, static_cast<int>(thread_), driver_.now(), request);
}

// MaxMemFree: what a large request left behind is not kept for the next one.
void BlockingDriver::spare_memory() {
    const std::int64_t limit = driver_.live().max_mem_free;
    const auto kept =
        static_cast<std::int64_t>(exchange_->input.capacity() + exchange_->output.capacity());
    if (limit > 0 && kept > std::max<std::int64_t>(limit, 2 * kInputCapacity))
        exchange_ = std::make_unique<Exchange>(kInputCapacity);
}

}  // namespace mpmd::child
