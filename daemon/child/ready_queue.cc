#include "daemon/child/ready_queue.h"

#include <algorithm>
#include <utility>

namespace mpmd::child {

void ReadyQueue::enqueue(Job job) {
    surplus_.fetch_sub(1, std::memory_order_relaxed);
    {
        const os::Lock lock(mutex_);
        jobs_.push_back(std::move(job));
    }
    not_empty_.notify_one();
}

void ReadyQueue::push(Connection& connection) {
    enqueue({&connection, nullptr});
}

void ReadyQueue::push_recheck(http::Handler::Knowledge what) {
    if (idle() > 0) enqueue({nullptr, std::move(what)});
}

bool ReadyQueue::remove(Connection& connection) {
    const os::Lock lock(mutex_);
    const auto found = std::find_if(jobs_.begin(), jobs_.end(), [&connection](const Job& job) {
        return job.connection == &connection;
    });
    if (found == jobs_.end()) return false;
    jobs_.erase(found);
    surplus_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

std::optional<Job> ReadyQueue::pop(std::uint64_t& announced) {
    const os::Lock lock(mutex_);
    while (jobs_.empty() && !closed_ && announcements_ == announced && staying_ <= enough_)
        not_empty_.wait(mutex_);
    if (!jobs_.empty()) {
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        return job;
    }
    surplus_.fetch_sub(1, std::memory_order_relaxed);  // no job was taken off
    if (closed_) return std::nullopt;
    if (staying_ > enough_) {
        --staying_;
        return std::nullopt;
    }
    announced = announcements_;
    return Job{};
}

void ReadyQueue::announce() {
    {
        const os::Lock lock(mutex_);
        ++announcements_;
    }
    not_empty_.notify_all();
}

void ReadyQueue::keep(std::uint32_t workers) {
    {
        const os::Lock lock(mutex_);
        if (workers >= enough_) return;
        enough_ = workers;
    }
    not_empty_.notify_all();
}

void ReadyQueue::close() {
    {
        const os::Lock lock(mutex_);
        closed_ = true;
    }
    not_empty_.notify_all();
}

}  // namespace mpmd::child
