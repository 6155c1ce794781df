#include "tui/widgets/dialog.h"

#include <algorithm>

#include "tui/text/display.h"

namespace mpmd::tui {

Rect draw_dialog(Canvas& canvas, const Rect& area, std::string_view title) {
    canvas.box(area);
    int x = canvas.put(area.x + 2, area.y, " ");
    x = canvas.put(x, area.y, title, kBold, area.right() - 2);
    canvas.put(x, area.y, " ");
    return {area.x + 2, area.y + 1, area.width - 4, area.height - 2};
}

Rect centred(const Canvas& canvas, int width, int height) {
    const int w = std::min(width, canvas.width());
    const int h = std::min(height, canvas.height() - 1);
    return {(canvas.width() - w) / 2, std::max((canvas.height() - h) / 2, 1), w, h};
}

void draw_buttons(Canvas& canvas, int x, int y, const std::vector<Button>& buttons) {
    for (const Button& button : buttons) {
        Style style = button.enabled ? kBold : kDim;
        if (button.chosen) style.reverse = true;
        const std::string edge = button.chosen ? ">" : " ";  // seen without reverse video too
        x = canvas.put(x, y, edge + "[ " + button.text + " ]", style) + 2;
    }
}

std::vector<std::string> wrap(std::string_view text, int columns) {
    std::vector<std::string> lines;
    std::string line;
    const auto finish = [&lines, &line] {
        lines.push_back(line);
        line.clear();
    };
    while (!text.empty()) {
        const std::size_t end = text.find_first_of(" \n");
        const std::string word = cut(text.substr(0, end), columns);
        if (!line.empty() && width(line) + 1 + width(word) > columns) finish();
        line += (line.empty() ? "" : " ") + word;
        if (end == std::string_view::npos) break;
        if (text[end] == '\n') finish();
        text.remove_prefix(end + 1);
    }
    if (!line.empty()) finish();
    return lines;
}

int put_wrapped(Canvas& canvas, const Rect& area, std::string_view text, Style style) {
    int y = area.y;
    for (const std::string& line : wrap(text, area.width)) {
        if (y >= area.bottom()) break;
        canvas.put(area.x, y, line, style);
        ++y;
    }
    return y;
}

}  // namespace mpmd::tui
