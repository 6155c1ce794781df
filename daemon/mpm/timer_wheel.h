#pragma once

// Pure. Deadlines of many connections; told the time, never asks (E-1, E-3, E-5, E-6).
//
// A wheel of 4 levels x 64 slots, one tick = 2^26 ns (67 ms). Never early, at most one tick late.
// Arming, moving and cancelling are O(1); expiry costs O(expired); nothing is allocated. Moving a
// deadline *later* only stores it (the node is moved on when its old slot comes up), so a
// keep-alive connection costs one store per request. Deadlines further away than the wheel reaches
// (13 days) are moved on as they come nearer.
//
// The node lives in the object that has the deadline; both belong to one thread. A node must be
// cancelled before it dies and must not move in memory while armed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "daemon/base/check.h"
#include "daemon/base/time.h"

namespace mpmd::mpm {

class TimerWheel;

class TimerNode {
public:
    TimerNode() = default;
    ~TimerNode() { CHECK(!armed()); }
    TimerNode(const TimerNode&) = delete;
    TimerNode& operator=(const TimerNode&) = delete;

    [[nodiscard]] bool armed() const { return next_ != nullptr; }
    [[nodiscard]] MonoTime deadline() const {
        return deadline_;
    }  // Requires: armed, or being expired

private:
    friend class TimerWheel;  // the links are the wheel's
    TimerNode* next_ = nullptr;
    TimerNode* previous_ = nullptr;
    MonoTime deadline_{};
    std::int64_t tick_ = 0;  // where it is linked; never later than deadline_
    std::uint8_t level_ = 0;
    std::uint8_t slot_ = 0;
};

class TimerWheel {
public:
    static constexpr int kTickBits = 26;
    static constexpr Nanoseconds kTick{std::int64_t{1} << kTickBits};

    explicit TimerWheel(MonoTime start);
    ~TimerWheel();  // Requires: empty
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    // Arms, or moves an armed node to a new deadline.
    void arm(TimerNode& node, MonoTime deadline);
    void cancel(TimerNode& node);  // of a node that is not armed: nothing

    // Calls on_expired(node) for every node whose deadline is at or before `now` (rounded down to a
    // tick). The node is no longer armed then; the callback may arm, cancel or destroy any node,
    // this one included.
    template <class OnExpired>
    void expire(MonoTime now, OnExpired on_expired) {
        const std::int64_t now_tick = floor_tick(now);
        while (TimerNode* node = pop_expired(now_tick))
            on_expired(*node);
    }

    // When expire() next has work: the time to sleep until. Nothing when empty.
    [[nodiscard]] std::optional<MonoTime> next_wakeup() const;
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    static constexpr int kLevels = 4;
    static constexpr int kSlotBits = 6;
    static constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;

    struct Slot {
        std::size_t level;
        std::size_t index;
        std::int64_t tick;  // when it comes up
    };

    [[nodiscard]] static std::int64_t floor_tick(MonoTime time);
    [[nodiscard]] static std::int64_t ceil_tick(MonoTime time);
    [[nodiscard]] std::optional<Slot> next_slot() const;
    TimerNode* pop_expired(std::int64_t now_tick);
    void take_slot(const Slot& slot);
    void link(TimerNode& node);
    void unlink(TimerNode& node);
    static void append(TimerNode& head, TimerNode& node);

    std::int64_t tick_;  // every slot up to here has been taken
    std::size_t size_ = 0;
    std::array<std::uint64_t, kLevels> occupied_{};
    std::array<std::array<TimerNode, kSlots>, kLevels> heads_;  // circular lists
    TimerNode taken_;                                           // list of the slot being expired
};

}  // namespace mpmd::mpm
