#include "daemon/log/log_ring.h"

#include <algorithm>
#include <utility>

namespace mpmd::log {

LogRing::LogRing(std::size_t files, std::size_t capacity, const os::EventFd& bell)
    : capacity_(capacity), bell_(bell), buffers_(files) {}

LogRing::Put LogRing::put(std::size_t file, std::string_view lines) {
    if (closed_ || lines.size() > capacity_) return Put::Done;  // nobody could ever write it
    std::string& buffer = buffers_[file];
    if (buffer.size() + lines.size() > capacity_) return Put::Full;
    buffer.append(lines);
    if (buffer.size() > capacity_ / 2) roomy_.store(false, std::memory_order_relaxed);
    return std::exchange(writer_sleeps_, false) ? Put::DoneAndWake : Put::Done;
}

bool LogRing::append(std::size_t file, std::string_view lines) {
    Put put_result = Put::Done;
    {
        const os::Lock lock(mutex_);
        put_result = put(file, lines);
    }
    if (put_result == Put::DoneAndWake) bell_.ring();
    return put_result != Put::Full;
}

void LogRing::append_waiting(std::size_t file, std::string_view lines) {
    Put put_result = Put::Done;
    {
        const os::Lock lock(mutex_);
        while ((put_result = put(file, lines)) == Put::Full)
            room_.wait(mutex_);
    }
    if (put_result == Put::DoneAndWake) bell_.ring();
}

bool LogRing::take(std::size_t file, std::string& lines) {
    lines.clear();
    const os::Lock lock(mutex_);
    std::swap(lines, buffers_[file]);
    const bool crowded = std::any_of(buffers_.begin(), buffers_.end(), [this](const auto& buffer) {
        return buffer.size() > capacity_ / 2;
    });
    if (!crowded) roomy_.store(true, std::memory_order_relaxed);
    room_.notify_all();
    return !lines.empty();
}

bool LogRing::sleep() {
    const os::Lock lock(mutex_);
    for (const std::string& buffer : buffers_)
        if (!buffer.empty()) return false;
    writer_sleeps_ = true;
    return true;
}

void LogRing::close() {
    const os::Lock lock(mutex_);
    closed_ = true;
    room_.notify_all();
}

}  // namespace mpmd::log
