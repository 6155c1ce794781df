#include "tui/model/layout.h"

#include <algorithm>

namespace mpmd::tui {

namespace {

constexpr int kWideWidth = 110;
constexpr int kWideHeight = 34;
constexpr int kEventsWidth = 43;  // at least
constexpr int kBoardFixed = 49;   // columns of a board row besides its letters

int most_threads(const Model& model) {
    std::size_t most = 1;
    if (model.frame) {
        for (const v1::Child& child : model.frame->children())
            most = std::max(most, child.board().size());
    }
    return static_cast<int>(most);
}

int child_count(const Model& model) {
    return model.frame ? model.frame->children_size() : 0;
}

void lay_out_wide(const Model& model, OverviewLayout& out) {
    out.history = 6;
    out.served = 7;
    out.tune = model.height - kFooterLines - 1;
    const int top = 9;
    const int body = out.tune - top;
    const int board_width =
        std::min(model.width - kEventsWidth - 2, kBoardFixed + std::max(most_threads(model), 8));
    out.letters_width = std::max(board_width - kBoardFixed, 8);
    out.lines_per_child = (most_threads(model) + out.letters_width - 1) / out.letters_width;
    const int wanted = 2 + std::max(child_count(model), 4) * out.lines_per_child;
    const int board = std::clamp(wanted, 6, std::max(body * 55 / 100, 6));
    out.children = {0, top, board_width, board};
    out.events = {board_width + 2, top, model.width - board_width - 2, board};
    out.connections = {0, top + board + 1, model.width, body - board - 1};
}

// Table above, pane below a line.
ListLayout split(const Model& model, int top, int pane) {
    const int body = model.height - kFooterLines - top;
    const int below = pane > 0 ? std::min(pane + 1, std::max(body - 4, 0)) : 0;
    ListLayout out;
    out.table = {0, top, model.width, body - below};
    if (below > 1) out.detail = {0, top + body - below + 1, model.width, below - 1};
    return out;
}

}  // namespace

bool fits(const Model& model) {
    return model.width >= kMinimumWidth && model.height >= kMinimumHeight;
}

OverviewLayout overview_layout(const Model& model) {
    OverviewLayout out;
    out.wide = model.width >= kWideWidth && model.height >= kWideHeight;
    if (out.wide) {
        lay_out_wide(model, out);
        return out;
    }
    if (model.height >= 20) {
        out.history = 6;
        out.served = 7;
    }
    const int top = out.served + 2;
    out.children = {0, top, model.width, model.height - kFooterLines - top};
    return out;
}

ListLayout children_layout(const Model& model) {
    if (model.children.detail) return split(model, 2, model.height - kFooterLines - 2 - 7);
    return split(model, 2, model.height >= 20 ? 4 : 2);
}

ListLayout connections_layout(const Model& model) {
    return split(model, 2, model.connections.detail ? 7 : 0);
}

int child_list_rows(const Model& model) {
    if (model.screen == Screen::Children)
        return std::max(children_layout(model).table.height - 1, 1);
    const OverviewLayout layout = overview_layout(model);
    if (!layout.wide) return std::max(layout.children.height - 1, 1);
    return std::max((layout.children.height - 2) / layout.lines_per_child, 1);
}

int connection_list_rows(const Model& model) {
    if (model.screen == Screen::Connections)
        return std::max(connections_layout(model).table.height - 1, 1);
    return std::max(overview_layout(model).connections.height - 2, 1);
}

Rect tune_dialog_area(const Model& model) {
    const int width = std::min(model.width - 2, 96);
    if (model.height < 20) return {(model.width - width) / 2, 1, width, model.height - 1};
    const int height = std::min(model.height - 1 - kFooterLines, 30);  // the keys stay in sight
    return {(model.width - width) / 2, std::max((model.height - 2 - height) / 2, 1), width, height};
}

int tune_rows(const Model& model) {
    return std::max(tune_dialog_area(model).height - 10, 1);
}

}  // namespace mpmd::tui
