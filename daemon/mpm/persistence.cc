#include "daemon/mpm/persistence.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace mpmd::mpm {

namespace {

bool connection_allows(const ResponseFacts& facts) {
    const bool client_wants = facts.http_1_1 || facts.client_sent_keep_alive;
    const bool somebody_closes =
        facts.marked_close || facts.client_sent_close || facts.server_sent_close;
    return client_wants && !somebody_closes && !facts.continue_owed && facts.delimited &&
           !facts.status_forces_close && !facts.child_stopping;
}

bool limits_allow(const ResponseFacts& facts, const KeepAliveLimits& limits) {
    if (!limits.enabled || limits.timeout <= Milliseconds::zero()) return false;
    return limits.max_requests == 0 || facts.responses < limits.max_requests;
}

}  // namespace

Persistence decide_persistence(const ResponseFacts& facts, const KeepAliveLimits& limits) {
    Persistence decision;
    decision.persistent = connection_allows(facts) && limits_allow(facts, limits);
    if (!decision.persistent) return decision;
    decision.announce = facts.client_sent_keep_alive;
    decision.timeout_seconds = std::chrono::duration_cast<Seconds>(limits.timeout).count();
    if (limits.max_requests > 0) decision.left = limits.max_requests - facts.responses;
    return decision;
}

bool status_forces_close(int status) {
    // The request may not have been read to its end, or nobody knows where it ends.
    constexpr std::array kStatuses{400, 408, 411, 413, 414, 431, 500, 501, 503};
    return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

}  // namespace mpmd::mpm
