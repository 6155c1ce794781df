#pragma once

// What one child, of either MPM, may take on before it is replaced (MaxConnectionsPerChild,
// MaxRequestsServedPerChild; E-20, W-5): clients count when they are accepted, requests when they
// are answered. The supervisor is told once, early enough for a successor to stand ready. The
// arithmetic is mpm/quota.h.
//
// The listener thread's.

#include <cstdint>
#include <optional>

#include "daemon/base/strong_type.h"
#include "daemon/child/reports.h"
#include "daemon/config/settings.h"
#include "daemon/scoreboard/layout.h"

namespace mpmd::child {

class Quotas {
public:
    Quotas(ChildUid uid, const scoreboard::ChildStatus& status, Reports& reports)
        : uid_(uid), status_(status), reports_(reports) {}

    // The values in force; no quota before the first call.
    void set(const config::LiveSettings& live);
    void count_client() { ++clients_; }
    [[nodiscard]] std::int64_t clients() const { return clients_; }
    // Whether another client may come in, and how many; nothing: no limit.
    [[nodiscard]] bool may_accept() const { return clients_left().value_or(1) > 0; }
    [[nodiscard]] std::optional<std::int64_t> clients_left() const;
    // True: the child is to leave. One that drains already needs no successor told of.
    [[nodiscard]] bool used_up(bool draining);

private:
    const ChildUid uid_;  // scatters the quotas of children that were born together
    const scoreboard::ChildStatus& status_;
    Reports& reports_;
    std::int64_t clients_ = 0;
    std::int64_t most_clients_ = 0;
    std::int64_t most_requests_ = 0;
    bool told_ = false;
};

}  // namespace mpmd::child
