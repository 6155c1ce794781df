// Listener: who comes in, who has to go, and the way out.

#include <algorithm>
#include <cstring>

#include <sys/socket.h>

#include "daemon/child/listener.h"
#include "daemon/mpm/quota.h"
#include "daemon/mpm/shedding.h"

namespace mpmd::child {

using mpm::Event;
using mpm::State;

namespace {

// A client that was accepted a moment ago is about to send a request that may need a worker: for
// so long it holds one back, or a burst would be accepted by children that cannot serve it.
constexpr Milliseconds kReservation{50};
// At the connection limit we look at the kernel's queue so often, and act when somebody was in it
// at each of so many looks: a queue that a sibling serves is empty now and then.
constexpr Milliseconds kQuietLook{100};
constexpr Milliseconds kLook{25};
constexpr int kLooks = 8;
constexpr Milliseconds kFirstPause{100};
constexpr Milliseconds kLongestPause{1000};
// A draining child waits so long for the first byte on a connection that it has accepted.
constexpr Seconds kFreshGrace{5};

std::uint64_t network_of(const net::Address& peer) {
    std::uint64_t network = 0;
    std::memcpy(&network, peer.bytes().data(), peer.family() == AF_INET ? 3 : 8);
    return network;
}

}  // namespace

void Listener::answer_door(std::size_t socket) {
    int accepted = 0;
    for (int tries = 0; door_.is_open() && tries < kAcceptsPerWakeup; ++tries) {
        if (room() <= 0) break;
        Guest guest;
        const Knock knock = door_.accept(socket, guest);
        if (knock == Knock::Nobody) break;
        if (knock == Knock::Passing) continue;
        if (knock == Knock::Shortage || knock == Knock::Unusable) {
            // E-9: waiting helps, dying would not. The oldest idle clients make way.
            add(status_.accept_errors);
            pause_ = std::clamp<Nanoseconds>(2 * pause_, kFirstPause, kLongestPause);
            paused_until_ = driver_.now() + pause_;
            commons_.log.say(log::Level::Alert, "mpm_event",
                             "cannot accept: {}; not accepting for {} ms (raise the limit of open "
                             "files?)",
                             std::strerror(guest.os_errno),
                             std::chrono::duration_cast<Milliseconds>(pause_).count());
            if (Connection* oldest = parked_.keep_alives().oldest()) part(*oldest, Event::Shed);
            break;
        }
        pause_ = {};
        ++accepted;
        ++accepted_;
        bump(status_.accepted);
        set_buffers(guest.fd.get(), driver_.live());
        make_row();
        welcome(std::move(guest), socket);
    }
    if (accepted > 0) door_.step_back(socket, accepted);
}

mpm::AdmissionCounts Listener::counts() const {
    mpm::AdmissionCounts counts;
    counts.idle_workers = ways_.ready.idle();
    counts.open = slab_.open();
    counts.lingering = lingering_;
    counts.threads = commons_.threads;
    counts.factor_micro = driver_.live().async_factor_micro;
    // Without the hysteresis of E-10: our door closes before anybody is refused, also for the
    // moment in which a worker is busy with the newest client, and opening it again costs less than
    // 1 us.
    return counts;
}

// Connections accepted a moment ago that have not sent a whole request yet, as far as it matters.
std::int64_t Listener::reserved() const {
    const std::int64_t enough = ways_.ready.idle();
    std::int64_t count = 0;
    const ConnectionList& heads = const_cast<Listener*>(this)->parked_.heads();
    for (const Connection* c = heads.newest(); c != nullptr && count < enough;
         c = heads.before(*c)) {
        if (driver_.now() - c->since >= kReservation) break;
        if (c->requests == 0) ++count;
    }
    return count;
}

// How many may come in now.
std::int64_t Listener::room() {
    mpm::AdmissionCounts now = counts();
    if (now.idle_workers <= 0 || now.idle_workers <= reserved()) return 0;
    std::int64_t room = mpm::room(now);
    if (const auto left = mpm::quota_left(accepted_, connection_quota_))
        room = std::min(room, *left);
    if (slab_.open() >= slab_.rows() && lingering_ == 0) room = 0;
    return room;
}

// When the last rows are used, the oldest connection that only waits for the client's FIN goes.
void Listener::make_row() {
    const std::uint32_t used = slab_.open();
    const std::uint32_t last = std::max<std::uint32_t>(slab_.rows() / 20, 1);
    if (used + last < slab_.rows()) return;
    if (Connection* oldest = parked_.lingering().oldest()) {
        driver_.take(*oldest, Event::Shed);
        close(*oldest);
    }
}

// Opens or closes the door as admission says, at the end of each wake-up.
void Listener::tend_door() {
    const MonoTime now = driver_.now();
    if (paused_until_ != MonoTime{} && now >= paused_until_) paused_until_ = {};
    next_shed_ = {};
    const bool wanted = commons_.orders.accepting() && !draining_ && paused_until_ == MonoTime{};
    const mpm::AdmissionCounts seen = counts();
    const bool free = room() > 0;
    if (wanted && free) {
        ways_.door_waits.store(false, std::memory_order_relaxed);
        door_.open();
        looks_ = 0;
    } else {
        if (!wanted && door_.is_open() && paused_until_ == MonoTime{}) {
            // By order: whoever knocked while we still listened is let in.
            close_door_for_good();
        }
        door_.close();
        if (wanted) {
            ways_.door_waits.store(true, std::memory_order_seq_cst);
            shed(mpm::admit(seen));
            // A worker may have become idle between the count and the flag.
            if (ways_.ready.idle() > seen.idle_workers) next_shed_ = now;
        }
    }
    status_.accepting.store(door_.is_open() ? 1 : 0, std::memory_order_relaxed);
    if (door_.is_open()) {
        door_told_closed_ = false;
    } else if (!wanted && paused_until_ == MonoTime{} && !door_told_closed_) {
        door_told_closed_ = true;
        reports_.raise(Reports::kStoppedAccepting);
    }
}

void Listener::close_door_for_good() {
    door_.close();
    const bool quota_used = connection_quota_ > 0 && accepted_ >= connection_quota_;
    for (std::size_t socket = 0; !quota_used && socket < door_.sockets(); ++socket) {
        Guest guest;
        while (slab_.open() < slab_.rows()) {
            const Knock knock = door_.accept(socket, guest);
            if (knock == Knock::Passing) continue;
            if (knock != Knock::Client) break;
            ++accepted_;
            bump(status_.accepted);
            welcome(std::move(guest), socket);
        }
    }
}

// E-14 c, d, e: at the connection limit idle clients make way for new ones.
void Listener::shed(mpm::Admission why) {
    if (why != mpm::Admission::ConnectionLimit) {
        if (reserved() > 0) next_shed_ = driver_.now() + kReservation / 2;
        return;
    }
    const mpm::ShedAges ages{Milliseconds(driver_.live().keep_alive_shed_age_ms),
                             Milliseconds(driver_.live().head_shed_age_ms)};
    if (ages.keep_alive <= Nanoseconds::zero() && ages.head <= Nanoseconds::zero()) return;
    const std::size_t waiting = waiting_for_us();
    if (waiting > 0) make_room(waiting, ages);
}

std::size_t Listener::waiting_for_us() {
    const MonoTime now = driver_.now();
    next_shed_ = next_look_;
    if (now < next_look_) return 0;
    const std::size_t waiting = door_.waiting();
    next_shed_ = next_look_ = now + (waiting > 0 ? kLook : kQuietLook);
    fewest_waiting_ = looks_ == 0 ? waiting : std::min(fewest_waiting_, waiting);
    looks_ = waiting > 0 ? looks_ + 1 : 0;
    return looks_ >= kLooks ? fewest_waiting_ : 0;
}

void Listener::make_room(std::size_t clients, const mpm::ShedAges& ages) {
    const MonoTime now = driver_.now();
    std::vector<Connection*> heads;
    std::vector<mpm::HalfHead> half_heads;
    for (Connection* c = parked_.heads().oldest(); c != nullptr; c = parked_.heads().after(*c)) {
        heads.push_back(c);
        half_heads.push_back({c->since, network_of(c->peer)});
    }
    std::size_t needed = clients;
    for (const std::size_t position : mpm::heads_to_shed(half_heads, now, ages.head, needed)) {
        add(status_.shed_head);
        part(*heads[position], Event::Shed);
        --needed;
    }
    while (needed > 0) {
        Connection* oldest = parked_.keep_alives().oldest();
        if (oldest == nullptr || ages.keep_alive <= Nanoseconds::zero() ||
            now - oldest->since < ages.keep_alive)
            break;
        --needed;
        if (still_readable(*oldest)) continue;
        add(status_.shed_keep_alive);
        part(*oldest, Event::Shed);
    }
    if (needed < clients) next_shed_ = now;  // look at the door at once
}

void Listener::check_quotas() {
    if (connection_quota_ == 0 && request_quota_ == 0) return;
    const auto served =
        static_cast<std::int64_t>(status_.requests_on_listener.load(std::memory_order_relaxed) +
                                  status_.requests_on_workers.load(std::memory_order_relaxed));
    const mpm::QuotaStep step = std::max(mpm::quota_step(accepted_, connection_quota_),
                                         mpm::quota_step(served, request_quota_));
    if (step == mpm::QuotaStep::Serve) return;
    if (!near_quota_told_ && !draining_) {
        near_quota_told_ = true;
        reports_.raise(Reports::kNearQuota);
    }
    if (step != mpm::QuotaStep::StopAccepting || commons_.orders.draining()) return;
    const config::LiveSettings& live = driver_.live();
    std::optional<MonoTime> deadline;
    if (live.child_drain_timeout_ms > 0)
        deadline = driver_.now() + Milliseconds(live.child_drain_timeout_ms);
    commons_.orders.drain(deadline, Milliseconds(live.drain_keep_alive_grace_ms));
    driver_.begin(driver_.now());
    begin_drain();
}

void Listener::begin_drain() {
    draining_ = true;
    if (door_.is_open()) close_door_for_good();
    door_.leave();
    status_.draining.store(1, std::memory_order_relaxed);
    status_.accepting.store(0, std::memory_order_relaxed);
    reports_.raise(Reports::kDraining);
    ways_.ready.announce();
    for (Connection* c = parked_.keep_alives().oldest(); c != nullptr;
         c = parked_.keep_alives().after(*c)) {
        driver_.take(*c, Event::Drain);
        parked_.arm(*c);
    }
    for (Connection* c = parked_.lingering().oldest(); c != nullptr;
         c = parked_.lingering().after(*c)) {
        driver_.take(*c, Event::Drain);
        parked_.arm(*c);
    }
    for (Connection* c = parked_.heads().oldest(); c != nullptr; c = parked_.heads().after(*c)) {
        if (c->exchange) continue;  // it has begun: its own deadline holds
        c->deadline = std::min(c->deadline.value_or(MonoTime::max()), driver_.now() + kFreshGrace);
        parked_.arm(*c);
    }
}

}  // namespace mpmd::child
