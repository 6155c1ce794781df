#pragma once

// One thread's side of the access log: formats records into a batch per CustomLog and gives the
// batches to the ring. Not shared; formats and ring outlive it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/log/log_format.h"
#include "daemon/log/log_ring.h"

namespace mpmd::log {

class AccessLog {
public:
    // Format i goes to file `first_file` + i of the ring.
    AccessLog(const std::vector<LogFormat>& formats, LogRing& ring, std::size_t first_file);

    [[nodiscard]] bool enabled() const { return !formats_.empty(); }
    // A format has %A or %p.
    [[nodiscard]] bool wants_local() const { return wants_local_; }
    // Fills in the time texts and appends one line to each batch.
    void add(Record& record);
    // Listener: false = no room at the moment, the lines wait in the batch.
    bool flush();
    // Worker: waits for room.
    void flush_waiting();

private:
    void render_time(std::int64_t seconds);

    const std::vector<LogFormat>& formats_;
    LogRing& ring_;
    const std::size_t first_file_;
    const bool wants_local_;
    std::vector<std::string> batches_;
    std::int64_t rendered_ = -1;  // second that time_ shows
    long utc_offset_ = 0;
    std::string time_;
};

}  // namespace mpmd::log
