#pragma once

// What the listener wants the supervisor to know. It sets a bit and rings; the main thread owns the
// channel and sends.

#include <atomic>
#include <cstdint>

#include "daemon/os/event_fd.h"

namespace mpmd::child {

class Reports {
public:
    enum Bit : std::uint32_t {
        kNearQuota = 1,
        kStoppedAccepting = 2,
        kDraining = 4,
        kListenerEnded = 8,
        kSick = 16,      // it has ended because it cannot do its work
        kShortage = 32,  // of descriptors or memory while accepting; shortage() says which
        kShortageOver = 64,
    };
    explicit Reports(const os::EventFd& main_bell) : bell_(main_bell) {}

    void raise(Bit bit) {
        pending_.fetch_or(bit, std::memory_order_release);
        bell_.ring();
    }
    void raise_shortage(int os_errno) {
        shortage_.store(os_errno, std::memory_order_relaxed);
        raise(kShortage);
    }
    [[nodiscard]] int shortage() const { return shortage_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint32_t take() { return pending_.exchange(0, std::memory_order_acquire); }

private:
    std::atomic<std::uint32_t> pending_{0};
    std::atomic<int> shortage_{0};
    const os::EventFd& bell_;
};

}  // namespace mpmd::child
