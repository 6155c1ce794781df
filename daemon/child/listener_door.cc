// Listener: who comes in, who has to go, and the way out.

#include <algorithm>
#include <cstring>

#include <sys/socket.h>

#include "daemon/child/listener.h"
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
constexpr Seconds kCrowd{1};
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
        if (room() <= 0 || shortage_.paused_until(driver_.now())) break;
        Guest guest;
        const Knock knock = door_.accept(socket, guest);
        if (knock == Knock::Nobody || knock == Knock::Gone) break;
        if (knock == Knock::Passing) {
            // One after the other, and never a client: something else is wrong, and trying again at
            // once would only burn a processor.
            if (tries + 1 == kAcceptsPerWakeup && accepted == 0) accept_failed(guest.os_errno);
            continue;
        }
        if (knock == Knock::Unusable) {
            commons_.log.say(log::Level::Emerg, "mpm_event", "accept: {}; this child retires",
                             std::strerror(guest.os_errno));
            retire();
            return;
        }
        if (knock == Knock::Shortage) {
            accept_failed(guest.os_errno);
            break;
        }
        shortage_.accepted();
        ++accepted;
        make_row();
        // The kernel gives the lowest number that is free: so many are in use.
        const std::int64_t used = guest.fd.get();
        if (used >= last_descriptors_) other_descriptors_ = used - slab_.open();
        let_in(std::move(guest), socket);
        keep_descriptors_back();
    }
    if (accepted > 0) door_.step_back(socket, accepted);
}

// E-9: waiting helps, dying would not. The oldest idle clients make way for those who wait.
void Listener::accept_failed(int os_errno) {
    constexpr std::size_t kMostAtOnce = 64;
    shortage_.met(os_errno, driver_.now());
    shortage_.pause(driver_.now());
    static_cast<void>(free_descriptors(std::clamp<std::size_t>(door_.waiting(), 1, kMostAtOnce)));
}

// The last descriptors are not for clients: workers open files and start scripts with them.
void Listener::keep_descriptors_back() {
    const std::int64_t excess = other_descriptors_ + slab_.open() - last_descriptors_ + 1;
    if (other_descriptors_ == 0 || excess <= 0) return;
    shortage_.met(EMFILE, driver_.now());
    if (free_descriptors(static_cast<std::size_t>(excess)) == 0) shortage_.pause(driver_.now());
}

// At once: without the lingering that a close otherwise gets. Returns how many.
std::size_t Listener::free_descriptors(std::size_t wanted) {
    const std::size_t lingered = end_lingering(wanted);
    wanted -= lingered;
    std::size_t shed = shed_heads(wanted, Milliseconds(driver_.live().head_shed_age_ms));
    shed += shed_keep_alives(wanted - shed, Nanoseconds(1));
    end_lingering(shed);
    return lingered + shed;
}

// Of those that only wait for the client's FIN, the oldest. Returns how many.
std::size_t Listener::end_lingering(std::size_t most) {
    std::size_t ended = 0;
    for (; ended < most; ++ended) {
        Connection* oldest = parked_.lingering().oldest();
        if (oldest == nullptr) break;
        driver_.take(*oldest, Event::Shed);
        close(*oldest);
    }
    return ended;
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
    if (const auto left = quotas_.clients_left()) room = std::min(room, *left);
    if (slab_.open() >= slab_.rows() && lingering_ == 0) room = 0;
    return room;
}

// When the last rows are used, the oldest connection that only waits for the client's FIN goes.
void Listener::make_row() {
    const std::uint32_t used = slab_.open();
    const std::uint32_t last = std::max<std::uint32_t>(slab_.rows() / 20, 1);
    if (used + last < slab_.rows()) return;
    end_lingering(1);
}

