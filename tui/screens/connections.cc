#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

TableRow row_of(const Model& model, const v1::Connection& connection, bool selectable) {
    TableRow row;
    row.cells = connection_cells(connection);
    row.selected = selectable && model.connections.list.selected == connection.id();
    if (connection.state() == "keep_alive") row.style.ink = Ink::Dim;
    if (connection.state() == "running") row.style.ink = Ink::Good;
    if (connection.state() == "reading") row.style.ink = Ink::Info;
    return row;
}

bool still_open(const Model& model, const v1::Connection& opened) {
    return std::any_of(model.frame->connections().begin(), model.frame->connections().end(),
                       [&opened](const v1::Connection& row) { return row.id() == opened.id(); });
}

void draw_detail(const Model& model, Canvas& canvas, const Rect& area) {
    const v1::Connection& row = *model.connections.opened;
    const int y = area.y;
    int x = put_field(canvas, 0, y, "id", row.id());
    x = put_field(canvas, x, y, "child", fmt::format("{}", row.child_uid()));
    x = put_field(canvas, x, y, "pid", fmt::format("{}", row.pid()));
    x = put_field(canvas, x, y, "thread",
                  row.has_thread() ? fmt::format("{}", row.thread()) : "none");
    if (!still_open(model, row))
        canvas.put(x, y, "! no longer in the list", Style{Ink::Warn, true, false});
    x = put_field(canvas, 0, y + 1, "state", row.state());
    x = put_field(canvas, x, y + 1, "for", human_duration(Milliseconds(row.state_age_ms())));
    x = put_field(canvas, x, y + 1, "open for", human_duration(Milliseconds(row.age_ms())));
    put_field(canvas, x, y + 1, "tls", row.tls() ? "yes" : "no");
    x = put_field(canvas, 0, y + 2, "peer", row.peer());
    put_field(canvas, x, y + 2, "local", row.local());
    x = put_field(canvas, 0, y + 3, "requests", fmt::format("{}", row.requests()));
    x = put_field(canvas, x, y + 3, "in", fmt::format("{} bytes", row.bytes_in()));
    x = put_field(canvas, x, y + 3, "out", fmt::format("{} bytes", row.bytes_out()));
    put_field(canvas, x, y + 3, "last status",
              row.status() == 0 ? "-" : fmt::format("{}", row.status()));
    x = put_field(canvas, 0, y + 4, "vhost", row.vhost());
    if (row.script_pid() != 0)
        put_field(canvas, x, y + 4, "script",
                  fmt::format("{} for {}", row.script_pid(),
                              human_duration(Milliseconds(row.script_age_ms()))));
    put_field(canvas, 0, y + 5, "request", request_text(row));
}

}  // namespace

void draw_connection_heading(const Model& model, Canvas& canvas, int y) {
    const ConnectionsView& view = model.connections;
    const Column& column = connection_columns()[static_cast<std::size_t>(view.sorting.column)];
    const std::string sorted =
        fmt::format("sorted by {} ({})", column.title, view.sorting.descending ? "desc" : "asc");
    int x = 0;
    if (model.screen == Screen::Overview) x = canvas.put(0, y, "CONNECTIONS", kBold) + 2;
    x = canvas.put(x, y,
                   fmt::format("{} of {}", model.frame->connections_matched(),
                               model.frame->server().connections().total())) +
        2;
    x = canvas.put(x, y, sorted, kDim) + 2;
    const std::string filter = view.filter.empty() ? std::string("none") : view.filter;
    put_field(canvas, x, y, "filter", cut(filter, std::max(canvas.width() - x - 7, 4)));
}

void draw_connection_table(const Model& model, Canvas& canvas, const Rect& area) {
    const bool selectable = model.screen == Screen::Connections;
    const int top = selectable ? model.connections.list.top : 0;
    std::vector<TableRow> rows;
    for (int i = 0; i < area.height - 1; ++i) {
        const v1::Connection* connection = connection_at(model, top + i);
        if (connection == nullptr) break;
        rows.push_back(row_of(model, *connection, selectable));
    }
    const TableLook look{selectable ? model.connections.list.shift : 0,
                         model.connections.sorting.column, model.connections.sorting.descending};
    draw_table(canvas, area, connection_columns(), rows, look);
    if (!rows.empty()) return;
    const char* why = "waiting for the rows";
    if (model.paused) why = "paused: this sample has no such rows; Z goes on";
    if (model.shown.level == v1::FRAME_LEVEL_ROWS && connection_count(model) == 0 && !model.paused)
        why = model.connections.filter.empty() ? "no connections"
                                               : "no connection matches; Esc drops the filter";
    canvas.put(2, area.y + 1, why, kDim);
}

void draw_connections(const Model& model, Canvas& canvas) {
    if (!model.frame) return;
    const ListLayout layout = connections_layout(model);
    draw_connection_heading(model, canvas, 1);
    draw_connection_table(model, canvas, layout.table);
    if (layout.detail.height <= 0 || !model.connections.opened) return;
    canvas.hline(0, layout.detail.y - 1, canvas.width());
    draw_detail(model, canvas, layout.detail);
}

}  // namespace mpmd::tui
