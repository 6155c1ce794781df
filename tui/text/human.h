#pragma once

// Numbers for people, at most six columns wide so that columns stay put. Pure; any thread.

#include <chrono>
#include <cstdint>
#include <string>

namespace mpmd::tui {

[[nodiscard]] std::string human_bytes(std::uint64_t bytes);  // 812, 4.0K, 88M, 1.9G (1024)
[[nodiscard]] std::string human_count(std::uint64_t count);  // 99999, 812k, 4.1M (1000)
[[nodiscard]] std::string human_rate(double per_second);     // 0, 0.4, 12, 3812
[[nodiscard]] std::string human_duration(
    std::chrono::milliseconds age);                                  // 0.4s, 41s, 7m12, 4h12, 12d04
[[nodiscard]] std::string human_percent(double part, double whole);  // 47%, "-" of nothing
[[nodiscard]] std::string human_permille(std::uint32_t permille);    // 73%, 0.4%
[[nodiscard]] std::string human_latency_us(double microseconds);     // 80us, 3.1ms, 118ms, 2.1s

// HH:MM:SS of a wall-clock second in a time zone that far east of UTC.
[[nodiscard]] std::string clock_text(std::int64_t unix_seconds, std::int64_t utc_offset_seconds);

}  // namespace mpmd::tui
