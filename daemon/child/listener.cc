#include "daemon/child/listener.h"

#include <algorithm>

#include <sys/epoll.h>

#include "daemon/child/busy_meter.h"
#include "daemon/os/clock.h"

namespace mpmd::child {

using mpm::Event;
using mpm::State;

namespace {

constexpr Seconds kHeartbeat{1};
constexpr std::size_t kSmallInput = 1024;  // for half a head

}  // namespace

Listener::Listener(const Commons& commons,
                   Ways& ways,
                   handlers::Router& router,
                   Heritage& heritage,
                   Reports& reports)
    : commons_(commons),
      ways_(ways),
      router_(router),
      reports_(reports),
      status_(commons.score.status()),
      driver_(commons, -1, Part::Listener),
      slab_(heritage.shape.connections),
      parked_(os::mono_now()),
      door_(ways.poller, heritage.listeners, kFirstDoorKey),
      scratch_(std::make_unique<Exchange>(kInputCapacity)),
      quotas_(heritage.uid, status_, reports),
      drain_(status_, commons.orders, ways.ready, reports),
      shortage_(status_,
                commons.log,
                reports,
                {"mpm_event", "accepting pauses and idle connections make way"}),
      last_descriptors_(descriptors_for_clients(commons.threads)) {
    door_told_closed_ = heritage.held;  // a held successor has not stopped: it has not begun
}

// ---- the loop
// ----------------------------------------------------------------------------------

void Listener::run() {
    MonoTime now = os::mono_now();
    BusyMeter busy(now);
    driver_.begin(now);
    apply_live();
    tend_door();
    while (!finished()) {
        const MonoTime until = sleep_until();
        ways_.parked.going_to_sleep(until);
        const MonoTime slept_from = os::mono_now();
        driver_.account_answers(slept_from);
        const bool at_once = !run_list_.empty() || !ways_.parked.empty();
        const auto events = ways_.poller.wait(
            events_, at_once ? Nanoseconds::zero() : Nanoseconds(until - slept_from));
        ways_.parked.awake();
        now = os::mono_now();
        status_.heartbeat_ns.store(static_cast<std::uint64_t>(to_ns(now)),
                                   std::memory_order_relaxed);
        status_.listener_state.store(static_cast<int>(scoreboard::WorkerState::Writing),
                                     std::memory_order_relaxed);
        if (const auto permille = busy.waited(slept_from, now))
            status_.listener_busy_permille.store(*permille, std::memory_order_relaxed);
        driver_.begin(now);
        wake_up(events);
        status_.listener_state.store(static_cast<int>(scoreboard::WorkerState::Ready),
                                     std::memory_order_relaxed);
    }
    door_.close();
    status_.accepting.store(0, std::memory_order_relaxed);
    driver_.access_log().flush();
    if (slab_.open() > 0) commons_.orders.stop();  // the drain limit has passed: nobody waits
    reports_.raise(Reports::kListenerEnded);
}

void Listener::wake_up(std::span<const epoll_event> events) {
    const MonoTime now = driver_.now();
    const bool look = now >= next_door_look_;
    if (look) next_door_look_ = now + kHeartbeat;
    for (std::size_t socket = 0; look && socket < door_.sockets(); ++socket)
        answer_door(socket);
    for (const epoll_event& event : events) {
        const std::uint64_t key = event.data.u64;
        if (key >= kFirstDoorKey && key < kFirstDoorKey + door_.sockets())
            answer_door(key - kFirstDoorKey);
        else if (key == kBellKey)
            ways_.listener_bell.clear();
    }
    take_back();
    obey_orders();
    for (const epoll_event& event : events)
        if (event.data.u64 >= kFirstDoorKey + door_.sockets())
            on_event(*reinterpret_cast<Connection*>(event.data.u64), event.events);
    take_back();
    run_listed();
    parked_.expire(now, [this](Connection& connection) { on_deadline(connection); });
    parked_.call_again(now, [this](Connection& connection) {
        driver_.take(connection, Event::Deadline);
        hand_over(connection);
    });
    if (quotas_.used_up(drain_.begun())) retire();
    tend_door();
    driver_.access_log().flush();
}

MonoTime Listener::sleep_until() const {
    MonoTime until = driver_.now() + kHeartbeat;
    if (const auto next = parked_.next_wakeup()) until = std::min(until, *next);
    if (next_shed_ != MonoTime{}) until = std::min(until, next_shed_);
    if (const auto pause = shortage_.paused_until(driver_.now())) until = std::min(until, *pause);
    if (awaited_ > 0) until = std::min(until, driver_.now() + Milliseconds(1));
    if (const auto deadline = commons_.orders.drain_deadline()) until = std::min(until, *deadline);
    return until;
}

void Listener::obey_orders() {
    if (driver_.live_version() != applied_version_) apply_live();
    if (drain_.ordered() && !drain_.begun()) begin_drain();
}

// IMMEDIATE values also hold for connections that are open already.
void Listener::apply_live() {
    applied_version_ = driver_.live_version();
    const config::LiveSettings& live = driver_.live();
    quotas_.set(live);
    router_.set_file_cache_check(Milliseconds(live.file_cache_check_ms));
    std::vector<std::unique_ptr<Exchange>> spare;
    spare.swap(spare_);
    for (std::unique_ptr<Exchange>& exchange : spare)
        keep_spare(std::move(exchange));
    // DrainKeepAliveGrace counts from the order to drain.
    const MonoTime latest =
        drain_.begun() ? drain_.began() + driver_.deadlines().drain_grace : MonoTime::max();
    for (Connection* c = parked_.keep_alives().oldest(); c != nullptr;
         c = parked_.keep_alives().after(*c)) {
        c->deadline = std::min(c->since + driver_.deadlines().keep_alive, latest);
        parked_.arm(*c);
    }
    if (drain_.begun()) return;
    for (Connection* c = parked_.heads().oldest(); c != nullptr; c = parked_.heads().after(*c)) {
        c->deadline = driver_.head_deadline(*c, c->exchange.get());
        parked_.arm(*c);
    }
}

bool Listener::finished() {
    return drain_.over(slab_.open(), driver_.now());
}

// ---- connections
// -------------------------------------------------------------------------------

void Listener::welcome(Guest guest, std::size_t socket) {
    Connection* connection = slab_.take();
    if (connection == nullptr) return;  // room() has seen to it that there is a row
    connection->number = next_number_++;
    connection->peer = guest.peer;
    connection->stream = net::PlainStream(std::move(guest.fd));
    connection->state = mpm::kAccepted.state;
    connection->since = driver_.now();
    connection->deadline = driver_.now() + driver_.deadlines().head;
    connection->readable = true;  // most clients have sent their request by now
    connection->requests = 0;
    connection->local.reset();
    commons_.score.opened(*connection, door_.address(socket), driver_.now());
    step(*connection);
}

void Listener::on_event(Connection& connection, std::uint32_t events) {
    if (connection.number == 0) return;  // closed earlier in this wake-up
    if (connection.with_worker) {
        // Before the worker has armed epoll this is an old edge, which arming repeats. After that
        // it is the only one; the worker is about to push the connection.
        if (connection.parking.load(std::memory_order_acquire) && !connection.missed) {
            connection.missed = true;
            ++awaited_;
        }
        return;
    }
    connection.readable = true;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) connection.hung_up = true;
    step(connection);
}

