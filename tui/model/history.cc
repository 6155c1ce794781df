#include "tui/model/history.h"

#include <algorithm>

namespace mpmd::tui {

namespace {
constexpr std::size_t kKept = 300;  // five minutes at one a second
constexpr std::int64_t kMinute = 60;
}  // namespace

void History::add(const ::mpm::control::v1::ScoreboardFrame& frame) {
    Sample sample;
    sample.instance = frame.server().instance_id();
    sample.epoch = frame.server().epoch();
    sample.second = frame.sample_time().seconds();
    sample.rate = frame.server().requests().per_second();
    sample.requests = frame.server().requests().total();
    sample.errors = frame.server().requests().status_5xx();
    if (!samples_.empty()) {
        if (samples_.back().second == sample.second) samples_.pop_back();  // one a second is kept
    }
    samples_.push_back(std::move(sample));
    if (samples_.size() > kKept) samples_.pop_front();
}

std::vector<double> History::request_rates() const {
    std::vector<double> out;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
        const Sample& sample = samples_[i];
        const bool restarted = i > 0 && (samples_[i - 1].epoch != sample.epoch ||
                                         samples_[i - 1].instance != sample.instance);
        if (restarted) out.push_back(-1);
        out.push_back(sample.rate);
    }
    return out;
}

std::optional<double> History::error_share() const {
    if (samples_.empty()) return std::nullopt;
    const Sample& last = samples_.back();
    const Sample* first = &last;
    for (auto it = samples_.rbegin(); it != samples_.rend(); ++it) {
        if (it->epoch != last.epoch || it->instance != last.instance) break;
        if (last.second - it->second > kMinute) break;
        first = &*it;
    }
    if (last.requests <= first->requests || last.errors < first->errors) return std::nullopt;
    return static_cast<double>(last.errors - first->errors) /
           static_cast<double>(last.requests - first->requests);
}

}  // namespace mpmd::tui
