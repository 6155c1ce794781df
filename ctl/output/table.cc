#include "ctl/output/table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace mpmd::ctl {

std::string Table::text(std::size_t width, bool headers) const {
    std::vector<std::size_t> widths;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        std::size_t widest = headers ? columns_[c].title.size() : 0;
        for (const auto& row : rows_)
            widest = std::max(widest, row[c].size());
        widths.push_back(widest);
    }
    const auto line = [&](const auto& cell) {
        std::string out;
        for (std::size_t c = 0; c < columns_.size(); ++c) {
            if (c > 0) out += "  ";
            const std::string& text = cell(c);
            const std::string padding(widths[c] - std::min(widths[c], text.size()), ' ');
            out += columns_[c].align == Align::Right ? padding + text : text + padding;
        }
        out.erase(out.find_last_not_of(' ') + 1);
        if (width > 0 && out.size() > width) out.resize(width);
        return out + "\n";
    };
    std::string out;
    if (headers)
        out += line([&](std::size_t c) -> const std::string& { return columns_[c].title; });
    for (const auto& row : rows_)
        out += line([&](std::size_t c) -> const std::string& { return row[c]; });
    return out;
}

std::string scaled_bytes(std::uint64_t bytes) {
    constexpr std::array<char, 6> kUnits{'B', 'K', 'M', 'G', 'T', 'P'};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < kUnits.size()) {
        value /= 1024;
        ++unit;
    }
    if (unit == 0) return fmt::format("{}B", bytes);
    return value < 9.95 ? fmt::format("{:.1f}{}", value, kUnits[unit])
                        : fmt::format("{:.0f}{}", value, kUnits[unit]);
}

std::string scaled_age(std::uint64_t milliseconds) {
    const std::uint64_t seconds = milliseconds / 1000;
    if (milliseconds < 1000) return fmt::format("{}ms", milliseconds);
    if (seconds < 10) return fmt::format("{}.{}s", seconds, milliseconds % 1000 / 100);
    if (seconds < 60) return fmt::format("{}s", seconds);
    if (seconds < 3600) return fmt::format("{}m{:02}s", seconds / 60, seconds % 60);
    if (seconds < 86400) return fmt::format("{}h{:02}m", seconds / 3600, seconds / 60 % 60);
    return fmt::format("{}d{:02}h", seconds / 86400, seconds / 3600 % 24);
}

std::string permille(std::uint32_t value) {
    return fmt::format("{}.{}%", value / 10, value % 10);
}

}  // namespace mpmd::ctl
