#include "daemon/control/convert.h"
#include "daemon/control/services.h"

namespace mpmd::control {
namespace {

constexpr auto kLongest = std::chrono::seconds(30);
constexpr auto kUsual = std::chrono::seconds(25);

bool is_over(const v1::Operation& operation) {
    return operation.state() >= v1::OPERATION_STATE_SUCCEEDED;
}

// Looks ten times a second until the operation has ended or the time is up.
class Waiter final : public Subscriber {
public:
    Waiter(const Api& api, std::uint64_t number, MonoTime deadline, Done<v1::Operation> done)
        : api_(api), number_(number), deadline_(deadline), done_(std::move(done)) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    // The server stops while somebody waits.
    ~Waiter() override {
        if (done_)
            done_(refuse({Code::Unavailable,
                          "STOPPING",
                          "the control process is stopping; the operation goes on",
                          {{"operation", operation_name(number_)}},
                          {}}));
    }

    std::optional<MonoTime> tick(const SamplePtr& sample) override {
        auto operation = api_.operations.shown(number_, *sample);
        if (operation && !is_over(*operation) && sample->mono < deadline_)
            return sample->mono + Sampler::kFastest;
        const auto done = std::exchange(done_, nullptr);
        if (operation)
            done(std::move(*operation));
        else
            api_.operations.get(operation_name(number_), done);  // it has left the scoreboard
        return std::nullopt;
    }

private:
    const Api& api_;
    const std::uint64_t number_;
    const MonoTime deadline_;
    Done<v1::Operation> done_;
};

}  // namespace

void wait_operation(const Api& api,
                    const v1::WaitOperationRequest& request,
                    Done<v1::Operation> done) {
    Nanoseconds limit = kUsual;
    if (request.has_timeout()) {
        const auto& asked = request.timeout();
        if (asked.seconds() < 0 || asked.nanos() < 0)
            return done(refuse({Code::InvalidArgument,
                                "VALUE_OUT_OF_RANGE",
                                "timeout is 0 to 30 s",
                                {{"maximum_seconds", "30"}},
                                {{"timeout", "0 to 30 s"}}}));
        limit = asked.seconds() >= kLongest.count()
                    ? Nanoseconds(kLongest)
                    : std::chrono::seconds(asked.seconds()) + Nanoseconds(asked.nanos());
    }
    const auto number = operation_number(request.name());
    auto operation = number ? api.operations.shown(*number) : std::nullopt;
    if (!operation) return api.operations.get(request.name(), std::move(done));
    if (is_over(*operation)) return done(std::move(*operation));
    const MonoTime deadline = api.sampler.now()->mono + limit;
    api.sampler.subscribe(std::make_shared<Waiter>(api, *number, deadline, std::move(done)));
}

}  // namespace mpmd::control
