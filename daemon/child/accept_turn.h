#pragma once

// The listener's way to the accept mutex (W-1, W-2): it asks and never waits. When another child
// has the mutex, a thread of its own waits for it and rings the listener's bell, so that heartbeats
// and orders go on. Whoever took the mutex gives it back.
//
//   ask() ─► Held ─► poll, accept one ─► release()
//         └► Waiting ─► bell ─► ask() ...
//
// ask(), release(): listener. run(): the waiting thread; it ends with the process.

#include <optional>

#include "daemon/os/event_fd.h"
#include "daemon/os/mutex.h"
#include "daemon/os/process_mutex.h"

namespace mpmd::child {

class AcceptTurn {
public:
    AcceptTurn(os::ProcessMutex mutex, const os::EventFd& listener_bell)
        : mutex_(std::move(mutex)), bell_(listener_bell) {}

    enum class State : std::uint8_t { Held, Waiting, Failed };
    [[nodiscard]] State ask() EXCLUDES(lock_);
    // Also takes a question back that has no answer yet.
    void release() EXCLUDES(lock_);
    void run();

    // Why it failed.
    [[nodiscard]] Error error() EXCLUDES(lock_);
    // How many holders died without giving it up, as far as we were the next.
    [[nodiscard]] std::uint64_t recovered() EXCLUDES(lock_);

private:
    void note(os::ProcessMutex::Locked how) REQUIRES(lock_) {
        if (how == os::ProcessMutex::Locked::Recovered) ++recovered_;
    }

    os::ProcessMutex mutex_;
    const os::EventFd& bell_;
    bool mine_ = false;  // the listener's: it took the mutex itself
    os::Mutex lock_;
    os::CondVar changed_;
    bool wanted_ GUARDED_BY(lock_) = false;  // the waiting thread shall have it
    // It is in the kernel for it. Meanwhile nobody else of this process may ask: locks of files
    // belong to the open file, and two threads with one file both have the lock.
    bool locking_ GUARDED_BY(lock_) = false;
    bool theirs_ GUARDED_BY(lock_) = false;  // it has it
    std::uint64_t recovered_ GUARDED_BY(lock_) = 0;
    std::optional<Error> error_ GUARDED_BY(lock_);
};

}  // namespace mpmd::child
