#pragma once

// Where things stand on each screen for a window of a given size: one place for drawing and for
// scrolling. Pure.

#include "tui/canvas/canvas.h"
#include "tui/model/model.h"

namespace mpmd::tui {

inline constexpr int kMinimumWidth = 60;
inline constexpr int kMinimumHeight = 16;
[[nodiscard]] bool fits(const Model& model);

// Three lines at the bottom of every screen: a message, the keys, the screens.
inline constexpr int kFooterLines = 3;

struct OverviewLayout {
    bool wide = false;  // with the letter board, events and connections beside the gauges
    int gauges = 3;     // first line of the gauges
    int history = -1;   // line of the request history; -1: none
    int served = 6;     // line that says where work runs and what is short
    Rect children;      // table or board, its title line included
    int lines_per_child = 1;
    int letters_width = 0;
    Rect events;
    Rect connections;  // heading, titles and rows
    int tune = -1;
};
[[nodiscard]] OverviewLayout overview_layout(const Model& model);

struct ListLayout {
    Rect table;   // titles and rows
    Rect detail;  // below a line; its height may be 0
};
[[nodiscard]] ListLayout children_layout(const Model& model);
[[nodiscard]] ListLayout connections_layout(const Model& model);

// Rows of the lists on the screen that is shown.
[[nodiscard]] int child_list_rows(const Model& model);
[[nodiscard]] int connection_list_rows(const Model& model);

[[nodiscard]] Rect tune_dialog_area(const Model& model);
[[nodiscard]] int tune_rows(const Model& model);

}  // namespace mpmd::tui
