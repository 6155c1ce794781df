#include "daemon/child/driver.h"

#include <algorithm>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/base/check.h"
#include "daemon/mpm/persistence.h"
#include "daemon/os/clock.h"

namespace mpmd::child {

using mpm::Event;
using mpm::State;

Driver::Driver(const Commons& commons, int thread, Part part)
    : commons_(commons),
      thread_(thread),
      part_(part),
      tid_(static_cast<int>(::syscall(SYS_gettid))),
      access_log_(commons.log_formats, commons.ring, kFirstCustomLog) {}

void Driver::begin(MonoTime now) {
    now_ = accounted_ = now;
    if (commons_.orders.refresh(live_, live_version_)) update_limits();
    if (now < next_second_) return;
    const std::int64_t us = to_us(os::wall_now());
    wall_seconds_ = us / 1'000'000;
    next_second_ = now + std::chrono::microseconds(1'000'000 - us % 1'000'000);
}

void Driver::update_limits() {
    deadlines_.io = Milliseconds(live_.timeout_ms);
    deadlines_.head = live_.request_read_timeout_ms > 0
                          ? Milliseconds(live_.request_read_timeout_ms)
                          : Milliseconds(live_.timeout_ms);
    head_bound_ = {Milliseconds(live_.request_read_timeout_ms),
                   Milliseconds(live_.request_head_max_ms), live_.request_head_min_rate};
    body_bound_ = {Milliseconds(live_.request_body_timeout_ms),
                   Milliseconds(live_.request_body_max_ms), live_.request_body_min_rate};
    deadlines_.keep_alive = Milliseconds(live_.keep_alive_timeout_ms);
    deadlines_.queue = Milliseconds(live_.request_queue_timeout_ms);
    deadlines_.drain_grace = commons_.orders.keep_alive_grace();
    request_text_ = live_.see_request_tail != 0 ? RequestText::End : RequestText::Beginning;
    if (live_.extended_status == 0) request_text_ = RequestText::None;
}

// Their latency is counted from the wake-up in which the first of them could be read; the time
// spent on them is what passed.
void Driver::account_answers(MonoTime until) {
    if (unaccounted_ == 0) return;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(until - now_).count();
    auto& histogram = commons_.score.extent().histogram(commons_.threads);
    bump(histogram.buckets[scoreboard::latency_bucket(
             static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)))],
         std::exchange(unaccounted_, 0));
    add(commons_.score.status().duration_ns, static_cast<std::uint64_t>(std::max<std::int64_t>(
                                                 Nanoseconds(until - accounted_).count(), 0)));
    accounted_ = until;
}

Driver::Job Driver::job() const {
    Job job = job_;
    job.duration += now_ - handled_;  // a stream that was sent after its handler
    job.last += now_ - handled_;
    return job;
}

void Driver::take(Connection& connection, Event event) {
    const std::optional<mpm::Step> step = mpm::next_step(connection.state, event);
    CHECK(step.has_value());
    if (step->state != connection.state) {
        connection.since = now_;
        if (step->state == State::Lingering) connection.lingering_since = now_;
    }
    connection.state = step->state;
    if (step->deadline == mpm::DeadlineKind::Unchanged) return;
    const mpm::DeadlineContext context{
        now_, connection.deadline,
        step->state == State::Lingering ? std::optional(connection.lingering_since) : std::nullopt};
    connection.deadline = mpm::deadline_for(step->deadline, context, deadlines_);
}

MonoTime Driver::head_deadline(const Connection& connection, const Exchange* exchange) const {
    const std::uint64_t received = exchange != nullptr ? exchange->input.size() : 0;
    return mpm::read_deadline(head_bound_, connection.since, received)
        .value_or(connection.since + deadlines_.head);
}

