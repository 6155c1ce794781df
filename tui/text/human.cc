#include "tui/text/human.h"

#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace mpmd::tui {

namespace {

std::string scaled(double value, double step, std::string_view units) {
    std::size_t unit = 0;
    while (value >= step * 0.9995 && unit + 1 < units.size()) {
        value /= step;
        ++unit;
    }
    const int decimals = value < 9.95 ? 1 : 0;
    return fmt::format("{:.{}f}{}", value, decimals, units[unit]);
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1024) return fmt::format("{}", bytes);
    return scaled(static_cast<double>(bytes) / 1024, 1024, "KMGTPE");
}

std::string human_count(std::uint64_t count) {
    if (count < 100'000) return fmt::format("{}", count);
    return scaled(static_cast<double>(count) / 1000, 1000, "kMGTPE");
}

std::string human_rate(double per_second) {
    if (!(per_second > 0)) return "0";
    if (per_second < 9.95) return fmt::format("{:.1f}", per_second);
    return human_count(static_cast<std::uint64_t>(std::llround(per_second)));
}

std::string human_duration(std::chrono::milliseconds age) {
    const std::int64_t ms = std::max<std::int64_t>(age.count(), 0);
    const std::int64_t seconds = ms / 1000;
    if (ms < 10'000) return fmt::format("{}.{}s", seconds, ms % 1000 / 100);
    if (seconds < 60) return fmt::format("{}s", seconds);
    if (seconds < 3600) return fmt::format("{}m{:02}", seconds / 60, seconds % 60);
    if (seconds < 86'400) return fmt::format("{}h{:02}", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}d{:02}", seconds / 86'400, seconds / 3600 % 24);
}

std::string human_percent(double part, double whole) {
    if (!(whole > 0)) return "-";
    const double percent = 100 * part / whole;
    if (percent > 0 && percent < 0.995) return fmt::format("{:.2f}%", percent);
    return fmt::format("{:.0f}%", percent);
}

std::string human_permille(std::uint32_t permille) {
    if (permille > 0 && permille < 10) return fmt::format("0.{}%", permille);
    return fmt::format("{}%", (permille + 5) / 10);
}

std::string human_latency_us(double microseconds) {
    if (microseconds < 999.5) return fmt::format("{:.0f}us", microseconds);
    const double ms = microseconds / 1000;
    if (ms < 999.5) return fmt::format("{:.{}f}ms", ms, ms < 9.95 ? 1 : 0);
    return fmt::format("{:.1f}s", ms / 1000);
}

std::string clock_text(std::int64_t unix_seconds, std::int64_t utc_offset_seconds) {
    constexpr std::int64_t kDay = 86'400;
    const std::int64_t second = ((unix_seconds + utc_offset_seconds) % kDay + kDay) % kDay;
    return fmt::format("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
}

}  // namespace mpmd::tui
