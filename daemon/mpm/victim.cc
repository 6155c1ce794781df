#include "daemon/mpm/victim.h"

#include <algorithm>
#include <tuple>

namespace mpmd::mpm {

std::optional<ChildUid> choose_victim(std::span<const Candidate> candidates) {
    const auto rank = [](const Candidate& c) {
        return std::tuple(c.generation, c.working_connections, c.keep_alive_connections,
                          -c.rss_bytes, c.uid);
    };
    const auto best =
        std::min_element(candidates.begin(), candidates.end(),
                         [&](const Candidate& a, const Candidate& b) { return rank(a) < rank(b); });
    if (best == candidates.end()) return std::nullopt;
    return best->uid;
}

}  // namespace mpmd::mpm
