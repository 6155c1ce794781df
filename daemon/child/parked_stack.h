#pragma once

// Connections on their way from the workers back to the listener (E-3, A-59): any worker pushes
// without a lock, the listener takes all at once.
//
// Whether the listener must be rung is decided against `sleeping_until`: it publishes the time it
// is about to sleep until *before* it looks at the stack a last time, a worker pushes *before* it
// reads that time. Both are sequentially consistent, so at least one sees the other.

#include <atomic>
#include <cstdint>
#include <optional>

#include "daemon/base/time.h"
#include "daemon/child/connection.h"

namespace mpmd::child {

class ParkedStack {
public:
    // Worker. True: the listener sleeps beyond `deadline` and must be rung.
    [[nodiscard]] bool push(Connection& connection, std::optional<MonoTime> deadline) {
        Connection* top = top_.load(std::memory_order_relaxed);
        do {
            connection.next_in_queue = top;
        } while (!top_.compare_exchange_weak(top, &connection, std::memory_order_seq_cst));
        const std::int64_t asleep = sleeping_until_ns_.load(std::memory_order_seq_cst);
        return deadline && to_ns(*deadline) < asleep;
    }
    // Listener. The oldest first, linked by next_in_queue.
    [[nodiscard]] Connection* take_all() {
        if (top_.load(std::memory_order_seq_cst) == nullptr) return nullptr;
        Connection* newest = top_.exchange(nullptr, std::memory_order_seq_cst);
        Connection* oldest = nullptr;
        while (newest != nullptr) {
            Connection* const next = newest->next_in_queue;
            newest->next_in_queue = oldest;
            oldest = newest;
            newest = next;
        }
        return oldest;
    }
    // Listener, before it waits; then it looks at empty() once more.
    void going_to_sleep(MonoTime until) {
        sleeping_until_ns_.store(to_ns(until), std::memory_order_seq_cst);
    }
    void awake() { sleeping_until_ns_.store(0, std::memory_order_relaxed); }
    [[nodiscard]] bool empty() const { return top_.load(std::memory_order_seq_cst) == nullptr; }
    [[nodiscard]] bool asleep() const {
        return sleeping_until_ns_.load(std::memory_order_seq_cst) != 0;
    }

private:
    std::atomic<Connection*> top_{nullptr};
    std::atomic<std::int64_t> sleeping_until_ns_{0};
};

}  // namespace mpmd::child
