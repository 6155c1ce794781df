#include "daemon/control/sampler.h"

#include <algorithm>

#include <pthread.h>

#include "daemon/control/convert.h"
#include "daemon/os/clock.h"
#include "daemon/os/process.h"

namespace mpmd::control {
namespace {

constexpr auto kPointEvery = std::chrono::seconds(1);
constexpr std::size_t kEventsShown = 50;
constexpr std::uint64_t kOperationShownUs = 60'000'000;  // after its end

// Subscribers' moments lie on this grid.
MonoTime on_grid(MonoTime wanted) {
    const std::int64_t grid = std::chrono::nanoseconds(Sampler::kFastest).count();
    return from_ns((to_ns(wanted) + grid - 1) / grid * grid);
}

RatePoint point_of(const Sample& sample) {
    const scoreboard::Totals& totals = sample.snapshot.totals;
    RatePoint point;
    point.time = sample.mono;
    point.epoch = sample.snapshot.global.epoch;
    point.requests = totals.requests_on_listener + totals.requests_on_workers;
    point.bytes_out = totals.bytes_out;
    for (const scoreboard::Child& child : sample.snapshot.children)
        point.children[child.row.uid] =
            child.numbers.requests_on_listener + child.numbers.requests_on_workers;
    return point;
}

std::vector<scoreboard::OperationRecord> recent_operations(const scoreboard::View& view,
                                                           WallTime wall) {
    std::vector<scoreboard::OperationRecord> recent;
    const auto now_us = static_cast<std::uint64_t>(to_us(wall));
    for (const scoreboard::OperationHead& head : scoreboard::operations(view)) {
        if (ended(head) && head.end_wall_us + kOperationShownUs < now_us) continue;
        if (auto record = scoreboard::find_operation(view, head.number))
            recent.push_back(std::move(*record));
    }
    return recent;
}

}  // namespace

Sampler::~Sampler() {
    stop();
}

void Sampler::start() {
    thread_ = std::thread([this] {
        ::pthread_setname_np(::pthread_self(), "sampler");
        run();
    });
}

void Sampler::stop() {
    {
        const os::Lock lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    std::vector<Due> let_go;
    const os::Lock lock(mutex_);
    let_go.swap(due_);
}

SamplePtr Sampler::now() {
    return take(false);
}

SamplePtr Sampler::take(bool remember) {
    auto sample = std::make_shared<Sample>();
    sample->wall = os::wall_now();
    sample->mono = os::mono_now();
    sample->snapshot = scoreboard::take_snapshot(view_);
    sample->load_1 = os::load_average();
    const std::uint64_t next_event = sample->snapshot.global.next_event;
    sample->events =
        scoreboard::events(view_, next_event > kEventsShown ? next_event - kEventsShown - 1 : 0);
    sample->operations = recent_operations(view_, sample->wall);
    RatePoint point = point_of(*sample);
    const os::Lock lock(mutex_);
    sample->number = ++samples_;
    sample->rates = history_.rates(point);
    if (remember) history_.add(std::move(point));
    return sample;
}

void Sampler::subscribe(std::shared_ptr<Subscriber> subscriber) {
    const os::Lock lock(mutex_);
    if (stopping_) return;
    due_.push_back({std::move(subscriber), MonoTime{}});
    changed_.notify_all();
}

// Waits for the next moment; the subscribers that are due then, taken out of the list.
std::vector<std::shared_ptr<Subscriber>> Sampler::wait_due() {
    const os::Lock lock(mutex_);
    while (!stopping_) {
        MonoTime next = next_point_;
        for (const Due& due : due_)
            next = std::min(next, due.when);
        const MonoTime now = os::mono_now();
        if (next <= now) break;
        changed_.wait_for(mutex_, next - now);
    }
    std::vector<std::shared_ptr<Subscriber>> called;
    const MonoTime now = os::mono_now();
    for (Due& due : due_)
        if (due.when <= now) called.push_back(std::move(due.subscriber));
    due_.erase(
        std::remove_if(due_.begin(), due_.end(), [](const Due& due) { return !due.subscriber; }),
        due_.end());
    return called;
}

void Sampler::run() {
    for (;;) {
        const auto called = wait_due();
        {
            const os::Lock lock(mutex_);
            if (stopping_) return;
        }
        const SamplePtr sample = take(true);
        {
            const os::Lock lock(mutex_);
            if (next_point_ <= sample->mono) next_point_ = sample->mono + kPointEvery;
        }
        for (const auto& subscriber : called) {
            const auto next = subscriber->tick(sample);
            if (!next) continue;
            const os::Lock lock(mutex_);
            due_.push_back({subscriber, on_grid(std::max(*next, sample->mono + kFastest / 2))});
        }
    }
}

}  // namespace mpmd::control
