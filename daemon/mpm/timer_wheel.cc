#include "daemon/mpm/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace mpmd::mpm {

// A node that comes up at tick t hangs on the level of the highest 6-bit digit in which t differs
// from the wheel's own tick, in the slot of that digit. So everything on a level comes up before
// anything on a higher one, and a slot of a higher level is taken (its nodes move down) at the very
// tick at which the wheel enters it.

TimerWheel::TimerWheel(MonoTime start) : tick_(floor_tick(start)) {
    for (auto& level : heads_)
        for (TimerNode& head : level)
            head.next_ = head.previous_ = &head;
    taken_.next_ = taken_.previous_ = &taken_;
}

TimerWheel::~TimerWheel() {
    CHECK(size_ == 0);
    for (auto& level : heads_)
        for (TimerNode& head : level)
            head.next_ = head.previous_ = nullptr;
    taken_.next_ = taken_.previous_ = nullptr;
}

std::int64_t TimerWheel::floor_tick(MonoTime time) {
    return to_ns(time) >> kTickBits;
}

std::int64_t TimerWheel::ceil_tick(MonoTime time) {
    return floor_tick(time) + ((to_ns(time) & (kTick.count() - 1)) != 0 ? 1 : 0);
}

void TimerWheel::arm(TimerNode& node, MonoTime deadline) {
    node.deadline_ = deadline;
    if (node.armed()) {
        if (ceil_tick(deadline) >= node.tick_) return;
        unlink(node);
    } else {
        ++size_;
    }
    link(node);
}

void TimerWheel::cancel(TimerNode& node) {
    if (!node.armed()) return;
    unlink(node);
    --size_;
}

void TimerWheel::append(TimerNode& head, TimerNode& node) {
    node.previous_ = head.previous_;
    node.next_ = &head;
    head.previous_->next_ = &node;
    head.previous_ = &node;
}

void TimerWheel::link(TimerNode& node) {
    constexpr std::int64_t kReach = (std::int64_t{1} << (kLevels * kSlotBits)) - 1;
    // At the latest where the wheel ends; at the earliest the next tick, for this one has been
    // taken.
    const std::int64_t wrapped = (tick_ | kReach);
    node.tick_ = std::clamp(ceil_tick(node.deadline_), tick_ + 1, std::max(wrapped, tick_ + 1));
    const auto differing = static_cast<std::uint64_t>(node.tick_ ^ tick_);
    const auto digit = static_cast<std::size_t>((std::bit_width(differing) - 1) / kSlotBits);
    const std::size_t level = std::min(digit, std::size_t{kLevels - 1});
    const auto index = static_cast<std::size_t>(node.tick_ >> (level * kSlotBits)) & (kSlots - 1);
    node.level_ = static_cast<std::uint8_t>(level);
    node.slot_ = static_cast<std::uint8_t>(index);
    append(heads_[level][index], node);
    occupied_[level] |= std::uint64_t{1} << index;
}

void TimerWheel::unlink(TimerNode& node) {
    node.previous_->next_ = node.next_;
    node.next_->previous_ = node.previous_;
    node.next_ = node.previous_ = nullptr;
    const TimerNode& head = heads_[node.level_][node.slot_];
    if (head.next_ == &head) occupied_[node.level_] &= ~(std::uint64_t{1} << node.slot_);
}

std::optional<TimerWheel::Slot> TimerWheel::next_slot() const {
    for (std::size_t level = 0; level < kLevels; ++level) {
        if (occupied_[level] == 0) continue;
        const std::size_t shift = level * kSlotBits;
        const auto digit =
            static_cast<int>(static_cast<std::size_t>(tick_ >> shift) & (kSlots - 1));
        // Slots behind the digit belong to the next turn, which only the top level has.
        const int ahead = std::countr_zero(std::rotr(occupied_[level], digit));
        const std::int64_t turn_start = (tick_ >> shift) + ahead;
        const auto index = static_cast<std::size_t>(turn_start) & (kSlots - 1);
        return Slot{level, index, turn_start << shift};
    }
    return std::nullopt;
}

void TimerWheel::take_slot(const Slot& slot) {
    TimerNode& head = heads_[slot.level][slot.index];
    TimerNode& first = *head.next_;
    TimerNode& last = *head.previous_;
    first.previous_ = taken_.previous_;
    taken_.previous_->next_ = &first;
    last.next_ = &taken_;
    taken_.previous_ = &last;
    head.next_ = head.previous_ = &head;
    occupied_[slot.level] &= ~(std::uint64_t{1} << slot.index);
    tick_ = slot.tick;
}

TimerNode* TimerWheel::pop_expired(std::int64_t now_tick) {
    for (;;) {
        while (taken_.next_ != &taken_) {
            TimerNode& node = *taken_.next_;
            unlink(node);
            if (ceil_tick(node.deadline_) <= tick_) {
                --size_;
                return &node;
            }
            link(node);
        }
        const std::optional<Slot> next = next_slot();
        if (!next || next->tick > now_tick) {
            tick_ = std::max(tick_, now_tick);
            return nullptr;
        }
        take_slot(*next);
    }
}

std::optional<MonoTime> TimerWheel::next_wakeup() const {
    if (taken_.next_ != &taken_) return from_ns(tick_ << kTickBits);
    const std::optional<Slot> next = next_slot();
    if (!next) return std::nullopt;
    return from_ns(next->tick << kTickBits);
}

}  // namespace mpmd::mpm
