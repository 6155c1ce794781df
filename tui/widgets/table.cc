#include "tui/widgets/table.h"

#include <algorithm>

#include "tui/text/display.h"

namespace mpmd::tui {

namespace {

constexpr int kMark = 2;  // columns before the first cell: mark and tag

int needed(std::span<const Column> columns, const std::vector<bool>& shown) {
    int sum = kMark;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (shown[i]) sum += columns[i].width + 1;
    }
    return sum - 1;
}

// The column to leave out next: the highest priority, of equals the rightmost.
std::size_t least_wanted(std::span<const Column> columns, const std::vector<bool>& shown) {
    std::size_t found = columns.size();
    int highest = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!shown[i] || columns[i].priority < std::max(highest, 1)) continue;
        found = i;
        highest = columns[i].priority;
    }
    return found;
}

void hide_shifted(std::span<const Column> columns, int shift, std::vector<bool>& shown) {
    for (std::size_t i = 0; i < columns.size() && shift > 0; ++i) {
        if (columns[i].priority == 0) continue;
        shown[i] = false;
        --shift;
    }
}

void draw_titles(Canvas& canvas,
                 const Rect& area,
                 std::span<const Column> columns,
                 std::span<const PlacedColumn> placed,
                 const TableLook& look) {
    canvas.clear({area.x, area.y, area.width, 1});
    for (const PlacedColumn& place : placed) {
        const Column& column = columns[place.index];
        const bool sorted = static_cast<int>(place.index) == look.sort_column;
        const Style style{sorted ? Ink::Info : Ink::Normal, true, false};
        canvas.put(place.x, area.y, pad(column.title, place.width, column.right), style);
        const int after = column.right ? place.width : std::min(width(column.title), place.width);
        if (sorted) canvas.put(place.x + after, area.y, look.descending ? "-" : "+", style);
    }
}

void draw_row(Canvas& canvas,
              const Rect& line,
              std::span<const Column> columns,
              std::span<const PlacedColumn> placed,
              const TableRow& row) {
    canvas.put(line.x, line.y, std::string(1, row.mark), Style{Ink::Warn, true, false});
    canvas.put(line.x + 1, line.y, row.tagged ? "*" : " ", Style{Ink::Special, true, false});
    for (const PlacedColumn& place : placed) {
        if (place.index >= row.cells.size()) continue;
        canvas.put(place.x, line.y,
                   pad(row.cells[place.index], place.width, columns[place.index].right), row.style);
    }
    if (row.selected) canvas.restyle(line, kReverse);
}

}  // namespace

std::vector<PlacedColumn> place_columns(std::span<const Column> columns, int width, int shift) {
    std::vector<bool> shown(columns.size(), true);
    hide_shifted(columns, shift, shown);
    while (needed(columns, shown) > width) {
        const std::size_t victim = least_wanted(columns, shown);
        if (victim == columns.size()) break;
        shown[victim] = false;
    }
    const int spare = std::max(width - needed(columns, shown), 0);
    std::vector<PlacedColumn> out;
    int x = kMark;
    bool given = false;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (!shown[i] || x >= width) continue;
        int wide = columns[i].width;
        if (columns[i].flexible && !given) {
            wide += spare;
            given = true;
        }
        wide = std::min(wide, width - x);
        out.push_back({i, x, wide});
        x += wide + 1;
    }
    return out;
}

void draw_table(Canvas& canvas,
                const Rect& area,
                std::span<const Column> columns,
                std::span<const TableRow> rows,
                const TableLook& look) {
    if (area.height <= 0) return;
    std::vector<PlacedColumn> placed = place_columns(columns, area.width, look.shift);
    for (PlacedColumn& place : placed)
        place.x += area.x;
    draw_titles(canvas, area, columns, placed, look);
    int y = area.y + 1;
    for (const TableRow& row : rows) {
        if (y >= area.bottom()) break;
        draw_row(canvas, {area.x, y, area.width, 1}, columns, placed, row);
        ++y;
    }
}

void ListView::settle(int count, int rows) {
    cursor = std::clamp(cursor, 0, std::max(count - 1, 0));
    if (rows <= 0) return;
    if (cursor < top) top = cursor;
    if (cursor >= top + rows) top = cursor - rows + 1;
    top = std::clamp(top, 0, std::max(count - rows, 0));
}

}  // namespace mpmd::tui
