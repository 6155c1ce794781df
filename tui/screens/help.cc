#include "tui/model/help.h"

#include <algorithm>

#include "tui/screens/parts.h"

namespace mpmd::tui {

namespace {

const char* name_below(Screen screen) {
    switch (screen) {
        case Screen::Children:
            return "2 CHILDREN";
        case Screen::Connections:
            return "3 CONNECTIONS";
        default:
            return "1 OVERVIEW";
    }
}

}  // namespace

void draw_help(const Model& model, Canvas& canvas) {
    canvas.put(0, 1, std::string("the keys of ") + name_below(model.screen), kDim);
    const std::vector<HelpLine> lines = help_lines(model.screen);
    const int rows = help_rows(model);
    const int seen = rows * help_columns(model);
    const int column_width = canvas.width() / help_columns(model);
    const auto count = static_cast<int>(lines.size());
    const int top = std::min(model.help_top, last_help_top(model));
    for (int i = 0; i < seen && top + i < count; ++i) {
        const HelpLine& line = lines[static_cast<std::size_t>(top + i)];
        const int x = i / rows * column_width;
        const int y = 3 + i % rows;
        canvas.put(x + 2, y, line.keys, kBold, x + 21);
        canvas.put(x + 22, y, line.text, kPlain, x + column_width);
    }
    if (top + seen < count) canvas.put_right(canvas.width(), 1, "more below: PgDn", kDim);
    if (top + seen >= count && top > 0)
        canvas.put_right(canvas.width(), 1, "more above: PgUp", kDim);
}

}  // namespace mpmd::tui
