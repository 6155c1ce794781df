#pragma once

// Tables for people: columns as wide as their content, the last one cut at the terminal's edge.
// Pure.

#include <string>
#include <string_view>
#include <vector>

namespace mpmd::ctl {

enum class Align { Left, Right };

class Table {
public:
    struct Column {
        std::string title;
        Align align = Align::Left;
    };

    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // Requires: one cell per column.
    void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }
    // `width` 0 = unlimited. Ids and numbers are never cut: only the last column is.
    [[nodiscard]] std::string text(std::size_t width, bool headers = true) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

// 1536 -> "1.5K"; 1024-based, at most 5 characters.
[[nodiscard]] std::string scaled_bytes(std::uint64_t bytes);
// 950 ms -> "950ms", 61 s -> "1m01s", 3 h -> "3h00m", 12 d -> "12d04h"
[[nodiscard]] std::string scaled_age(std::uint64_t milliseconds);
// 73 -> "7.3%" of permille
[[nodiscard]] std::string permille(std::uint32_t value);

}  // namespace mpmd::ctl