void Listener::step(Connection& connection) {
    if (connection.state == State::Lingering) {
        driver_.drain_input(connection, scratch_->input.room(kInputCapacity));
        if (connection.state == State::Closed) return close(connection);
        if (connection.readable) run_list_.push_back(&connection);
        return;
    }
    Exchange& exchange = connection.exchange ? *connection.exchange : *scratch_;
    settle_turn(connection, exchange, driver_.advance(connection, exchange));
}

void Listener::settle_turn(Connection& connection, Exchange& exchange, Turn turn) {
    if (exchange.shrunk) {
        exchange.shrunk = false;
        router_.forget(exchange.request);
        commons_.log.say(log::Level::Error, "core", "a file became shorter while it was sent: {}",
                         exchange.request.target);
    }
    if (http::Handler::Knowledge again = router_.take_recheck())
        ways_.ready.push_recheck(std::move(again));
    switch (turn) {
        case Turn::ReadMore:
        case Turn::WriteMore:
        case Turn::Suspend:
            watch(connection, turn == Turn::WriteMore);
            settle(connection, exchange.has_head ? &exchange : nullptr);
            keep_exchange(connection, exchange);
            break;
        case Turn::Again:
            keep_exchange(connection, exchange);
            parked_.forget(connection);
            run_list_.push_back(&connection);
            break;
        case Turn::Worker:
            keep_exchange(connection, exchange);
            hand_over(connection);
            break;
        case Turn::Finished:
            if (connection.state == State::Lingering) {
                watch(connection, false);
                settle(connection, exchange.has_head ? &exchange : nullptr);
            }
            exchange.reset();
            release_exchange(connection);
            if (connection.state == State::Closed) close(connection);
            break;
    }
}

