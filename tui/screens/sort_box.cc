#include <algorithm>

#include "tui/model/lists.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/widgets/dialog.h"

namespace mpmd::tui {

void draw_sort_box(const Model& model, const SortDialog& dialog, Canvas& canvas) {
    const bool connections = dialog.screen == Screen::Connections;
    const std::span<const Column> columns = connections ? connection_columns() : child_columns();
    const Sorting sorting = connections ? model.connections.sorting : model.children.sorting;
    const auto count = static_cast<int>(columns.size());
    const Rect box = centred(canvas, 26, count + 2);
    const Rect inside = draw_dialog(canvas, box, "Sort by");
    const int top =
        std::clamp(dialog.cursor - inside.height + 1, 0, std::max(count - inside.height, 0));
    for (int i = 0; i < inside.height && top + i < count; ++i) {
        const int index = top + i;
        std::string text = columns[static_cast<std::size_t>(index)].title;
        if (index == sorting.column) text += sorting.descending ? " desc" : " asc";
        const bool here = index == dialog.cursor;
        canvas.put(inside.x, inside.y + i, pad((here ? "> " : "  ") + text, inside.width),
                   Style{Ink::Normal, here, here});
    }
}

}  // namespace mpmd::tui
