#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

// What the server calls the columns.
struct ConnectionColumn {
    Column column;
    const char* field = "";
    bool largest_first = false;
};
// clang-format off
const ConnectionColumn kTable[] = {
    {{"CHILD.THR", 9, false, 1},     "child_uid", false},
    {{"CLIENT", 21, false, 0},       "peer",      false},
    {{"STATE", 10, false, 0},        "state",     false},
    {{"AGE", 6, true, 0},            "age",       true},
    {{"IN-ST", 6, true, 2},          "state_age", true},
    {{"REQS", 5, true, 3},           "requests",  true},
    {{"IN", 5, true, 5},             "bytes_in",  true},
    {{"OUT", 5, true, 4},            "bytes_out", true},
    {{"CODE", 4, true, 3},           "status",    true},
    {{"PID", 7, true, 6},            "pid",       false},
    {{"VHOST", 16, false, 4},        "vhost",     false},
    {{"REQUEST", 27, false, 0, true}, "target",   false},
};
// clang-format on
constexpr int kAgeColumn = 3;
constexpr int kPidColumn = 9;

std::vector<Column> columns_only() {
    std::vector<Column> out;
    for (const ConnectionColumn& entry : kTable)
        out.push_back(entry.column);
    return out;
}

bool shows_query(const Model& model) {
    return model.frame && model.shown.level == v1::FRAME_LEVEL_ROWS &&
           model.shown.filter == model.connections.filter &&
           model.shown.order_by == order_text(model.connections.sorting);
}

}  // namespace

std::span<const Column> connection_columns() {
    static const std::vector<Column> columns = columns_only();
    return columns;
}

std::string place_text(const v1::Connection& connection) {
    if (!connection.has_thread()) return fmt::format("{}", connection.child_uid());
    return fmt::format("{}.{}", connection.child_uid(), connection.thread());
}

std::string request_text(const v1::Connection& connection) {
    if (connection.method().empty()) return connection.target();
    return connection.method() + " " + connection.target();
}

std::vector<std::string> connection_cells(const v1::Connection& connection) {
    return {place_text(connection),
            connection.peer(),
            connection.state(),
            human_duration(Milliseconds(connection.age_ms())),
            human_duration(Milliseconds(connection.state_age_ms())),
            human_count(connection.requests()),
            human_bytes(connection.bytes_in()),
            human_bytes(connection.bytes_out()),
            connection.status() == 0 ? "-" : fmt::format("{}", connection.status()),
            fmt::format("{}", connection.pid()),
            connection.vhost(),
            request_text(connection)};
}

std::string order_text(const Sorting& sorting) {
    const std::string field = kTable[static_cast<std::size_t>(sorting.column)].field;
    return sorting.descending ? field + " desc" : field;
}

Sorting first_sorting(Screen screen, int column) {
    if (screen == Screen::Connections)
        return {column, kTable[static_cast<std::size_t>(column)].largest_first};
    const std::string& title = child_columns()[static_cast<std::size_t>(column)].title;
    const bool names = title == "UID" || title == "SLOT" || title == "PID" || title == "STATE";
    return {column, !names};
}

std::optional<Sorting> sorting_of(Screen screen, Action action) {
    if (screen == Screen::Connections) {
        if (action == Action::SortTime) return first_sorting(screen, kAgeColumn);
        if (action == Action::SortPid) return first_sorting(screen, kPidColumn);
        return std::nullopt;
    }
    const auto column = [](std::string_view title) {
        const std::span<const Column> all = child_columns();
        const auto it = std::find_if(all.begin(), all.end(),
                                     [title](const Column& entry) { return entry.title == title; });
        return static_cast<int>(it - all.begin());
    };
    switch (action) {
        case Action::SortTime:
            return first_sorting(screen, column("AGE"));
        case Action::SortPid:
            return first_sorting(screen, column("PID"));
        case Action::SortCpu:
            return first_sorting(screen, column("CPU"));
        case Action::SortMemory:
            return first_sorting(screen, column("RSS"));
        case Action::SortConnections:
            return first_sorting(screen, column("CONNS"));
        default:
            return std::nullopt;
    }
}

int connection_count(const Model& model) {
    if (!shows_query(model)) return 0;
    const auto matched = static_cast<int>(model.frame->connections_matched());
    const int here = static_cast<int>(model.shown.offset) + model.frame->connections_size();
    return model.paused ? here : std::max(matched, here);
}

const v1::Connection* connection_at(const Model& model, int row) {
    if (!shows_query(model)) return nullptr;
    const int index = row - static_cast<int>(model.shown.offset);
    if (index < 0 || index >= model.frame->connections_size()) return nullptr;
    return &model.frame->connections(index);
}

void settle_connections(Model& model) {
    ConnectionsView& view = model.connections;
    ListView& list = view.list;
    if (!shows_query(model)) return;
    const auto offset = static_cast<int>(model.shown.offset);
    for (int i = 0; i < model.frame->connections_size(); ++i) {
        if (model.frame->connections(i).id() == list.selected) list.cursor = offset + i;
    }
    list.settle(connection_count(model), connection_list_rows(model));
    if (const v1::Connection* here = connection_at(model, list.cursor)) list.selected = here->id();
    if (!view.detail || !view.opened) return;
    for (const v1::Connection& connection : model.frame->connections()) {
        if (connection.id() == view.opened->id()) view.opened = connection;
    }
}

void select_connection_row(Model& model, int row) {
    ConnectionsView& view = model.connections;
    view.list.selected.clear();
    view.list.cursor = row;
    settle_connections(model);
    if (!view.detail) return;
    if (const v1::Connection* here = connection_at(model, view.list.cursor)) view.opened = *here;
}

WatchSpec wanted_watch(const Model& model) {
    WatchSpec spec;
    spec.level = v1::FRAME_LEVEL_CHILDREN;
    spec.interval = model.interval;
    const bool connections = model.screen == Screen::Connections;
    const bool overview = model.screen == Screen::Overview && overview_layout(model).wide;
    if (connections || overview) {
        spec.level = v1::FRAME_LEVEL_ROWS;
        spec.filter = model.connections.filter;
        spec.order_by = order_text(model.connections.sorting);
        spec.limit = static_cast<std::uint32_t>(std::max(connection_list_rows(model), 1));
    } else if (model.screen == Screen::Children && model.children.detail) {
        spec.level = v1::FRAME_LEVEL_ROWS;
        spec.limit = 1;
    }
    if (!connections) return spec;
    // A window of many screens: small steps of the cursor need no new query, and the selected row
    // stays in it when hundreds before it come or go within a second.
    const int rows = std::max(connection_list_rows(model), 1);
    const int top = model.connections.list.top;
    spec.limit = static_cast<std::uint32_t>(std::max(rows * 3, 300));
    const auto asked = static_cast<int>(model.asked.offset);
    const bool same = model.asked.level == spec.level && model.asked.filter == spec.filter &&
                      model.asked.order_by == spec.order_by;
    const bool inside = top >= asked && top + rows <= asked + static_cast<int>(spec.limit);
    spec.offset = same && inside ? model.asked.offset
                                 : static_cast<std::uint32_t>(std::max(
                                       top - (static_cast<int>(spec.limit) - rows) / 2, 0));
    return spec;
}

}  // namespace mpmd::tui