// RequestReadTimeout: the deadline of who sends slowly (U-12).
void Driver::bound_reading(Connection& connection, const Exchange& exchange) const {
    if (connection.state == State::Reading) {
        if (head_bound_.min_rate > 0)
            if (const auto bound =
                    mpm::read_deadline(head_bound_, connection.since, exchange.input.size()))
                connection.deadline = bound;
        return;
    }
    if (exchange.body.complete()) return;
    const auto bound = mpm::read_deadline(body_bound_, exchange.body_since, exchange.body_received);
    if (bound && connection.deadline) connection.deadline = std::min(*connection.deadline, *bound);
}

// ---- the loop
// ----------------------------------------------------------------------------------

Turn Driver::advance(Connection& connection, Exchange& exchange) {
    requests_left_ = kRequestsPerTurn;
    output_left_ = kOutputPerTurn;
    for (;;) {
        Took took = Took::Request;
        while (took == Took::Request)
            took = take_request(connection, exchange);
        switch (flush(connection, exchange)) {
            case Sent::All:
                break;
            case Sent::Blocked:
                // A 100 Continue may be all that waits; then the body is still to come.
                if (connection.state != State::WaitIo) take(connection, Event::WouldBlockWrite);
                return in_progress(exchange, true), Turn::WriteMore;
            case Sent::NeedsWorker:
                // Its head may be on the way already, so no 503 can follow: as Writing it has no
                // queue deadline.
                if (connection.state == State::Handling) take(connection, Event::WouldBlockWrite);
                take(connection, Event::NeedsWorker);
                return in_progress(exchange, true), Turn::Worker;
            case Sent::Suspended:
                take(connection, Event::Suspend);
                connection.deadline = resume_at_;
                return in_progress(exchange, true), Turn::Suspend;
            case Sent::Budget:
                return in_progress(exchange, true), Turn::Again;
            case Sent::Broken:
                abandon(connection, exchange);
                take(connection, Event::Error);
                return Turn::Finished;
        }
        if (exchange.due != Due::Nothing || exchange.closing)
            return after_flush(connection, exchange);
        in_progress(exchange, false);
        // The tail just ended, or the budget did; the next request may be buffered already.
        const bool budget_left = requests_left_ > 0 && output_left_ > 0;
        if (took == Took::Stop && budget_left) continue;
        if (!budget_left && !exchange.input.empty())
            return in_progress(exchange, true), Turn::Again;
        await_input(connection, exchange);
        if (part_ == Part::Worker || !connection.readable) return Turn::ReadMore;
        switch (receive(connection, exchange)) {
            case Got::Bytes:
                break;
            case Got::Nothing:
                return Turn::ReadMore;
            case Got::Gone:
                return Turn::Finished;
        }
    }
}

// The gauge of requests in progress: what does not end within one turn is counted.
void Driver::in_progress(Exchange& exchange, bool is) {
    if (is == exchange.counted) return;
    commons_.score.status().in_progress.fetch_add(is ? 1 : -1, std::memory_order_relaxed);
    exchange.counted = is;
}

Turn Driver::after_flush(Connection& connection, Exchange& exchange) {
    if (exchange.due == Due::Handler) {
        if (connection.state == State::Writing) take(connection, Event::FlushedPipelined);
        take(connection, Event::NeedsWorker);
        in_progress(exchange, true);
        return Turn::Worker;
    }
    return finish(connection, exchange);
}

Turn Driver::work(Connection& connection, Exchange& exchange) {
    job_ = {};
    handled_ = now_;
    for (int requests = 0;; ++requests) {
        take(connection, Event::WorkerTook);
        if (const auto parked = run_due(connection, exchange)) return *parked;
        const Turn turn = advance(connection, exchange);
        // Another request of the same client needs a worker: we are one, but not for him alone.
        const bool goes_on = turn == Turn::Worker && part_ == Part::Worker;
        if (!goes_on || requests == kRequestsPerTurn) return turn;
    }
}

