#include "daemon/log/access_log.h"

#include <algorithm>
#include <ctime>

namespace mpmd::log {

AccessLog::AccessLog(const std::vector<LogFormat>& formats, LogRing& ring, std::size_t first_file)
    : formats_(formats),
      ring_(ring),
      first_file_(first_file),
      wants_local_(std::any_of(formats.begin(),
                               formats.end(),
                               [](const LogFormat& format) { return format.wants_local(); })),
      batches_(formats.size()) {}

void AccessLog::render_time(std::int64_t seconds) {
    const auto time = static_cast<std::time_t>(seconds);
    std::tm local{};
    ::localtime_r(&time, &local);
    utc_offset_ = local.tm_gmtoff;
    time_ = format_time(seconds, utc_offset_);
    rendered_ = seconds;
}

void AccessLog::add(Record& record) {
    if (record.start_seconds != rendered_) render_time(record.start_seconds);
    record.time = time_;
    record.utc_offset_seconds = utc_offset_;
    for (std::size_t i = 0; i < formats_.size(); ++i)
        formats_[i].append_record(record, batches_[i]);
}

bool AccessLog::flush() {
    bool all = true;
    for (std::size_t i = 0; i < batches_.size(); ++i) {
        if (batches_[i].empty()) continue;
        if (ring_.append(first_file_ + i, batches_[i]))
            batches_[i].clear();
        else
            all = false;
    }
    return all;
}

void AccessLog::flush_waiting() {
    for (std::size_t i = 0; i < batches_.size(); ++i) {
        if (batches_[i].empty()) continue;
        ring_.append_waiting(first_file_ + i, batches_[i]);
        batches_[i].clear();
    }
}

}  // namespace mpmd::log
