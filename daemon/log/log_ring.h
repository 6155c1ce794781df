#pragma once

// The log records of one child between the threads that make them and the one that writes them
// (decisions.md 9): no disk ever stops the listener.
//
// One bounded buffer per log file. Any thread appends whole lines; the writer takes everything at
// once, so that memory is two buffers per file. A full buffer refuses: who may block waits for
// room, who may not hands its request to somebody who may. The writer is rung only when it sleeps.

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log/log_file.h"
#include "daemon/os/event_fd.h"
#include "daemon/os/mutex.h"

namespace mpmd::log {

class LogRing {
public:
    // `bell` is rung for the writer; it outlives the ring.
    LogRing(std::size_t files, std::size_t capacity, const os::EventFd& bell);

    // False: no room, nothing was appended. Lines larger than the whole buffer are cut away.
    [[nodiscard]] bool append(std::size_t file, std::string_view lines) EXCLUDES(mutex_);
    // Waits for room; gives up when the ring is closed.
    void append_waiting(std::size_t file, std::string_view lines) EXCLUDES(mutex_);
    // Any thread, a hint without a lock: less than half of every buffer is used.
    [[nodiscard]] bool roomy() const { return roomy_.load(std::memory_order_relaxed); }

    // The writer: moves what is there into `lines` (cleared first). False: nothing was there.
    [[nodiscard]] bool take(std::size_t file, std::string& lines) EXCLUDES(mutex_);
    // The writer goes to sleep: from now on the first append rings. False: something is there.
    [[nodiscard]] bool sleep() EXCLUDES(mutex_);
    // Nobody writes any more: waiting threads return, later lines are dropped.
    void close() EXCLUDES(mutex_);
    [[nodiscard]] std::size_t files() const { return buffers_.size(); }

private:
    enum class Put { Done, DoneAndWake, Full };
    Put put(std::size_t file, std::string_view lines) REQUIRES(mutex_);

    const std::size_t capacity_;
    const os::EventFd& bell_;
    std::atomic<bool> roomy_{true};
    os::Mutex mutex_;
    os::CondVar room_;
    std::vector<std::string> buffers_;  // size is constant, contents GUARDED_BY(mutex_)
    bool writer_sleeps_ GUARDED_BY(mutex_) = false;
    bool closed_ GUARDED_BY(mutex_) = false;
};

// One file of the ring as a sink, for log::Log. A line that finds no room is dropped: messages are
// made by threads that must not wait.
class RingSink final : public Sink {
public:
    RingSink(LogRing& ring, std::size_t file) : ring_(ring), file_(file) {}
    void append(std::string_view lines) override {
        [[maybe_unused]] const bool kept = ring_.append(file_, lines);
    }

private:
    LogRing& ring_;
    const std::size_t file_;
};

}  // namespace mpmd::log
