#include "daemon/control/api_listener.h"

#include <array>
#include <cerrno>
#include <deque>
#include <map>

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::control {
namespace {

using std::chrono::seconds;

constexpr int kTurnMs = 250;
constexpr int kFewRefusals = 5;  // a second, until a stranger is held
constexpr std::size_t kMostHeld = 32;
constexpr std::size_t kMostStrangers = 1024;

}  // namespace

struct ApiListener::State {
    State(int listening, Parts given) : socket(listening), parts(std::move(given)) {}

    void run();
    void accept_some();
    void admit(os::UniqueFd connection, Peer peer);
    void refuse(os::UniqueFd connection, const Peer& peer, bool full);
    void closed(int watch);
    [[nodiscard]] bool watch(int fd, std::uint32_t events) const;

    struct Stranger {
        MonoTime second;
        int refusals = 0;
        MonoTime logged;
        int unlogged = 0;
    };
    struct Held {
        os::UniqueFd connection;
        MonoTime until;
    };

    const int socket;
    const Parts parts;
    os::UniqueFd epoll;
    os::UniqueFd stopping;
    // Our own duplicate of each connection tells when it ends; by its number, the number gRPC has.
    std::map<int, std::pair<os::UniqueFd, int>> watched;
    std::map<std::uint32_t, Stranger> strangers;
    std::deque<Held> held;
};

bool ApiListener::State::watch(int fd, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    return ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void ApiListener::State::run() {
    for (;;) {
        std::array<epoll_event, 16> events;
        const int count =
            ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), kTurnMs);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == stopping.get()) return;
            if (fd == socket)
                accept_some();
            else
                closed(fd);
        }
        const MonoTime now = os::mono_now();
        parts.peers.sweep(now);
        while (!held.empty() && held.front().until <= now)
            held.pop_front();
    }
}

void ApiListener::State::accept_some() {
    for (int budget = 64; budget > 0; --budget) {
        os::UniqueFd connection(::accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!connection) {
            // Out of descriptors: the held ones are the first to go.
            if (errno == EMFILE || errno == ENFILE) held.clear();
            return;
        }
        auto peer = read_peer(connection.get());
        if (!peer) continue;
        if (parts.roles.role(*peer) == Role::None)
            refuse(std::move(connection), *peer, false);
        else
            admit(std::move(connection), std::move(*peer));
    }
}

void ApiListener::State::admit(os::UniqueFd connection, Peer peer) {
    const auto number = parts.peers.place(connection.get(), peer);
    if (!number) {
        refuse(std::move(connection), peer, true);
        return;
    }
    const int fd = connection.get();
    if (!watch(fd, EPOLLRDHUP)) {
        parts.peers.retire(*number, os::mono_now());
        ::close(*number);
        return;
    }
    watched[fd] = {std::move(connection), *number};
    parts.hand_over(*number);
}

void ApiListener::State::closed(int fd) {
    const auto found = watched.find(fd);
    if (found == watched.end()) return;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
    parts.peers.retire(found->second.second, os::mono_now());
    watched.erase(found);
}

void ApiListener::State::refuse(os::UniqueFd connection, const Peer& peer, bool full) {
    const MonoTime now = os::mono_now();
    if (strangers.size() >= kMostStrangers) strangers.clear();
    Stranger& stranger = strangers[peer.uid];
    if (now - stranger.second >= seconds(1)) {
        stranger.second = now;
        stranger.refusals = 0;
    }
    ++stranger.refusals;
    if (stranger.logged == MonoTime{} || now - stranger.logged >= seconds(10)) {
        parts.log(fmt::format(
            "refused a control connection of uid {} (pid {}, {}){}{}", peer.uid, peer.pid,
            peer.command,
            full ? ": too many connections are open"
                 : ": no role; see ControlRole and the group mpmd-view",
            stranger.unlogged > 0 ? fmt::format("; {} more before", stranger.unlogged) : ""));
        stranger.logged = now;
        stranger.unlogged = 0;
    } else {
        ++stranger.unlogged;
    }
    if (stranger.refusals > kFewRefusals && held.size() < kMostHeld)
        held.push_back({std::move(connection), now + seconds(1)});
}

ApiListener::ApiListener(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ApiListener>> ApiListener::start(int socket, Parts parts) {
    auto state = std::make_unique<State>(socket, std::move(parts));
    state->epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!state->epoll) return fail(Error::os("epoll_create1"));
    state->stopping.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!state->stopping) return fail(Error::os("eventfd"));
    if (!state->watch(socket, EPOLLIN) || !state->watch(state->stopping.get(), EPOLLIN))
        return fail(Error::os("epoll_ctl").context("watching the control socket"));
    std::unique_ptr<ApiListener> listener(new ApiListener(std::move(state)));
    listener->thread_ = std::thread([raw = listener->state_.get()] {
        ::pthread_setname_np(::pthread_self(), "accept");
        raw->run();
    });
    return listener;
}

void ApiListener::stop() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    (void)!::write(state_->stopping.get(), &one, sizeof one);
    thread_.join();
}

ApiListener::~ApiListener() {
    stop();
}

}  // namespace mpmd::control
