#include "daemon/mpm/shedding.h"

#include <algorithm>
#include <map>

namespace mpmd::mpm {

std::vector<std::size_t> heads_to_shed(std::span<const HalfHead> oldest_first,
                                       MonoTime now,
                                       Nanoseconds min_age,
                                       std::size_t needed) {
    const std::size_t expired =
        oldest_to_shed(oldest_first.begin(), oldest_first.end(), now, min_age, oldest_first.size(),
                       [](const HalfHead& head) { return head.since; });

    // By network, oldest first; `next` is how many of a network are chosen already.
    struct Peers {
        std::vector<std::size_t> positions;
        std::size_t next = 0;
        [[nodiscard]] std::size_t left() const { return positions.size() - next; }
    };
    std::map<std::uint64_t, Peers> networks;
    for (std::size_t i = 0; i < expired; ++i)
        networks[oldest_first[i].network].positions.push_back(i);

    std::vector<std::size_t> chosen;
    while (chosen.size() < std::min(needed, expired)) {
        Peers* most = nullptr;
        for (auto& [network, peers] : networks) {
            if (peers.left() == 0) continue;
            const bool more = most == nullptr || peers.left() > most->left() ||
                              (peers.left() == most->left() &&
                               peers.positions[peers.next] < most->positions[most->next]);
            if (more) most = &peers;
        }
        chosen.push_back(most->positions[most->next++]);
    }
    std::sort(chosen.begin(), chosen.end());
    return chosen;
}

ShedPlan plan_shedding(const ShedCounts& counts, const ShedAges& ages) {
    ShedPlan plan;
    if (ages.head > Nanoseconds::zero())
        plan.heads = std::min(counts.needed, counts.sheddable_heads);
    if (ages.keep_alive > Nanoseconds::zero())
        plan.keep_alives = std::min(counts.needed - plan.heads, counts.sheddable_keep_alives);
    if (plan.heads + plan.keep_alives == counts.needed) return plan;

    const auto look_again = [&plan](std::optional<MonoTime> since, Nanoseconds age) {
        if (!since || age <= Nanoseconds::zero()) return;
        const MonoTime due = *since + age;
        if (!plan.again || due < *plan.again) plan.again = due;
    };
    look_again(counts.oldest_young_head, ages.head);
    look_again(counts.oldest_young_keep_alive, ages.keep_alive);
    return plan;
}

}  // namespace mpmd::mpm
