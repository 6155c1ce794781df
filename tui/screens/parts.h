#pragma once

// The parts that draw() puts together: one function per screen, pane or dialog, each in the file of
// its name. Pure.

#include <string>
#include <utility>
#include <vector>

#include "tui/canvas/canvas.h"
#include "tui/model/model.h"

namespace mpmd::tui {

// chrome.cc
void draw_title(const Model& model, Canvas& canvas, const std::string& title);
void draw_footer(const Model& model, Canvas& canvas);
// "Label" dim, then the value; returns the column after both and two blanks.
int put_field(Canvas& canvas, int x, int y, const std::string& label, const std::string& value);
[[nodiscard]] std::int64_t sample_second(const Model& model);

// board.cc
[[nodiscard]] Ink ink_of_letter(char letter);
[[nodiscard]] Ink ink_of_listener(const v1::Child& child);        // of its listener
[[nodiscard]] std::string listener_text(const v1::Child& child);  // "L  73%"
int put_letters(Canvas& canvas, int x, int y, const std::string& letters);
void draw_board(const Model& model, Canvas& canvas);

// overview.cc, overview_panes.cc, children.cc, child_pane.cc, connections.cc, help.cc
void draw_overview(const Model& model, Canvas& canvas);
void draw_gauges(const Model& model, Canvas& canvas);
void draw_events(const Model& model, Canvas& canvas, const Rect& area);
void draw_limits(const Model& model, Canvas& canvas, int y);
void draw_children(const Model& model, Canvas& canvas);
void draw_child_table(const Model& model, Canvas& canvas, const Rect& area);
void draw_child_pane(const Model& model, Canvas& canvas, const Rect& area);
void draw_connections(const Model& model, Canvas& canvas);
void draw_connection_heading(const Model& model, Canvas& canvas, int y);
void draw_connection_table(const Model& model, Canvas& canvas, const Rect& area);
void draw_help(const Model& model, Canvas& canvas);

// dialogs: filter_box.cc, sort_box.cc, restart_box.cc, tune_box.cc
void draw_filter_box(const Model& model, const FilterDialog& dialog, Canvas& canvas);
void draw_sort_box(const Model& model, const SortDialog& dialog, Canvas& canvas);
void draw_restart_box(const Model& model, const RestartDialog& dialog, Canvas& canvas);
void draw_tune_box(const Model& model, const TuneDialog& dialog, Canvas& canvas);

}  // namespace mpmd::tui
