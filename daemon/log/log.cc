#include "daemon/log/log.h"

#include <array>
#include <ctime>

#include <sys/syscall.h>
#include <unistd.h>

#include "daemon/os/clock.h"

namespace mpmd::log {

namespace {

constexpr std::array<std::string_view, 9> kNames = {"emerg",  "alert", "crit",  "error", "warn",
                                                    "notice", "info",  "debug", "trace"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_printable(std::string& line, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f)
            fmt::format_to(std::back_inserter(line), "\\x{:02x}", byte);
        else
            line.push_back(c);
    }
}

}  // namespace

std::string_view level_name(Level level) {
    return kNames[static_cast<std::size_t>(level)];
}

std::string format_line(const LineContext& context,
                        Level level,
                        std::string_view module,
                        std::string_view text) {
    const std::int64_t us = to_us(context.time);
    const auto seconds = static_cast<std::time_t>(us / 1'000'000 + context.utc_offset_seconds);
    std::tm broken{};
    ::gmtime_r(&seconds, &broken);
    std::string line =
        fmt::format("[{} {} {:02} {:02}:{:02}:{:02}.{:06} {}] [{}:{}] [pid {}:tid {}] ",
                    kDays[static_cast<std::size_t>(broken.tm_wday)],
                    kMonths[static_cast<std::size_t>(broken.tm_mon)], broken.tm_mday,
                    broken.tm_hour, broken.tm_min, broken.tm_sec, us % 1'000'000,
                    broken.tm_year + 1900, module, level_name(level), context.pid, context.tid);
    append_printable(line, text);
    line.push_back('\n');
    return line;
}

void Log::write(Level level, std::string_view module, std::string_view text) const {
    if (level != Level::Notice && !enabled(level)) return;
    LineContext context;
    context.time = os::wall_now();
    const auto seconds = static_cast<std::time_t>(to_us(context.time) / 1'000'000);
    std::tm local{};
    ::localtime_r(&seconds, &local);
    context.utc_offset_seconds = local.tm_gmtoff;
    context.pid = ::getpid();
    context.tid = static_cast<int>(::syscall(SYS_gettid));
    sink_.append(format_line(context, level, module, text));
}

}  // namespace mpmd::log
