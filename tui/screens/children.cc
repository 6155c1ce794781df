#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

void draw_summary(const Model& model, Canvas& canvas) {
    const v1::ChildCounts& counts = model.frame->server().children();
    int x =
        put_field(canvas, 0, 1, "children", fmt::format("{}/{}", counts.total(), counts.limit()));
    x = put_field(canvas, x, 1, "active", fmt::format("{}", counts.active()));
    x = put_field(canvas, x, 1, "draining", fmt::format("{}", counts.draining()));
    x = put_field(canvas, x, 1, "starting", fmt::format("{}", counts.starting()));
    if (!model.children.tags.empty())
        x = put_field(canvas, x, 1, "tagged", fmt::format("{}", model.children.tags.size()));
    if (model.children.filter.empty()) return;
    const std::string text =
        fmt::format("{} ({} shown)", model.children.filter, ordered_children(model).size());
    put_field(canvas, x, 1, "filter", cut(text, std::max(canvas.width() - x - 8, 8)));
}

TableRow row_of(const Model& model, const v1::Child& child) {
    TableRow row;
    row.cells = child_cells(child, sample_second(model));
    row.selected = model.children.list.selected == fmt::format("{}", child.uid());
    row.tagged = model.children.tags.count(child.uid()) != 0;
    row.mark = child_mark(child);
    if (row.mark == '!') row.style.ink = Ink::Warn;
    if (child.state() == "starting" || child.state() == "ready") row.style.ink = Ink::Info;
    return row;
}

}  // namespace

void draw_child_table(const Model& model, Canvas& canvas, const Rect& area) {
    const std::vector<const v1::Child*> children = ordered_children(model);
    std::vector<TableRow> rows;
    for (auto i = static_cast<std::size_t>(model.children.list.top); i < children.size(); ++i) {
        if (static_cast<int>(rows.size()) >= area.height - 1) break;
        rows.push_back(row_of(model, *children[i]));
    }
    const TableLook look{model.children.list.shift, model.children.sorting.column,
                         model.children.sorting.descending};
    draw_table(canvas, area, child_columns(), rows, look);
    if (children.empty()) {
        canvas.put(2, area.y + 1,
                   model.children.filter.empty() ? "no children"
                                                 : "no child matches the filter; Esc drops it",
                   kDim);
    }
}

void draw_children(const Model& model, Canvas& canvas) {
    if (!model.frame) return;
    const ListLayout layout = children_layout(model);
    draw_summary(model, canvas);
    draw_child_table(model, canvas, layout.table);
    if (layout.detail.height <= 0) return;
    canvas.hline(0, layout.detail.y - 1, canvas.width());
    draw_child_pane(model, canvas, layout.detail);
}

}  // namespace mpmd::tui
