#include "daemon/mpm/shedding.h"

#include <algorithm>
#include <map>
#include <queue>

namespace mpmd::mpm {

namespace {

// The half heads of one peer network: those that may go, oldest first; `next` of them are chosen
// already.
struct Peers {
    std::size_t held = 0;  // all of them
    std::vector<std::size_t> positions;
    std::size_t next = 0;
    [[nodiscard]] std::size_t left() const { return positions.size() - next; }
    [[nodiscard]] std::size_t oldest() const { return positions[next]; }
};

struct GoesLater {
    bool operator()(const Peers* a, const Peers* b) const {
        if (a->left() != b->left()) return a->left() < b->left();
        return a->oldest() > b->oldest();
    }
};

}  // namespace

std::vector<std::size_t> heads_to_shed(std::span<const HalfHead> oldest_first,
                                       MonoTime now,
                                       Nanoseconds min_age,
                                       std::size_t needed,
                                       std::size_t places) {
    const std::size_t expired = oldest_to_shed(
        oldest_first.begin(), oldest_first.end(), now, std::min<Nanoseconds>(min_age, kCrowdAge),
        oldest_first.size(), [](const HalfHead& head) { return head.since; });
    std::map<std::uint64_t, Peers> networks;
    for (const HalfHead& head : oldest_first)
        ++networks[head.network].held;
    for (std::size_t i = 0; i < expired; ++i) {
        Peers& peers = networks[oldest_first[i].network];
        if (2 * peers.held > places || now - oldest_first[i].since >= min_age)
            peers.positions.push_back(i);
    }
    std::priority_queue<Peers*, std::vector<Peers*>, GoesLater> order;
    for (auto& [network, peers] : networks)
        if (peers.left() > 0) order.push(&peers);

    std::vector<std::size_t> chosen;
    while (chosen.size() < needed && !order.empty()) {
        Peers* most = order.top();
        order.pop();
        chosen.push_back(most->oldest());
        ++most->next;
        if (most->left() > 0) order.push(most);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

}  // namespace mpmd::mpm
