#pragma once

// The error log, in httpd's form:
//
//   [Wed Mar 04 14:02:31.123456 2026] [mpm_event:notice] [pid 12:tid 34] text
//
// Local time. Control characters of the text are written as \xNN, so that no client can forge a
// line. Any thread; the sink decides where the line goes (a file in the supervisor, the ring in a
// child).

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "daemon/base/time.h"
#include "daemon/log/log_file.h"

namespace mpmd::log {

enum class Level : std::uint8_t { Emerg, Alert, Crit, Error, Warn, Notice, Info, Debug, Trace };
[[nodiscard]] std::string_view level_name(Level level);  // "emerg" .. "trace"

class Log {
public:
    explicit Log(Sink& sink, Level level = Level::Warn) : sink_(sink), level_(level) {}

    [[nodiscard]] bool enabled(Level level) const {
        return level <= level_.load(std::memory_order_relaxed);
    }
    void set_level(Level level) { level_.store(level, std::memory_order_relaxed); }  // LogLevel
    // `module`: "mpm_event", "core" ... Nothing when the level is not enabled; notices always are
    // (httpd's rule for its own life events).
    void write(Level level, std::string_view module, std::string_view text) const;
    template <class... Args>
    void say(Level level,
             std::string_view module,
             fmt::format_string<Args...> format,
             Args&&... args) const {
        if (level == Level::Notice || enabled(level))
            write(level, module, fmt::format(format, std::forward<Args>(args)...));
    }

private:
    Sink& sink_;
    std::atomic<Level> level_;
};

struct LineContext {
    WallTime time;
    long utc_offset_seconds = 0;
    int pid = 0;
    int tid = 0;
};
// One line with its newline.
[[nodiscard]] std::string format_line(const LineContext& context,
                                      Level level,
                                      std::string_view module,
                                      std::string_view text);

}  // namespace mpmd::log
