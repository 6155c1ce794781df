#pragma once

// Operations: the running one and the last 64 from the scoreboard, older ones from the store. Each
// picture that the scoreboard shows is written down, so that control catches up with what happened
// while it was away. An operation ends with its server at the latest: what the store has as running
// and the scoreboard does not show is closed as failed. Any thread; callbacks run on the caller's
// thread or the store's.

#include <functional>
#include <map>
#include <set>
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

    // Closes what the server before this one left behind; the store's first work.
    void begin();
    // Writes down what is new. One thread at a time (the sampler's; at the end the main one).
    void catch_up();
    // The last pictures; when the supervisor is gone, what still ran ended with it.
    void end(bool supervisor_gone);

private:
    [[nodiscard]] v1::Operation convert(const scoreboard::OperationRecord& record,
                                        const Sample* sample);
    [[nodiscard]] v1::Operation convert(const store::Operation& operation);
    static void close_unfinished(store::Database& database, const std::set<std::uint64_t>& except);

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
