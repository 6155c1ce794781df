#include "tui/screens/draw.h"

#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/screens/parts.h"

namespace mpmd::tui {

namespace {

std::string title_of(const Model& model) {
    if (model.help) return "HELP";
    switch (model.screen) {
        case Screen::Overview:
            return "1 OVERVIEW";
        case Screen::Children:
            return "2 CHILDREN";
        case Screen::Connections:
            return "3 CONNECTIONS";
    }
    return {};
}

void draw_screen(const Model& model, Canvas& canvas) {
    if (model.help) return draw_help(model, canvas);
    switch (model.screen) {
        case Screen::Overview:
            return draw_overview(model, canvas);
        case Screen::Children:
            return draw_children(model, canvas);
        case Screen::Connections:
            return draw_connections(model, canvas);
    }
}

struct DialogPainter {
    const Model& model;
    Canvas& canvas;
    void operator()(const std::monostate&) const {}
    void operator()(const FilterDialog& dialog) const { draw_filter_box(model, dialog, canvas); }
    void operator()(const SortDialog& dialog) const { draw_sort_box(model, dialog, canvas); }
    void operator()(const RestartDialog& dialog) const { draw_restart_box(model, dialog, canvas); }
    void operator()(const TuneDialog& dialog) const { draw_tune_box(model, dialog, canvas); }
};

Canvas draw_too_small(const Model& model) {
    Canvas canvas(model.width, model.height, model.ascii);
    canvas.put(0, 0, title_of(model), kBold);
    canvas.put(0, 1, fmt::format("window is {}x{}", model.width, model.height));
    canvas.put(0, 2, fmt::format("needed: {}x{}", kMinimumWidth, kMinimumHeight));
    canvas.put(0, 3, "or: mpmctl top --batch");
    return canvas;
}

}  // namespace

Canvas draw(const Model& model) {
    if (!fits(model)) return draw_too_small(model);
    Canvas canvas(model.width, model.height, model.ascii);
    draw_title(model, canvas, title_of(model));
    draw_screen(model, canvas);
    draw_footer(model, canvas);
    std::visit(DialogPainter{model, canvas}, model.dialog);
    return canvas;
}

std::string draw_batch(const Model& model) {
    Model all = model;
    all.screen = Screen::Overview;
    all.help = false;
    all.dialog = std::monostate{};
    all.children.list = ListView{};
    const int children = all.frame ? all.frame->children_size() : 0;
    all.height = 24;
    const int fixed = all.height - overview_layout(all).children.height;
    all.height = std::max(fixed + children + 1, 20);
    if (overview_layout(all).wide) all.width = std::min(all.width, 109);  // a list, not the board
    Canvas canvas(std::max(all.width, kMinimumWidth), all.height, all.ascii);
    draw_title(all, canvas, title_of(all));
    draw_screen(all, canvas);
    std::string out = canvas.text();
    out.resize(out.find_last_not_of('\n') + 1);
    return out + "\n";
}

}  // namespace mpmd::tui
