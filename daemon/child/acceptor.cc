#include "daemon/child/acceptor.h"

#include <algorithm>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>

#include "daemon/mpm/connection_state.h"
#include "daemon/os/clock.h"

namespace mpmd::child {

using log::Level;

namespace {

constexpr Seconds kHeartbeat{1};
constexpr std::uint64_t kBellKey = 1;
constexpr std::uint64_t kFirstDoorKey = 2;

}  // namespace

Acceptor::Acceptor(const Parts& parts)
    : commons_(parts.commons),
      ways_(parts.ways),
      reports_(parts.reports),
      turn_(parts.turn),
      nudges_(parts.nudges),
      status_(commons_.score.status()),
      slab_(parts.heritage.shape.connections),
      door_(ways_.poller, parts.heritage.listeners, kFirstDoorKey),
      busy_(os::mono_now()),
      now_(os::mono_now()),
      shortage_(status_, commons_.log, reports_, {"mpm_worker", "accepting pauses"}),
      last_descriptors_(descriptors_for_clients(commons_.threads)),
      quotas_(parts.heritage.uid, status_, reports_),
      drain_(status_, commons_.orders, ways_.ready, reports_) {
    closed_told_ = parts.heritage.held;  // a held successor has not stopped: it has not begun
    polled_.push_back({ways_.listener_bell.fd(), POLLIN, 0});
    for (const net::ListenSocket& socket : parts.heritage.listeners)
        polled_.push_back({socket.fd(), POLLIN, 0});
}

// ---- the loop
// ----------------------------------------------------------------------------------

void Acceptor::run() {
    while (!finished())
        round();
    close_door();
    status_.accepting.store(0, std::memory_order_relaxed);
    if (slab_.open() > 0) commons_.orders.stop();  // the drain limit has passed: nobody waits
    reports_.raise(failed_ ? Reports::kSick : Reports::kListenerEnded);
}

void Acceptor::round() {
    take_back();
    obey_orders();
    if (quotas_.used_up(drain_.begun())) retire();
    const bool wanted = wants_guests();
    const bool free = wanted && worker_idle() && descriptors_left() && quotas_.may_accept();
    status_.accepting.store(free ? 1 : 0, std::memory_order_relaxed);
    if (wanted) closed_told_ = false;
    if (!free)
        rest();
    else if (turn_ == nullptr)
        serve_door();
    else
        serve_turn();
}

bool Acceptor::finished() {
    if (drain_.begun()) take_back();
    return failed_ || drain_.over(slab_.open(), now_);
}

// Closed connections come back from the workers: their rows are free.
void Acceptor::take_back() {
    Connection* next = ways_.parked.take_all();
    while (next != nullptr) {
        Connection& connection = *next;
        next = connection.next_in_queue;
        connection.readable = connection.hung_up = false;
        connection.deadline.reset();
        connection.bytes_in = connection.bytes_out = 0;
        slab_.give_back(connection);
    }
}

void Acceptor::obey_orders() {
    if (commons_.orders.refresh(live_, version_)) {
        quotas_.set(live_);
        for (const os::EventFd& nudge : nudges_)
            nudge.ring();
    }
    if (drain_.ordered() && !drain_.begun()) begin_drain();
}

bool Acceptor::wants_guests() {
    shortage_.tend(now_);
    return commons_.orders.accepting() && !drain_.begun() && !shortage_.paused_until(now_);
}

// W-1: only we push, so an idle worker that we have seen stays reserved. None: the next one that
// becomes idle rings.
bool Acceptor::worker_idle() {
    if (ways_.ready.idle() > 0) return true;
    ways_.door_waits.store(true, std::memory_order_seq_cst);
    return ways_.ready.idle() > 0;
}

// E-9: the last ones are not for clients, workers open files and start scripts with them. Asked
// only once an accept has come near: the kernel gives the lowest number, so a copy of any
// descriptor tells how many are in use. Whoever closes a connection rings, as for a worker.
bool Acceptor::descriptors_left() {
    if (!near_last_descriptor_ || slab_.open() == 0) return true;
    ways_.door_waits.store(true, std::memory_order_seq_cst);
    const os::UniqueFd probe(::fcntl(ways_.listener_bell.fd(), F_DUPFD_CLOEXEC, 0));
    near_last_descriptor_ = !probe || probe.get() + 1 >= last_descriptors_;
    if (probe && probe.get() < last_descriptors_) return true;
    shortage_.met(EMFILE, now_);
    return false;
}

void Acceptor::retire() {
    if (drain_.retire(live_, now_)) obey_orders();
}

// W-6: nobody is interrupted. A thread in K leaves at KeepAliveTimeout, or after one more request.
void Acceptor::begin_drain() {
    close_door_for_good();
    door_.leave();
    polled_.resize(1);
    drain_.begin(now_);
}

// ---- the door
// ----------------------------------------------------------------------------------

// Nobody may come in now.
void Acceptor::rest() {
    const bool by_order = !commons_.orders.accepting() || drain_.begun();
    if (by_order)
        close_door_for_good();
    else
        close_door();
    if (by_order && !std::exchange(closed_told_, true)) reports_.raise(Reports::kStoppedAccepting);
    if (!finished()) wait({polled_.data(), 1});
}

// A client for whom we were woken would wait for the next one (decisions.md 2).
void Acceptor::close_door_for_good() {
    const bool was_open = door_.is_open();
    close_door();
    for (std::size_t socket = 0; was_open && socket < door_.sockets(); ++socket)
        while (ways_.ready.idle() > 0 && descriptors_left() && quotas_.may_accept() &&
               accept_one(socket)) {
        }
}

void Acceptor::close_door() {
    door_.close();
    if (turn_ != nullptr) turn_->release();
}

// One listening socket: woken for a client of our own, we accept as long as workers are idle.
void Acceptor::serve_door() {
    door_.open();
    const MonoTime from = os::mono_now();
    const auto events = ways_.poller.wait(events_, patience());
    after_wait(from);
    const bool look = now_ >= next_look_;
    if (look) next_look_ = now_ + kHeartbeat;
    std::uint64_t knocked = look ? ~std::uint64_t{0} : 0;
    for (const epoll_event& event : events) {
        if (event.data.u64 == kBellKey)
            ways_.listener_bell.clear();
        else
            knocked |= std::uint64_t{1} << ((event.data.u64 - kFirstDoorKey) % 64);
    }
    if (knocked == 0 || !wants_guests()) return;
    for (std::size_t socket = 0; socket < door_.sockets() && wants_guests(); ++socket)
        if ((knocked >> (socket % 64) & 1U) != 0) answer_door(socket);
}

void Acceptor::answer_door(std::size_t socket) {
    int accepted = 0;
    while (accepted < kAcceptsPerWakeup && ways_.ready.idle() > 0 && descriptors_left() &&
           quotas_.may_accept() && accept_one(socket))
        ++accepted;
    if (accepted > 0) door_.step_back(socket, accepted);
}

void Acceptor::serve_turn() {
    switch (turn_->ask()) {
        case AcceptTurn::State::Failed:
            return mutex_failed();
        case AcceptTurn::State::Waiting:
            return wait({polled_.data(), 1});
        case AcceptTurn::State::Held:
            break;
    }
    if (const std::uint64_t recovered = turn_->recovered(); recovered != recovered_) {
        recovered_ = recovered;
        commons_.log.say(Level::Notice, "mpm_worker",
                         "the child that held the accept mutex died; this one goes on with it");
    }
    wait(polled_);
    if (!wants_guests()) return;
    const std::size_t sockets = polled_.size() - 1;
    for (std::size_t i = 0; i < sockets; ++i) {
        const std::size_t socket = (next_socket_ + i) % sockets;
        if (polled_[socket + 1].revents == 0) continue;
        next_socket_ = socket + 1;
        static_cast<void>(accept_one(socket));
        return turn_->release();
    }
}

// W-7
void Acceptor::mutex_failed() {
    const std::string why = turn_->error().message;
    if (quotas_.clients() == 0) {
        commons_.log.say(Level::Emerg, "mpm_worker", "the accept mutex does not work: {}", why);
        failed_ = true;
        return;
    }
    commons_.log.say(Level::Emerg, "mpm_worker",
                     "the accept mutex has failed: {}; this child finishes what it has", why);
    retire();
}

// True: somebody came in and has a worker.
bool Acceptor::accept_one(std::size_t socket) {
    Guest guest;
    Knock knock = Knock::Passing;
    for (int tries = 0; knock == Knock::Passing && tries < kAcceptsPerWakeup; ++tries)
        knock = door_.accept(socket, guest);
    if (knock == Knock::Gone) {
        polled_[socket + 1].fd = -1;
        return false;
    }
    // Nothing but errors that pass is no reason to try again at once, either.
    if (knock == Knock::Unusable)
        socket_lost(guest.os_errno);
    else if (knock != Knock::Client && knock != Knock::Nobody)
        accept_failed(guest.os_errno);
    if (knock != Knock::Client) return false;
    if (guest.fd.get() + 2 >= last_descriptors_) near_last_descriptor_ = true;
    shortage_.accepted();
    quotas_.count_client();
    bump(status_.accepted);
    set_buffers(guest.fd.get(), live_);
    take_back();
    Connection* connection = slab_.take();
    CHECK(connection != nullptr);  // a row for each worker, and one is idle
    connection->number = next_number_++;
    connection->peer = guest.peer;
    connection->stream = net::PlainStream(std::move(guest.fd));
    connection->state = mpm::kAccepted.state;
    connection->since = now_;
    const std::int64_t head =
        live_.request_read_timeout_ms > 0 ? live_.request_read_timeout_ms : live_.timeout_ms;
    connection->deadline = now_ + Milliseconds(head);
    connection->readable = true;  // many clients have sent their request by now
    connection->requests = 0;
    connection->local.reset();
    commons_.score.opened(*connection, door_.address(socket), now_);
    status_.queued.fetch_add(1, std::memory_order_relaxed);
    ways_.ready.push(*connection);
    return true;
}

// E-9: waiting helps, dying would not.
void Acceptor::accept_failed(int os_errno) {
    shortage_.pause(now_);
    shortage_.met(os_errno, now_);
}

// E-9: no pause brings the network or the socket back.
void Acceptor::socket_lost(int os_errno) {
    if (drain_.ordered()) return;
    commons_.log.say(Level::Emerg, "mpm_worker", "accept: {}; this child retires",
                     std::strerror(os_errno));
    retire();
}

// ---- waiting
// -----------------------------------------------------------------------------------

Nanoseconds Acceptor::patience() const {
    MonoTime until = now_ + kHeartbeat;
    if (const auto pause = shortage_.paused_until(now_)) until = std::min(until, *pause);
    if (const auto deadline = commons_.orders.drain_deadline()) until = std::min(until, *deadline);
    return std::max(Nanoseconds(until - os::mono_now()), Nanoseconds::zero());
}

void Acceptor::wait(std::span<pollfd> wanted) {
    const MonoTime from = os::mono_now();
    const std::int64_t ns = patience().count();
    const timespec left{ns / 1'000'000'000, ns % 1'000'000'000};
    if (::ppoll(wanted.data(), wanted.size(), &left, nullptr) <= 0)
        for (pollfd& each : wanted)
            each.revents = 0;
    if (wanted.front().revents != 0) ways_.listener_bell.clear();
    after_wait(from);
}

void Acceptor::after_wait(MonoTime from) {
    now_ = os::mono_now();
    status_.heartbeat_ns.store(static_cast<std::uint64_t>(to_ns(now_)), std::memory_order_relaxed);
    if (const auto permille = busy_.waited(from, now_))
        status_.listener_busy_permille.store(*permille, std::memory_order_relaxed);
}

}  // namespace mpmd::child
