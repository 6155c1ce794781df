#include "daemon/child/accept_turn.h"

namespace mpmd::child {

using Locked = os::ProcessMutex::Locked;

AcceptTurn::State AcceptTurn::ask() {
    if (mine_) return State::Held;
    const os::Lock lock(lock_);
    if (error_) return State::Failed;
    if (theirs_) {  // released a moment ago perhaps: the thread then keeps it
        wanted_ = true;
        return State::Held;
    }
    if (!wanted_ && !locking_) {
        const auto locked = mutex_.try_lock();
        if (!locked) {
            error_ = locked.error();
            return State::Failed;
        }
        if (*locked != Locked::No) {
            note(*locked);
            mine_ = true;
            return State::Held;
        }
    }
    if (!std::exchange(wanted_, true)) changed_.notify_one();
    return State::Waiting;
}

void AcceptTurn::release() {
    const os::Lock lock(lock_);
    if (std::exchange(mine_, false)) {
        if (const auto unlocked = mutex_.unlock(); !unlocked) error_ = unlocked.error();
        return;
    }
    if (std::exchange(wanted_, false)) changed_.notify_one();
}

void AcceptTurn::run() {
    lock_.lock();
    while (!error_) {
        if (!wanted_) {
            changed_.wait(lock_);
            continue;
        }
        locking_ = true;
        lock_.unlock();
        const auto locked = mutex_.lock();
        lock_.lock();
        locking_ = false;
        if (!locked) {
            error_ = locked.error();
            break;
        }
        note(*locked);
        theirs_ = true;
        if (wanted_) bell_.ring();
        while (wanted_)
            changed_.wait(lock_);
        theirs_ = false;
        if (const auto unlocked = mutex_.unlock(); !unlocked) error_ = unlocked.error();
    }
    lock_.unlock();
    bell_.ring();
}

Error AcceptTurn::error() {
    const os::Lock lock(lock_);
    return error_.value_or(Error{});
}

std::uint64_t AcceptTurn::recovered() {
    const os::Lock lock(lock_);
    return recovered_;
}

}  // namespace mpmd::child
