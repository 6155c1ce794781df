#pragma once

// Operations: the running one and the last 64 from the scoreboard, older ones from the store. Each
// picture that the scoreboard shows is written down, so that control catches up with what happened
// while it was away. Any thread; callbacks run on the caller's thread or the store's.

#include <functional>
#include <map>
#include <string>

#include <mpm/control/v1/operation.pb.h>

#include "daemon/control/failure.h"
#include "daemon/control/names.h"
#include "daemon/control/sampler.h"
#include "daemon/control/store_writer.h"

namespace mpmd::control {

namespace v1 = ::mpm::control::v1;

class OperationBook {
public:
    OperationBook(Sampler& sampler, StoreWriter& store, Names& names)
        : sampler_(sampler), store_(store), names_(names) {}

    using Done = std::function<void(Outcome<v1::Operation>)>;
    // By name; failure NOT_FOUND / GONE.
    void get(const std::string& name, Done done);

    using ListDone = std::function<void(Outcome<v1::ListOperationsResponse>)>;
    void list(const v1::ListOperationsRequest& request, ListDone done);

    // From the scoreboard alone; nothing when it no longer shows it.
    [[nodiscard]] std::optional<v1::Operation> shown(std::uint64_t number);
    // The same from a sample that is at hand.
    [[nodiscard]] std::optional<v1::Operation> shown(std::uint64_t number, const Sample& sample);

    // Writes down what is new. One thread at a time (the sampler's).
    void catch_up();

private:
    [[nodiscard]] v1::Operation convert(const scoreboard::OperationRecord& record,
                                        const Sample* sample);
    [[nodiscard]] v1::Operation convert(const store::Operation& operation);

    Sampler& sampler_;
    StoreWriter& store_;
    Names& names_;
    std::map<std::uint64_t, std::uint64_t> kept_;  // number -> update; catch_up's own
};

// Calls catch_up once a second.
class OperationKeeper final : public Subscriber {
public:
    explicit OperationKeeper(OperationBook& book) : book_(book) {}
    std::optional<MonoTime> tick(const SamplePtr& sample) override {
        book_.catch_up();
        return sample->mono + std::chrono::seconds(1);
    }

private:
    OperationBook& book_;
};

}  // namespace mpmd::control
