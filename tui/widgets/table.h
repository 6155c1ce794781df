#pragma once

// A table of text: columns with priorities, a scrolling window, a cursor that stays on its row by
// id. The caller gives only the rows that are seen. Pure.

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tui/canvas/canvas.h"

namespace mpmd::tui {

struct Column {
    std::string title;
    int width = 6;
    bool right = false;     // aligned
    int priority = 0;       // the highest go first when room is short; 0 stays always
    bool flexible = false;  // takes the columns that are left, at least `width`
};

// Which columns are shown, and how wide. `shift` leaves out that many of those that may go, from
// the left.
struct PlacedColumn {
    std::size_t index;
    int x;
    int width;
};
[[nodiscard]] std::vector<PlacedColumn> place_columns(std::span<const Column> columns,
                                                      int width,
                                                      int shift);

struct TableRow {
    std::vector<std::string> cells;
    Style style;
    bool selected = false;
    bool tagged = false;
    char mark = ' ';  // before the first column: '!' needs attention
};

struct TableLook {
    int shift = 0;
    int sort_column = -1;
    bool descending = false;
};

// Titles on the first line of `area`, rows below. The sorted column's title carries '+' or '-'.
void draw_table(Canvas& canvas,
                const Rect& area,
                std::span<const Column> columns,
                std::span<const TableRow> rows,
                const TableLook& look);

// Cursor and window of a list.
struct ListView {
    std::string selected;  // id of the row under the cursor; empty: whatever stands at `cursor`
    int cursor = 0;
    int top = 0;
    int shift = 0;

    // Bounds the cursor by `count` rows and moves the window so that it is seen.
    void settle(int count, int rows);
};

}  // namespace mpmd::tui
