#pragma once

// Integers that cannot be mistaken for one another. Plain values; ordered; hashable through
// value().

#include <compare>
#include <cstdint>

namespace mpmd {

template <class Tag, class T>
class Strong {
public:
    constexpr Strong() = default;
    constexpr explicit Strong(T value) : value_(value) {}
    [[nodiscard]] constexpr T value() const { return value_; }
    constexpr auto operator<=>(const Strong&) const = default;

private:
    T value_{};
};

using SlotIndex = Strong<struct SlotIndexTag, std::uint32_t>;  // process slot, 0-based
using ChildUid =
    Strong<struct ChildUidTag, std::uint64_t>;  // number of a child, never reused; 0 = none
using Generation = Strong<struct GenerationTag, std::uint32_t>;  // one configuration load
using Revision =
    Strong<struct RevisionTag, std::uint64_t>;  // one accepted change of effective values

}  // namespace mpmd
