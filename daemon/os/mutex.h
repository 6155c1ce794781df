#pragma once

// Mutex and condition variable that clang's thread-safety analysis sees (preset tsa). Use these,
// never std::mutex.

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MPMD_TSA(x) __attribute__((x))
#else
#define MPMD_TSA(x)
#endif
// gRPC's headers bring macros of the same names and meaning along.
#undef GUARDED_BY
#undef NO_THREAD_SAFETY_ANALYSIS
#define CAPABILITY(name) MPMD_TSA(capability(name))
#define SCOPED_CAPABILITY MPMD_TSA(scoped_lockable)
#define GUARDED_BY(x) MPMD_TSA(guarded_by(x))
#define REQUIRES(...) MPMD_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) MPMD_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) MPMD_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) MPMD_TSA(release_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) MPMD_TSA(assert_capability(x))
#define NO_THREAD_SAFETY_ANALYSIS MPMD_TSA(no_thread_safety_analysis)

namespace mpmd::os {

class CAPABILITY("mutex") Mutex {
public:
    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

private:
    friend class CondVar;
    std::mutex mutex_;
};

class SCOPED_CAPABILITY Lock {
public:
    explicit Lock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~Lock() RELEASE() { mutex_.unlock(); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

private:
    Mutex& mutex_;
};

class CondVar {
public:
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }
    void wait(Mutex& mutex) REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
        std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
        condition_.wait(held);
        held.release();
    }
    // False when `duration` passed without a notification.
    template <class Rep, class Period>
    bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> duration)
        REQUIRES(mutex) NO_THREAD_SAFETY_ANALYSIS {
        std::unique_lock<std::mutex> held(mutex.mutex_, std::adopt_lock);
        const auto status = condition_.wait_for(held, duration);
        held.release();
        return status == std::cv_status::no_timeout;
    }

private:
    std::condition_variable condition_;
};

// "This code runs on that thread" as a capability: the listener adopts its role once, its state is
// GUARDED_BY(role).
class CAPABILITY("role") ThreadRole {
public:
    void adopt() ACQUIRE() {}
    void drop() RELEASE() {}
    void assert_held() const ASSERT_CAPABILITY(this) {}
};

}  // namespace mpmd::os
