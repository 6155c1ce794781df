#pragma once

// What the main thread tells the others: values in force, and how far the child is on its way out.
// The main thread writes; the listener looks once per wake-up, workers once per request. Reading
// costs one atomic load when nothing changed.

#include <atomic>
#include <cstdint>
#include <optional>

#include "daemon/base/time.h"
#include "daemon/config/settings.h"
#include "daemon/os/mutex.h"

namespace mpmd::child {

class Orders {
public:
    explicit Orders(const config::LiveSettings& live, bool held) : accepting_(!held), live_(live) {}

    // Main thread; the caller rings the listener.
    void set_live(const config::LiveSettings& live) EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        live_ = live;
        version_.fetch_add(1, std::memory_order_release);
    }
    void set_accepting(bool accepting) { accepting_.store(accepting, std::memory_order_release); }
    // Given again, the earlier deadline holds (E-18): no later order, nor the end of the
    // supervisor, gives more time than there was.
    void drain(std::optional<MonoTime> deadline, Milliseconds keep_alive_grace) EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        const bool earlier = deadline && (!drain_deadline_ || *deadline < *drain_deadline_);
        begin_drain(earlier ? deadline : drain_deadline_, keep_alive_grace);
    }
    // The operator changed what the deadline follows from: it moves, either way.
    void revise_drain(std::optional<MonoTime> deadline, Milliseconds keep_alive_grace)
        EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        begin_drain(deadline, keep_alive_grace);
    }
    void stop() { stopping_.store(true, std::memory_order_release); }

    // Any thread.
    [[nodiscard]] bool accepting() const { return accepting_.load(std::memory_order_acquire); }
    [[nodiscard]] bool draining() const { return draining_.load(std::memory_order_acquire); }
    [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_acquire); }
    // Copies the values when they are newer than `version`.
    bool refresh(config::LiveSettings& live, std::uint64_t& version) EXCLUDES(mutex_) {
        if (version_.load(std::memory_order_acquire) == version) return false;
        const os::Lock lock(mutex_);
        live = live_;
        version = version_.load(std::memory_order_relaxed);
        return true;
    }
    [[nodiscard]] std::optional<MonoTime> drain_deadline() EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        return drain_deadline_;
    }
    [[nodiscard]] Milliseconds keep_alive_grace() EXCLUDES(mutex_) {
        const os::Lock lock(mutex_);
        return keep_alive_grace_;
    }

private:
    void begin_drain(std::optional<MonoTime> deadline, Milliseconds keep_alive_grace)
        REQUIRES(mutex_) {
        drain_deadline_ = deadline;
        keep_alive_grace_ = keep_alive_grace;
        draining_.store(true, std::memory_order_release);
        version_.fetch_add(1, std::memory_order_release);
    }

    std::atomic<std::uint64_t> version_{1};
    std::atomic<bool> accepting_;
    std::atomic<bool> draining_{false};
    std::atomic<bool> stopping_{false};
    os::Mutex mutex_;
    config::LiveSettings live_ GUARDED_BY(mutex_);
    std::optional<MonoTime> drain_deadline_ GUARDED_BY(mutex_);
    Milliseconds keep_alive_grace_ GUARDED_BY(mutex_){0};
};

}  // namespace mpmd::child
