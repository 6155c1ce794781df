#include "tui/model/model.h"

#include <algorithm>

namespace mpmd::tui {

int TuneDialog::changes() const {
    return static_cast<int>(std::count_if(edits.begin(), edits.end(),
                                          [](const std::string& edit) { return !edit.empty(); }));
}

Scope scope_of(const Model& model) {
    if (std::holds_alternative<FilterDialog>(model.dialog)) return Scope::FilterInput;
    if (std::holds_alternative<SortDialog>(model.dialog)) return Scope::SortMenu;
    if (std::holds_alternative<RestartDialog>(model.dialog)) return Scope::Restart;
    if (const auto* tune = std::get_if<TuneDialog>(&model.dialog))
        return tune->input ? Scope::TuneEdit : Scope::Tune;
    if (model.help) return Scope::Help;
    switch (model.screen) {
        case Screen::Overview:
            return Scope::Overview;
        case Screen::Children:
            return Scope::Children;
        case Screen::Connections:
            return Scope::Connections;
    }
    return Scope::Overview;
}

bool is_stale(const Model& model) {
    if (!model.newest) return false;
    const Nanoseconds patience = std::max<Nanoseconds>(model.interval * 3, Seconds(3));
    return model.link == Link::Lost || model.now - model.frame_at > patience;
}

bool may_call(const Model& model, std::string_view method) {
    if (!model.newest || model.newest->server().methods().empty()) return true;
    const auto& methods = model.newest->server().methods();
    return std::any_of(methods.begin(), methods.end(), [method](const std::string& name) {
        return name.size() >= method.size() &&
               name.compare(name.size() - method.size(), method.size(), method) == 0;
    });
}

}  // namespace mpmd::tui