// The listener's own Exchange stays with a connection that still needs it; half a head moves into
// one of its own size.
void Listener::keep_exchange(Connection& connection, Exchange& exchange) {
    if (exchange.spent()) {
        if (connection.exchange) {
            exchange.reset();
            release_exchange(connection);
        }
        return;
    }
    if (connection.exchange) return;
    const bool only_input = exchange.output.empty() && exchange.due == Due::Nothing &&
                            exchange.body.complete() && !exchange.closing;
    if (!only_input || exchange.input.size() > kInputCapacity / 2) {
        connection.exchange = std::exchange(scratch_, fresh_exchange());
        return;
    }
    connection.exchange =
        std::make_unique<Exchange>(std::max(kSmallInput, 2 * exchange.input.size()));
    connection.exchange->input.append(exchange.input.unread());
    connection.exchange->parser = exchange.parser;
    connection.exchange->began = exchange.began;
    exchange.reset();
}

std::unique_ptr<Exchange> Listener::fresh_exchange() {
    if (spare_.empty()) return std::make_unique<Exchange>(kInputCapacity);
    auto exchange = std::move(spare_.back());
    spare_.pop_back();
    return exchange;
}

void Listener::release_exchange(Connection& connection) {
    keep_spare(std::move(connection.exchange));
}

// MaxMemFree: what one of them may cost; when it is limited, so is their number.
void Listener::keep_spare(std::unique_ptr<Exchange> exchange) {
    if (!exchange || exchange->input.capacity() < kInputCapacity) return;
    const std::int64_t limit = driver_.live().max_mem_free;
    if (limit > 0) {
        if (exchange->cost() > limit) exchange->output = OutputBuffer();
        if (exchange->cost() > limit || spare_.size() >= kept_arenas(commons_.threads)) return;
    }
    spare_.push_back(std::move(exchange));
}

void Listener::hand_over(Connection& connection) {
    connection.with_worker = true;
    connection.missed = false;
    parked_.lend(connection);
    commons_.score.show(connection, -1, driver_.now(), connection.exchange.get());
    status_.queued.fetch_add(1, std::memory_order_relaxed);
    ways_.ready.push(connection);
}

void Listener::take_back() {
    Connection* next = ways_.parked.take_all();
    while (next != nullptr) {
        Connection& connection = *next;
        next = connection.next_in_queue;
        connection.with_worker = false;
        connection.parking.store(false, std::memory_order_relaxed);
        if (std::exchange(connection.missed, false)) {
            --awaited_;
            connection.readable = true;
        }
        Exchange& exchange = *connection.exchange;
        for (const auto& learned : exchange.learned)
            router_.absorb(learned, driver_.now());
        exchange.learned.clear();
        if (exchange.shrunk) router_.forget(exchange.request);
        exchange.shrunk = false;
        if (connection.state == State::Closed) {
            exchange.reset();
            release_exchange(connection);
            close(connection);
            continue;
        }
        if (connection.state == State::Lingering) {
            exchange.reset();
            release_exchange(connection);
        } else if (exchange.spent()) {
            exchange.reset();
            release_exchange(connection);
        }
        if (connection.state == State::KeepAlive)  // the worker may not have heard of a change
            connection.deadline = connection.since + driver_.deadlines().keep_alive;
        const Exchange* parked = connection.exchange.get();
        settle(connection, parked != nullptr && parked->has_head ? parked : nullptr);
        if (connection.run_again || connection.readable) step(connection);
    }
    std::vector<http::Handler::Knowledge> rechecked;
    {
        const os::Lock lock(ways_.rechecked_mutex);
        rechecked.swap(ways_.rechecked);
    }
    for (const auto& learned : rechecked)
        router_.absorb(learned, driver_.now());
}

