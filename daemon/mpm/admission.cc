#include "daemon/mpm/admission.h"

#include <algorithm>

#include "daemon/mpm/limits.h"

namespace mpmd::mpm {

std::int64_t connection_limit(const AdmissionCounts& counts) {
    const std::int64_t factor = std::max(counts.factor_micro, kFactorUnit);
    const std::int64_t idle =
        std::max<std::int64_t>(counts.idle_workers - (counts.listeners_disabled ? 1 : 0), 0);
    return counts.threads + idle * factor / kFactorUnit;
}

Admission admit(const AdmissionCounts& counts) {
    if (counts.idle_workers <= 0) return Admission::NoIdleWorker;
    if (counts.open <= counts.lingering) return Admission::Accept;
    return counts.open - counts.lingering < connection_limit(counts) ? Admission::Accept
                                                                     : Admission::ConnectionLimit;
}

std::int64_t room(const AdmissionCounts& counts) {
    if (counts.idle_workers <= 0) return 0;
    const std::int64_t counted = std::max<std::int64_t>(counts.open - counts.lingering, 0);
    return std::max<std::int64_t>(connection_limit(counts) - counted, 0);
}

std::int64_t most_connections(std::int64_t max_request_workers, std::int64_t factor_micro) {
    const std::int64_t factor = std::max(factor_micro, kFactorUnit);
    return max_request_workers + max_request_workers * factor / kFactorUnit;
}

}  // namespace mpmd::mpm
