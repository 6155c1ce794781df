#include "daemon/handlers/script_keeper.h"

#include <algorithm>
#include <csignal>
#include <thread>
#include <utility>

#include "daemon/os/clock.h"

namespace mpmd::handlers {

namespace {

constexpr Milliseconds kAfterLeader{200};  // for the rest of a group whose leader has obeyed
constexpr Milliseconds kLook{5};
constexpr Milliseconds kUnwatched{100};  // looks at a process that has no pidfd

}  // namespace

Result<std::unique_ptr<ScriptKeeper>> ScriptKeeper::create() {
    os::Poller poller = TRY(os::Poller::create());
    os::TimerFd timer = TRY(os::TimerFd::open());
    TRY_VOID(poller.add(timer.fd(), EPOLLIN, 0));
    return std::unique_ptr<ScriptKeeper>(new ScriptKeeper(std::move(poller), std::move(timer)));
}

bool ScriptKeeper::admit(const Script& script) {
    const os::Lock lock(mutex_);
    groups_.insert(script.pid());
    if (leaving_) script.signal_group(SIGKILL);
    return !leaving_;
}

void ScriptKeeper::forget(const Script& script) {
    const os::Lock lock(mutex_);
    groups_.erase(script.pid());
}

void ScriptKeeper::let_finish(std::unique_ptr<Script> script, MonoTime until) {
    keep(std::move(script), until, false);
}

void ScriptKeeper::end(std::unique_ptr<Script> script) {
    script->signal_group(SIGTERM);
    keep(std::move(script), os::mono_now() + kTermGrace, true);
}

void ScriptKeeper::keep(std::unique_ptr<Script> script, MonoTime until, bool told) {
    script->close_output();
    const os::Lock lock(mutex_);
    Kept kept{std::move(script), until, told || leaving_};
    if (leaving_) kept.until = std::min(until, leave_until_);
    const auto watch = [this](int fd) {
        return fd >= 0 && poller_.add(fd, EPOLLIN, 1).has_value();
    };
    kept.hears = watch(kept.script->errors_fd());
    kept.watched = watch(kept.script->process_fd());
    kept_.push_back(std::move(kept));
    set_timer();
}

void ScriptKeeper::set_timer() {
    std::optional<MonoTime> next;
    const auto wake = [&next](MonoTime when) { next = next ? std::min(*next, when) : when; };
    for (const Kept& kept : kept_) {
        if (!kept.killed) wake(kept.until);
        if (!kept.watched) wake(os::mono_now() + kUnwatched);
    }
    timer_.at(next);
}

void ScriptKeeper::tend() {
    const MonoTime now = os::mono_now();
    const os::Lock lock(mutex_);
    static_cast<void>(timer_.acknowledge());
    std::vector<Kept> still;
    for (Kept& kept : kept_)
        if (look_after(kept, now)) still.push_back(std::move(kept));
    kept_ = std::move(still);
    set_timer();
}

// False: it is reaped.
bool ScriptKeeper::look_after(Kept& kept, MonoTime now) {
    Script& script = *kept.script;
    if (kept.hears && !script.read_errors()) {
        poller_.remove(script.errors_fd());
        kept.hears = false;
    }
    const bool ended = script.has_ended();
    if (ended && kept.watched) {
        poller_.remove(script.process_fd());
        kept.watched = false;
        if (kept.told && !kept.killed)
            kept.until = std::min(kept.until, leaving_ ? now : now + kAfterLeader);
    }
    // A group that was told to end gets its KILL while its leader's number is still taken.
    if (now >= kept.until && !kept.killed && !ended && !kept.told) {
        script.complain(log::Level::Warn, "still runs, long after its last word: ended");
        script.signal_group(SIGTERM);
        kept.told = true;
        kept.until = now + kTermGrace;
    } else if (now >= kept.until && kept.told && !kept.killed) {
        script.signal_group(SIGKILL);
        kept.killed = true;
    }
    if (!ended || (kept.told && !kept.killed)) return true;
    if (kept.hears) {
        static_cast<void>(script.read_errors());
        poller_.remove(script.errors_fd());
    }
    static_cast<void>(script.reap());
    groups_.erase(script.pid());
    return false;
}

void ScriptKeeper::end_all(Nanoseconds limit) {
    const MonoTime until = os::mono_now() + limit;
    std::set<pid_t> left;
    {
        const os::Lock lock(mutex_);  // while it is held no number in groups_ is given back
        leaving_ = true;
        leave_until_ = until;
        left = groups_;
        for (Kept& kept : kept_) {
            kept.told = true;
            kept.until = std::min(kept.until, until);
        }
        for (const pid_t group : left)
            (void)::kill(-group, SIGTERM);
    }
    while (running() > 0 && os::mono_now() < until) {
        tend();
        std::this_thread::sleep_for(kLook);
    }
    const os::Lock lock(mutex_);
    for (const pid_t group : left)
        if (groups_.count(group) > 0) (void)::kill(-group, SIGKILL);
}

std::size_t ScriptKeeper::running() {
    const os::Lock lock(mutex_);
    return groups_.size();
}

}  // namespace mpmd::handlers
