#pragma once

// Load that checks what it gets, body by body: keep-alive, pipelined, closing and slow-reading
// clients against one port. What counts as a failure is what a user would call one: a refused
// connection, a status that is not 200, a truncated or wrong body, a request on a fresh connection
// without an answer, or pipelined requests dropped without an announced close. The close of an idle
// kept-alive connection before any byte of a response is counted apart
// (`retried`): HTTP allows it and clients repeat the request.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace mpmd::test {

struct LoadPlan {
    std::uint16_t port = 0;
    std::map<std::string, std::string> files;  // path -> exact body; asked for in turn
    std::string big;                           // the path that slow readers read; "" = none
    int keep_alive = 3;                        // client threads of each kind
    int pipelined = 2;
    int closing = 2;
    int slow_readers = 2;
};

struct LoadResult {
    std::uint64_t answered = 0;
    std::uint64_t retried = 0;
    std::uint64_t connections = 0;
    std::vector<std::string> failures;  // the first hundred, with what happened
    std::uint64_t failed = 0;
    std::chrono::milliseconds longest_gap{0};  // between two answers, anybody's
};

// For a failed test: counts and the first failures, one a line.
[[nodiscard]] std::string describe(const LoadResult& result);

class CheckedLoad {
public:
    explicit CheckedLoad(LoadPlan plan);  // starts
    ~CheckedLoad();
    CheckedLoad(const CheckedLoad&) = delete;
    CheckedLoad& operator=(const CheckedLoad&) = delete;

    [[nodiscard]] std::uint64_t answered() const { return answered_.load(); }
    LoadResult stop();  // each client finishes the answer it is reading

private:
    void keep_alive(unsigned seed);
    void pipelined();
    void closing();
    void slow_reader();
    void note_answer();
    void note_failure(const std::string& what);
    [[nodiscard]] bool stopping() const { return stop_.load(std::memory_order_relaxed); }

    LoadPlan plan_;
    std::vector<std::string> paths_;
    std::atomic<bool> stop_{false};
    std::atomic<std::uint64_t> answered_{0};
    std::atomic<std::uint64_t> retried_{0};
    std::atomic<std::uint64_t> connections_{0};
    std::mutex mutex_;
    LoadResult result_;                                    // guarded by mutex_
    std::chrono::steady_clock::time_point last_answer_{};  // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace mpmd::test
