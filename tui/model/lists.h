#pragma once

// The two lists of the dashboard: their columns, order and rows. Children are sorted and narrowed
// here, connections by the server; both are followed by id. Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tui/model/model.h"

namespace mpmd::tui {

// ---- children ----
[[nodiscard]] std::span<const Column> child_columns();
[[nodiscard]] std::vector<std::string> child_cells(const v1::Child& child,
                                                   std::int64_t now_seconds);
// '!' when the child needs a look: it drains, stops, or its heart does not beat.
[[nodiscard]] char child_mark(const v1::Child& child);
// Those that pass the filter, in the order of the sorting; ties by slot.
[[nodiscard]] std::vector<const v1::Child*> ordered_children(const Model& model);
[[nodiscard]] const v1::Child* selected_child(const Model& model);
[[nodiscard]] const v1::Child* find_child(const Model& model, std::uint64_t uid);
// Cursor and window after a frame, a key or a new size: the selection stays on its child.
void settle_children(Model& model);
void select_child_row(Model& model, int row);

// ---- connections ----
[[nodiscard]] std::span<const Column> connection_columns();
[[nodiscard]] std::vector<std::string> connection_cells(const v1::Connection& connection);
// "child" or "child.thread"
[[nodiscard]] std::string place_text(const v1::Connection& connection);
[[nodiscard]] std::string request_text(const v1::Connection& connection);
// ConnectionQuery.order_by of a sorting.
[[nodiscard]] std::string order_text(const Sorting& sorting);
// Rows of the whole result that the cursor can reach now.
[[nodiscard]] int connection_count(const Model& model);
// The connection at a row of the whole result; null when the frame does not have it.
[[nodiscard]] const v1::Connection* connection_at(const Model& model, int row);
void settle_connections(Model& model);
void select_connection_row(Model& model, int row);

// The column that a sort key means in the list of the screen.
[[nodiscard]] std::optional<Sorting> sorting_of(Screen screen, Action action);
[[nodiscard]] Sorting first_sorting(Screen screen, int column);

// What the feed shall send for what is on the screen.
[[nodiscard]] WatchSpec wanted_watch(const Model& model);

}  // namespace mpmd::tui
