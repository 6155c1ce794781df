#include "tui/model/dialogs.h"
#include "tui/model/lists.h"

namespace mpmd::tui {

namespace {

bool of_connections(const FilterDialog& dialog) {
    return dialog.screen == Screen::Connections;
}

void leave(Model& model, const std::string& restored, bool connections) {
    if (connections) {
        model.connections.filter = restored;
    } else {
        model.children.filter = restored;
        settle_children(model);
    }
    model.dialog = std::monostate{};
}

void accept(Model& model, FilterDialog& dialog) {
    const std::string text = dialog.input.text();
    if (!of_connections(dialog) || text == dialog.before)
        return leave(model, of_connections(dialog) ? dialog.before : text, of_connections(dialog));
    dialog.failure.reset();
    dialog.sent = text;  // stays open until the server has understood it
    model.connections.filter = text;
    model.connections.list = ListView{};
    if (text.empty()) model.dialog = std::monostate{};
}

}  // namespace

void open_filter(Model& model) {
    const bool connections = model.screen == Screen::Connections;
    if (connections && model.paused)
        return say(model, "paused: Z goes on, then the server can filter", Ink::Warn);
    const std::string& now = connections ? model.connections.filter : model.children.filter;
    FilterDialog dialog;
    dialog.screen = connections ? Screen::Connections : Screen::Children;
    dialog.input = InputField(now);
    dialog.before = now;
    model.dialog = std::move(dialog);
}

void filter_key(Model& model, Key key) {
    auto& dialog = std::get<FilterDialog>(model.dialog);
    const auto action = action_of(Scope::FilterInput, key);
    if (action == Action::Back) return leave(model, dialog.before, of_connections(dialog));
    if (action == Action::Accept) return accept(model, dialog);
    if (!dialog.input.press(key)) return;
    dialog.failure.reset();
    if (of_connections(dialog)) return;
    model.children.filter = dialog.input.text();
    settle_children(model);
}

void filter_frame(Model& model, const WatchSpec& spec) {
    const auto* dialog = std::get_if<FilterDialog>(&model.dialog);
    if (dialog == nullptr || dialog->sent.empty()) return;
    if (spec.level == v1::FRAME_LEVEL_ROWS && spec.filter == dialog->sent)
        model.dialog = std::monostate{};
}

void filter_refused(Model& model, const WatchRefused& refused) {
    auto* dialog = std::get_if<FilterDialog>(&model.dialog);
    if (dialog != nullptr && refused.spec.filter == dialog->sent) {
        dialog->failure = refused.failure;
        dialog->sent.clear();
        model.connections.filter = dialog->before;
        return;
    }
    say(model, refused.failure.message, Ink::Bad);
    if (refused.spec.filter == model.connections.filter) model.connections.filter.clear();
}

}  // namespace mpmd::tui
