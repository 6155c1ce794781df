#include <algorithm>

#include "tui/model/dialogs.h"
#include "tui/model/lists.h"

namespace mpmd::tui {

void set_sorting(Model& model, Sorting sorting) {
    if (model.screen == Screen::Connections) {
        if (model.paused)
            return say(model, "paused: Z goes on, then the server can sort", Ink::Warn);
        model.connections.sorting = sorting;
        model.connections.list.top = 0;
        model.connections.list.cursor = 0;
    } else {
        model.children.sorting = sorting;
        settle_children(model);
    }
}

void open_sort(Model& model) {
    SortDialog dialog;
    const bool connections = model.screen == Screen::Connections;
    dialog.screen = connections ? Screen::Connections : Screen::Children;
    dialog.cursor = connections ? model.connections.sorting.column : model.children.sorting.column;
    model.dialog = dialog;
}

void sort_key(Model& model, Key key) {
    auto& dialog = std::get<SortDialog>(model.dialog);
    const bool connections = dialog.screen == Screen::Connections;
    const auto columns =
        static_cast<int>((connections ? connection_columns() : child_columns()).size());
    const auto action = action_of(Scope::SortMenu, key);
    if (!action) return;
    if (*action == Action::MoveUp) dialog.cursor = std::max(dialog.cursor - 1, 0);
    if (*action == Action::MoveDown) dialog.cursor = std::min(dialog.cursor + 1, columns - 1);
    if (*action == Action::Accept) set_sorting(model, first_sorting(model.screen, dialog.cursor));
    if (*action == Action::Accept || *action == Action::Back) model.dialog = std::monostate{};
}

}  // namespace mpmd::tui