// Lists, timer and scoreboard follow the state. `request`: what the row should show, null: as it
// was.
void Listener::settle(Connection& connection, const Exchange* request) {
    if (drain_.begun() &&
        (connection.state == State::KeepAlive || connection.state == State::Lingering))
        driver_.take(connection, Event::Drain);
    parked_.settle(connection);
    commons_.score.show(connection, -1, driver_.now(), request);
    if (connection.state == State::Lingering && !connection.lingers) {
        connection.lingers = true;
        ++lingering_;
    }
}

void Listener::watch(Connection& connection, bool output) {
    if (connection.registered && (connection.watches_output || !output)) return;
    const auto key = reinterpret_cast<std::uint64_t>(&connection);
    const auto armed = connection.registered
                           ? ways_.poller.modify(connection.stream.fd(), interest(output), key)
                           : ways_.poller.add(connection.stream.fd(), interest(output), key);
    connection.registered = true;
    connection.watches_output = output;
    if (!armed)  // no memory in the kernel: its deadline will end it
        commons_.log.say(log::Level::Error, "mpm_event", "{}", armed.error().message);
}

void Listener::close(Connection& connection) {
    if (std::exchange(connection.lingers, false)) --lingering_;
    if (connection.exchange) {
        driver_.abandon(connection, *connection.exchange);
        connection.exchange->reset();
        release_exchange(connection);
    }
    parked_.forget(connection);
    connection.stream.close();  // nobody else holds the description: epoll forgets it by itself
    commons_.score.closed(connection);
    connection.readable = connection.hung_up = connection.registered = false;
    connection.watches_output = connection.run_again = false;
    connection.deadline.reset();
    connection.bytes_in = connection.bytes_out = 0;
    slab_.give_back(connection);
}

void Listener::run_listed() {
    std::vector<Connection*> listed;
    listed.swap(run_list_);
    for (Connection* connection : listed)
        if (connection->number != 0 && !connection->with_worker) step(*connection);
}

// The last look before our FIN: a request that has arrived is answered, not dropped (E-14 b).
bool Listener::still_readable(Connection& connection) {
    connection.readable = true;
    const std::uint64_t number = connection.number;
    const std::uint32_t requests = connection.requests;
    const std::uint64_t received = status_.bytes_in.load(std::memory_order_relaxed);
    step(connection);
    return connection.number != number || connection.with_worker ||
           connection.requests != requests ||
           status_.bytes_in.load(std::memory_order_relaxed) != received;
}

void Listener::part(Connection& connection, Event event) {
    driver_.part(connection, event);
    if (connection.exchange) {
        driver_.abandon(connection, *connection.exchange);
        connection.exchange->reset();
        release_exchange(connection);
    }
    if (connection.state == State::Closed) return close(connection);
    watch(connection, false);
    settle(connection, nullptr);
}

void Listener::on_deadline(Connection& connection) {
    if (connection.with_worker) {
        if (!ways_.ready.remove(connection)) return;  // a worker has it
        connection.with_worker = false;
        status_.queued.fetch_sub(1, std::memory_order_relaxed);
        add(status_.queue_timeouts);
        if (connection.requests > 0) add(status_.refused_on_keep_alive);
        const Turn turn =
            driver_.refuse(connection, *connection.exchange, Event::QueueExpired, 503);
        return settle_turn(connection, *connection.exchange, turn);
    }
    Exchange* exchange = connection.exchange.get();
    const bool received =
        exchange != nullptr && http::RequestParser::has_begun(exchange->input.unread());
    const bool gathering =
        connection.state == State::WaitIo && exchange != nullptr && exchange->wanted_body;
    switch (mpm::timeout_answer(connection.state, received || gathering, !gathering)) {
        case mpm::TimeoutAnswer::Answer408: {
            const Turn turn = driver_.refuse(connection, *exchange, Event::Rejected, 408);
            return settle_turn(connection, *exchange, turn);
        }
        case mpm::TimeoutAnswer::Answer503:  // Handling without a worker has no deadline
        case mpm::TimeoutAnswer::Close:
        case mpm::TimeoutAnswer::DropAborted:
            break;
    }
    if (connection.state == State::KeepAlive || connection.state == State::Reading)
        if (still_readable(connection)) return;
    if (connection.state == State::KeepAlive || connection.state == State::Body)
        return part(connection, Event::Deadline);
    driver_.take(connection, Event::Deadline);
    close(connection);
}

}  // namespace mpmd::child