// Opens or closes the door as admission says, at the end of each wake-up.
void Listener::tend_door() {
    const MonoTime now = driver_.now();
    shortage_.tend(now);
    next_shed_ = {};
    const bool paused = shortage_.paused_until(now).has_value();
    const bool wanted = commons_.orders.accepting() && !drain_.begun() && !paused;
    const mpm::AdmissionCounts seen = counts();
    const bool free = room() > 0;
    if (wanted && free) {
        ways_.door_waits.store(false, std::memory_order_relaxed);
        door_.open();
        looks_ = now < crowd_until_ ? kLooks - 1 : 0;
    } else {
        if (!wanted && door_.is_open() && !paused) {
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
    } else if (!wanted && !paused && !door_told_closed_) {
        door_told_closed_ = true;
        reports_.raise(Reports::kStoppedAccepting);
    }
}

void Listener::let_in(Guest guest, std::size_t socket) {
    quotas_.count_client();
    bump(status_.accepted);
    set_buffers(guest.fd.get(), driver_.live());
    welcome(std::move(guest), socket);
}

void Listener::close_door_for_good() {
    door_.close();
    const bool more = quotas_.may_accept();
    for (std::size_t socket = 0; more && socket < door_.sockets(); ++socket) {
        Guest guest;
        for (int passing = 0; slab_.open() < slab_.rows() && passing < kAcceptsPerWakeup;) {
            const Knock knock = door_.accept(socket, guest);
            if (knock == Knock::Passing) {
                ++passing;  // always the same error is no reason to stay here
                continue;
            }
            if (knock != Knock::Client) break;
            passing = 0;
            let_in(std::move(guest), socket);
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
    if (waiting == 0) crowd_until_ = {};
    const bool first = looks_ == 0 || now < crowd_until_;
    fewest_waiting_ = first ? waiting : std::min(fewest_waiting_, waiting);
    looks_ = waiting > 0 ? looks_ + 1 : 0;
    return looks_ >= kLooks ? fewest_waiting_ : 0;
}

void Listener::make_room(std::size_t clients, const mpm::ShedAges& ages) {
    const std::size_t heads = shed_heads(clients, ages.head);
    std::size_t shed = heads;
    const bool only_heads = driver_.now() < crowd_until_ && looks_ < 2 * kLooks;
    if (shed < clients && !only_heads) shed += shed_keep_alives(clients - shed, ages.keep_alive);
    // Behind half heads there are more of them as a rule: they are let in, and go without another
    // series of looks while the queue does not become empty.
    if (heads > 0) crowd_until_ = driver_.now() + kCrowd;
    if (shed > 0) next_shed_ = driver_.now();  // look at the door at once
}

std::size_t Listener::shed_heads(std::size_t most, Nanoseconds min_age) {
    std::vector<Connection*> heads;
    std::vector<mpm::HalfHead> half_heads;
    for (Connection* c = parked_.heads().oldest(); c != nullptr; c = parked_.heads().after(*c)) {
        heads.push_back(c);
        half_heads.push_back({c->since, network_of(c->peer)});
    }
    const auto positions = mpm::heads_to_shed(half_heads, driver_.now(), min_age, most,
                                              static_cast<std::size_t>(slab_.open() - lingering_));
    for (const std::size_t position : positions) {
        add(status_.shed_head);
        part(*heads[position], Event::Shed);
    }
    return positions.size();
}

// One that is just bringing a request counts as shed: it leaves the idle ones by being answered.
std::size_t Listener::shed_keep_alives(std::size_t most, Nanoseconds min_age) {
    std::size_t shed = 0;
    while (shed < most) {
        Connection* oldest = parked_.keep_alives().oldest();
        if (oldest == nullptr || min_age <= Nanoseconds::zero() ||
            driver_.now() - oldest->since < min_age)
            break;
        ++shed;
        if (still_readable(*oldest)) continue;
        add(status_.shed_keep_alive);
        part(*oldest, Event::Shed);
    }
    return shed;
}

void Listener::retire() {
    if (!drain_.retire(driver_.live(), driver_.now())) return;
    driver_.begin(driver_.now());
    begin_drain();
}

void Listener::begin_drain() {
    if (door_.is_open()) close_door_for_good();
    door_.leave();
    drain_.begin(driver_.now());
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
