#include "daemon/child/shortage.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "daemon/child/score.h"
#include "daemon/os/process.h"

namespace mpmd::child {

void Shortage::met(int os_errno, MonoTime now) {
    add(status_.accept_errors);
    if (!course_.met(now)) return;
    log_.say(log::Level::Alert, words_.module, "cannot accept: {}; {}", std::strerror(os_errno),
             words_.consequence);
    reports_.raise_shortage(os_errno);
}

void Shortage::tend(MonoTime now) {
    if (!course_.ended(now)) return;
    log_.say(log::Level::Notice, words_.module, "accepting works again");
    reports_.raise(Reports::kShortageOver);
}

std::int64_t descriptors_for_clients(std::uint32_t threads) {
    const auto limit = static_cast<std::int64_t>(
        std::min<std::uint64_t>(os::descriptor_limit(), std::numeric_limits<int>::max()));
    return limit - mpm::descriptors_kept_back(limit, threads);
}

}  // namespace mpmd::child
