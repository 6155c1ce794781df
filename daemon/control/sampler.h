#pragma once

// Looks at the scoreboard for everybody: one point a second for the rates, and a tick for each
// subscriber when it is due, all of one moment from one sample. Subscribers ask for at most ten
// looks a second; their moments lie on a common grid, so that a hundred of them still cost one
// look.
//
// One thread calls the subscribers; a tick must not block. now() takes a fresh sample on the
// caller's thread.

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "daemon/control/sample.h"
#include "daemon/os/mutex.h"
#include "daemon/scoreboard/segment.h"

namespace mpmd::control {

using SamplePtr = std::shared_ptr<const Sample>;

class Subscriber {
public:
    virtual ~Subscriber() = default;
    // On the sampler's thread. Returns when it wants to be called next; nothing ends the
    // subscription.
    virtual std::optional<MonoTime> tick(const SamplePtr& sample) = 0;
};

class Sampler {
public:
    explicit Sampler(scoreboard::View view) : view_(view) {}
    ~Sampler();
    void start();
    // Ends and joins the thread; subscribers are let go.
    void stop() EXCLUDES(mutex_);

    [[nodiscard]] SamplePtr now() EXCLUDES(mutex_);
    [[nodiscard]] const scoreboard::View& view() const { return view_; }
    // First tick as soon as possible.
    void subscribe(std::shared_ptr<Subscriber> subscriber) EXCLUDES(mutex_);

    static constexpr auto kFastest = std::chrono::milliseconds(100);

private:
    struct Due {
        std::shared_ptr<Subscriber> subscriber;
        MonoTime when;
    };
    void run() EXCLUDES(mutex_);
    [[nodiscard]] SamplePtr take(bool remember) EXCLUDES(mutex_);
    [[nodiscard]] std::vector<std::shared_ptr<Subscriber>> wait_due() EXCLUDES(mutex_);

    const scoreboard::View view_;
    os::Mutex mutex_;
    os::CondVar changed_;
    RateHistory history_ GUARDED_BY(mutex_);
    std::uint64_t samples_ GUARDED_BY(mutex_) = 0;
    std::vector<Due> due_ GUARDED_BY(mutex_);
    MonoTime next_point_ GUARDED_BY(mutex_){};
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace mpmd::control
