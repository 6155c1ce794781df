#include <algorithm>

#include "daemon/base/text.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/widgets/dialog.h"

namespace mpmd::tui {

namespace {

// Where the server stopped understanding: metadata "column", from 1.
int position_of(const Failure& failure) {
    const auto it = failure.metadata.find("column");
    if (it == failure.metadata.end()) return 0;
    return static_cast<int>(text::parse_int(it->second).value_or(0));
}

const char* hint_of(const FilterDialog& dialog) {
    if (dialog.screen != Screen::Connections)
        return "words that the row has: a pid, slot=3, gen=7, draining";
    return "state = running and age > 5s   peer in 10.0.0.0/8   not target ~ /health";
}

}  // namespace

void draw_filter_box(const Model& model, const FilterDialog& dialog, Canvas& canvas) {
    (void)model;
    constexpr int kHeight = 5;
    const int width = std::min(canvas.width(), 90);
    const Rect box{(canvas.width() - width) / 2, canvas.height() - 3 - kHeight, width, kHeight};
    const Rect inside = draw_dialog(canvas, box, "Filter");
    const int x = canvas.put(inside.x, inside.y, "> ");
    dialog.input.draw(canvas, x, inside.y, inside.right() - x);
    if (dialog.failure) {
        const int position = position_of(*dialog.failure);
        const bool seen = position > 0 && x + position - 1 < inside.right();
        const int fits = inside.right() - x;
        const bool whole = tui::width(dialog.input.text()) < fits;
        if (seen && whole)
            canvas.put(x + position - 1, inside.y + 1, "^", Style{Ink::Bad, true, false});
        canvas.put(inside.x, inside.y + 2, cut(dialog.failure->message, inside.width),
                   Style{Ink::Bad, false, false});
        return;
    }
    const bool waits = !dialog.sent.empty();
    canvas.put(inside.x, inside.y + 2,
               cut(waits ? "asking the server" : hint_of(dialog), inside.width), kDim);
}

}  // namespace mpmd::tui
