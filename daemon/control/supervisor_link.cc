#include "daemon/control/supervisor_link.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/os/clock.h"

namespace mpmd::control {
namespace {

constexpr auto kPingEvery = std::chrono::seconds(5);
constexpr int kTurnMs = 50;
constexpr auto kLate = std::chrono::milliseconds(20);  // less is nothing unusual

ipc::Verb verb_of(const ipc::Command& command) {
    using ipc::Verb;
    static constexpr std::array<Verb, std::variant_size_v<ipc::CommandBody>> kVerbs = {
        Verb::Ping, Verb::Hello, Verb::State, Verb::Change, Verb::Rollout, Verb::Reload};
    return kVerbs.at(command.body.index());
}

bool readable(int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, 0) > 0;
}

}  // namespace

Result<std::unique_ptr<SupervisorLink>> SupervisorLink::start(
    os::UniqueFd channel, std::function<void(const std::string& why)> gone, Patience patience) {
    os::UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!wake) return fail(Error::os("eventfd"));
    std::unique_ptr<SupervisorLink> link(
        new SupervisorLink(std::move(channel), std::move(wake), std::move(gone), patience));
    link->thread_ = std::thread([raw = link.get()] {
        ::pthread_setname_np(::pthread_self(), "link");
        raw->run();
    });
    return link;
}

SupervisorLink::~SupervisorLink() {
    stop();
}

void SupervisorLink::stop() {
    if (!thread_.joinable()) return;
    {
        const os::Lock lock(mutex_);
        stopping_ = true;
        stop_by_ = os::mono_now() + patience_.last_replies;
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
    thread_.join();
    give_up_all();
}

void SupervisorLink::call(ipc::Command command, Done done) {
    {
        const os::Lock lock(mutex_);
        if (!stopping_ && waiting_.size() < kMostWaiting) {
            waiting_.push_back(
                {std::move(command), std::move(done), os::mono_now() + patience_.reply});
            done = nullptr;
        }
    }
    if (done) {
        done(std::nullopt);
        return;
    }
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
}

std::optional<ipc::Reply> SupervisorLink::ask(ipc::Command command, Milliseconds limit) {
    struct Answer {
        os::Mutex mutex;
        os::CondVar arrived;
        bool there = false;
        std::optional<ipc::Reply> reply;
    };
    const MonoTime until = os::mono_now() + limit;
    for (;;) {
        const auto answer = std::make_shared<Answer>();
        call(command, [answer](std::optional<ipc::Reply> reply) {
            const os::Lock lock(answer->mutex);
            answer->reply = std::move(reply);
            answer->there = true;
            answer->arrived.notify_all();
        });
        const os::Lock lock(answer->mutex);
        while (!answer->there)
            answer->arrived.wait(answer->mutex);
        if (answer->reply || os::mono_now() >= until) return std::move(answer->reply);
    }
}

void SupervisorLink::run() {
    for (;;) {
        const Nanoseconds lost = wait();
        if (over()) return;
        put_off(lost);
        if (const auto received = receive_all(); !received) {
            {
                const os::Lock lock(mutex_);
                stopping_ = true;
            }
            give_up_all();
            gone_(received.error().message);
            return;
        }
        const MonoTime now = os::mono_now();
        expire(now);
        ping(now);
        send_waiting();
    }
}

// Told to stop, and nothing is owed any more (or for too long): a reply that is on its way still
// finds its caller.
bool SupervisorLink::over() {
    const os::Lock lock(mutex_);
    if (!stopping_) return false;
    const bool owed = std::any_of(flying_.begin(), flying_.end(),
                                  [](const auto& entry) { return entry.second.done != nullptr; });
    return !owed || os::mono_now() >= stop_by_;
}

Nanoseconds SupervisorLink::wait() const {
    const int turn = flying_.empty() ? 20 * kTurnMs : kTurnMs;
    const MonoTime from = os::mono_now();
    std::array<pollfd, 2> entries = {pollfd{client_.fd(), POLLIN, 0},
                                     pollfd{wake_.get(), POLLIN, 0}};
    ::poll(entries.data(), entries.size(), turn);
    std::uint64_t count = 0;
    (void)!::read(wake_.get(), &count, sizeof count);
    const Nanoseconds late = os::mono_now() - from - Milliseconds(turn);
    return late > kLate ? late : Nanoseconds::zero();
}

void SupervisorLink::put_off(Nanoseconds lost) {
    for (auto& [serial, request] : flying_)
        request.deadline += lost;
    const os::Lock lock(mutex_);
    for (Request& request : waiting_)
        request.deadline += lost;
}

Result<> SupervisorLink::receive_all() {
    while (readable(client_.fd())) {
        std::uint64_t serial = 0;
        auto reply = client_.receive([&](std::uint64_t answered) {
            serial = answered;
            const auto request = flying_.find(answered);
            return request == flying_.end() ? ipc::Verb::Ping : request->second.verb;
        });
        if (!reply && serial == 0) return fail(std::move(reply).error());
        const auto request = flying_.find(serial);
        if (request == flying_.end()) continue;
        const Done done = std::move(request->second.done);
        flying_.erase(request);
        if (!done) continue;
        if (reply)
            done(std::move(*reply));
        else
            done(std::nullopt);  // not understood: as good as none
    }
    return {};
}

void SupervisorLink::expire(MonoTime now) {
    for (auto& [serial, request] : flying_) {
        if (!request.done || request.deadline > now) continue;
        const Done done = std::exchange(request.done, nullptr);
        done(std::nullopt);
    }
    std::deque<Request> late;
    {
        const os::Lock lock(mutex_);
        while (!waiting_.empty() && waiting_.front().deadline <= now) {
            late.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
    }
    for (const Request& request : late)
        if (request.done) request.done(std::nullopt);
}

void SupervisorLink::ping(MonoTime now) {
    if (now < next_ping_) return;
    next_ping_ = now + kPingEvery;
    call(ipc::Command{}, nullptr);  // nobody waits for the answer
}

void SupervisorLink::send_waiting() {
    while (flying_.size() < kInFlight) {
        Request request;
        {
            const os::Lock lock(mutex_);
            if (waiting_.empty()) return;
            request = std::move(waiting_.front());
            waiting_.pop_front();
        }
        const std::uint64_t serial = next_serial_++;
        request.command.header.serial = serial;
        Flying flying{verb_of(request.command), std::move(request.done), request.deadline};
        const auto sent = client_.send(request.command);
        if (!sent) {
            if (flying.done) flying.done(std::nullopt);
            return;  // the next receive says whether it is gone
        }
        flying_.emplace(serial, std::move(flying));
    }
}

void SupervisorLink::give_up_all() {
    std::deque<Request> waiting;
    {
        const os::Lock lock(mutex_);
        waiting.swap(waiting_);
    }
    for (const Request& request : waiting)
        if (request.done) request.done(std::nullopt);
    for (auto& [serial, request] : std::exchange(flying_, {}))
        if (request.done) request.done(std::nullopt);
}

}  // namespace mpmd::control