// Runs the handler that is due, when the body that it wants is whole.
std::optional<Turn> Driver::run_due(Connection& connection, Exchange& exchange) {
    if (exchange.due != Due::Handler) return std::nullopt;
    if (exchange.wanted_body) {
        switch (gather(connection, exchange)) {
            case Gathered::Whole:
                break;
            case Gathered::NotYet:
                bound_reading(connection, exchange);
                in_progress(exchange, true);
                return exchange.output.empty() ? Turn::ReadMore : Turn::WriteMore;
            case Gathered::Refused:
                return std::nullopt;
            case Gathered::Gone:
                return Turn::Finished;
        }
    }
    run_handler(connection, exchange);
    return std::nullopt;
}

// All responses are out and nobody has to act but the client.
void Driver::await_input(Connection& connection, Exchange& exchange) {
    const State state = connection.state;
    if (state == State::Reading || state == State::KeepAlive) return;
    if (!exchange.body.complete()) {
        if (state != State::Body) take(connection, Event::BodyAwaited);
        bound_reading(connection, exchange);
    } else if (exchange.input.empty()) {
        take(connection, Event::FlushedIdle);
    } else {
        take(connection, Event::FlushedPipelined);
    }
}

Driver::Got Driver::receive(Connection& connection, Exchange& exchange) {
    constexpr std::size_t kReadSize = 4096;
    if (exchange.input.empty()) {
        exchange.began = now_;
        exchange.has_head = false;
    }
    const std::span<char> room = exchange.input.room(kReadSize);
    const net::Io io = connection.stream.read(room);
    switch (io.want) {
        case net::Want::Nothing:
            break;
        case net::Want::Read:
        case net::Want::Write:
            connection.readable = false;
            return Got::Nothing;
        case net::Want::End:
            connection.readable = false;
            abandon(connection, exchange);
            take(connection, Event::PeerClosed);
            return Got::Gone;
        case net::Want::Failed:
            abandon(connection, exchange);
            take(connection, Event::Error);
            return Got::Gone;
    }
    // A short read has emptied the socket; edge-triggered epoll tells of everything that comes
    // later.
    connection.readable = io.bytes == room.size() || connection.hung_up;
    exchange.input.filled(io.bytes);
    connection.bytes_in += io.bytes;
    add(commons_.score.status().bytes_in, io.bytes);
    if (!exchange.body.complete()) exchange.body_received += io.bytes;
    if (connection.state == State::KeepAlive || connection.state == State::Body)
        take(connection, Event::InputArrived);
    bound_reading(connection, exchange);
    return Got::Bytes;
}

Turn Driver::finish(Connection& connection, Exchange& exchange) {
    mpm::ClosingFacts facts;
    facts.client_asked = exchange.client_asked;
    facts.request_read_whole = exchange.body.complete() && !exchange.rejected;
    facts.unread_input = false;
    // The kernel is asked only when its answer decides.
    if (mpm::may_close_at_once(facts))
        facts.unread_input = !exchange.input.empty() || connection.stream.unread() > 0;
    in_progress(exchange, false);
    if (mpm::may_close_at_once(facts))
        take(connection, Event::FlushedDone);
    else
        part(connection, Event::FlushedClose);
    return Turn::Finished;
}

void Driver::part(Connection& connection, Event event) {
    if (connection.stream.shut_writing().want == net::Want::Failed) event = Event::Error;
    take(connection, event);
}

void Driver::drain_input(Connection& connection, std::span<char> scratch) {
    for (std::size_t drained = 0; drained < kOutputPerTurn;) {
        const net::Io io = connection.stream.read(scratch);
        if (io.want == net::Want::Read) {
            connection.readable = false;
            return;
        }
        if (io.want != net::Want::Nothing) {
            take(connection, io.want == net::Want::End ? Event::PeerClosed : Event::Error);
            return;
        }
        drained += io.bytes;
        connection.bytes_in += io.bytes;
    }
    connection.readable = true;  // a client that never stops: go on after the others
}

void Driver::abandon(Connection& connection, Exchange& exchange) {
    if (exchange.due == Due::Tail) complete(connection, exchange, true);
    in_progress(exchange, false);
    exchange.due = Due::Nothing;
}

}  // namespace mpmd::child
