#pragma once

// The command channel from control's side: one thread that sends requests, gives each 500 ms, and
// calls back with the reply or with nothing. Time in which this thread itself was kept from running
// does not count: the supervisor did not run either, or its reply could not be read. At most
// kInFlight requests are with the supervisor at a time, so that a stuck one never blocks the
// thread. A PING every few seconds shows the supervisor that we live.
//
// call() from any thread; callbacks run on the link's thread and must not block. End-of-file:
// `gone` is called once, pending requests are answered with nothing.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/ipc/command_channel.h"
#include "daemon/os/mutex.h"

namespace mpmd::control {

class SupervisorLink {
public:
    // Nothing: the supervisor did not answer in time, or is gone.
    using Done = std::function<void(std::optional<ipc::Reply>)>;

    struct Patience {
        Milliseconds reply{500};
        Milliseconds last_replies{250};  // for what is owed when it is told to stop
    };
    [[nodiscard]] static Result<std::unique_ptr<SupervisorLink>> start(
        os::UniqueFd channel, std::function<void(const std::string& why)> gone, Patience patience);
    [[nodiscard]] static Result<std::unique_ptr<SupervisorLink>> start(
        os::UniqueFd channel, std::function<void(const std::string& why)> gone) {
        return start(std::move(channel), std::move(gone), Patience());
    }
    ~SupervisorLink();
    void stop();

    void call(ipc::Command command, Done done) EXCLUDES(mutex_);
    // The same, waiting: for the start, when nothing is served yet.
    [[nodiscard]] std::optional<ipc::Reply> ask(ipc::Command command, Milliseconds limit);

    static constexpr std::size_t kInFlight = 8;
    static constexpr std::size_t kMostWaiting = 256;

private:
    struct Request {
        ipc::Command command;
        Done done;
        MonoTime deadline;
    };
    struct Flying {
        ipc::Verb verb = ipc::Verb::Ping;
        Done done;  // empty: given up, but the supervisor still owes the reply
        MonoTime deadline;
    };

    SupervisorLink(os::UniqueFd channel,
                   os::UniqueFd wake,
                   std::function<void(const std::string&)> gone,
                   Patience patience)
        : client_(std::move(channel)),
          wake_(std::move(wake)),
          gone_(std::move(gone)),
          patience_(patience) {}

    void run();
    [[nodiscard]] bool over() EXCLUDES(mutex_);
    // How much later than it should it woke up.
    [[nodiscard]] Nanoseconds wait() const;
    void put_off(Nanoseconds lost) EXCLUDES(mutex_);
    void send_waiting() EXCLUDES(mutex_);
    [[nodiscard]] Result<> receive_all();
    void expire(MonoTime now) EXCLUDES(mutex_);
    void give_up_all() EXCLUDES(mutex_);
    void ping(MonoTime now);

    ipc::CommandClient client_;
    os::UniqueFd wake_;
    std::function<void(const std::string&)> gone_;
    const Patience patience_;

    // the thread's own
    std::map<std::uint64_t, Flying> flying_;
    std::uint64_t next_serial_ = 1;
    MonoTime next_ping_{};

    os::Mutex mutex_;
    std::deque<Request> waiting_ GUARDED_BY(mutex_);
    bool stopping_ GUARDED_BY(mutex_) = false;
    MonoTime stop_by_ GUARDED_BY(mutex_){};
    std::thread thread_;
};

}  // namespace mpmd::control
