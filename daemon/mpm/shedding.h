#pragma once

// Pure. Which connections to close at the connection limit, so that idle ones do not starve new
// clients (E-14 c, d, e; ). Asked only while admit() says ConnectionLimit (idle workers,
// no room).
//
// Half heads older than HeadShedAge go first, oldest first within the peer network that holds most
// of them. A network whose half heads alone hold more than half of all places crowds the others
// out: its heads go after kCrowdAge already, or fifty of them would keep a small server's door shut
// for several times HeadShedAge. Then keep-alives older than KeepAliveShedAge, oldest first.
// Never more than needed, never a younger one. With no idle worker nothing is shed: closing idle
// clients would not free a worker (decisions.md 10, A-14).
//
// The caller hands over views sorted oldest first; only the expired part is looked at.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "daemon/base/time.h"

namespace mpmd::mpm {

struct ShedAges {
    Nanoseconds keep_alive{0};  // KeepAliveShedAge, 0 = never
    Nanoseconds head{0};        // HeadShedAge, 0 = never
};

struct HalfHead {
    MonoTime since;  // of the first wait for this head
    std::uint64_t network =
        0;  // any number that is equal for equal peer networks (IPv4 /24, IPv6 /64)
};

inline constexpr Milliseconds kCrowdAge{100};

// Positions in `oldest_first` to close, at most `needed`. `places`: connections that there may be.
[[nodiscard]] std::vector<std::size_t> heads_to_shed(std::span<const HalfHead> oldest_first,
                                                     MonoTime now,
                                                     Nanoseconds min_age,
                                                     std::size_t needed,
                                                     std::size_t places);

// How many elements from `first` on, oldest first, have waited at least `min_age`; at most
// `needed`. `since` maps an element to the MonoTime its wait began. Touches no more than it returns
// plus one.
template <class Iterator, class Since>
[[nodiscard]] std::size_t oldest_to_shed(Iterator first,
                                         Iterator last,
                                         MonoTime now,
                                         Nanoseconds min_age,
                                         std::size_t needed,
                                         Since since) {
    if (min_age <= Nanoseconds::zero()) return 0;
    std::size_t count = 0;
    while (count < needed && first != last && now - since(*first) >= min_age) {
        ++count;
        ++first;
    }
    return count;
}

}  // namespace mpmd::mpm
