#include "tui/model/update.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "tui/model/dialogs.h"
#include "tui/model/help.h"
#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

constexpr std::chrono::milliseconds kIntervals[] = {
    std::chrono::milliseconds(100),    std::chrono::milliseconds(200),
    std::chrono::milliseconds(500),    std::chrono::milliseconds(1000),
    std::chrono::milliseconds(2000),   std::chrono::milliseconds(5000),
    std::chrono::milliseconds(10'000), std::chrono::milliseconds(30'000),
    std::chrono::milliseconds(60'000)};

void settle(Model& model) {
    settle_children(model);
    settle_connections(model);
}

void show(Model& model, const FramePtr& frame, const WatchSpec& spec) {
    model.frame = frame;
    model.shown = spec;
    settle(model);
    restart_frame(model);
}

void go_to(Model& model, Screen screen) {
    model.screen = screen;
    model.help = false;
    settle(model);
}

void step_screen(Model& model, int step) {
    constexpr int kScreens = 3;
    const int next = (static_cast<int>(model.screen) + step + kScreens) % kScreens;
    go_to(model, static_cast<Screen>(next));
}

void step_interval(Model& model, int step) {
    const auto* here =
        std::lower_bound(std::begin(kIntervals), std::end(kIntervals), model.interval);
    const auto last = static_cast<int>(std::size(kIntervals)) - 1;
    const int index = std::clamp(static_cast<int>(here - std::begin(kIntervals)) + step, 0, last);
    model.interval = kIntervals[index];
    say(model, fmt::format("a sample every {}", human_duration(model.interval)));
}

void toggle_pause(Model& model) {
    model.paused = !model.paused;
    model.held.reset();
    if (model.paused) model.held = model.history;
    if (!model.paused && model.newest) show(model, model.newest, model.newest_spec);
}

// ---- moving ----

int cursor_of(const Model& model) {
    return model.screen == Screen::Connections ? model.connections.list.cursor
                                               : model.children.list.cursor;
}

int page_of(const Model& model) {
    if (model.help) return help_rows(model);
    return model.screen == Screen::Connections ? connection_list_rows(model)
                                               : child_list_rows(model);
}

void select_row(Model& model, int row) {
    if (model.screen == Screen::Connections) {
        select_connection_row(model, std::clamp(row, 0, std::max(connection_count(model) - 1, 0)));
    } else {
        select_child_row(model, row);
    }
}

constexpr int kFar = 1'000'000'000;

void scroll_help(Model& model, int rows) {
    model.help_top = std::clamp(model.help_top + rows, 0, last_help_top(model));
}

void move(Model& model, int rows) {
    if (model.help) return scroll_help(model, rows);
    const int cursor = cursor_of(model);
    select_row(model, rows == kFar ? kFar : rows == -kFar ? 0 : std::max(cursor + rows, 0));
}

void scroll_columns(Model& model, int step) {
    const bool connections = model.screen == Screen::Connections;
    ListView& list = connections ? model.connections.list : model.children.list;
    const std::span<const Column> columns = connections ? connection_columns() : child_columns();
    const auto movable = std::count_if(columns.begin(), columns.end(),
                                       [](const Column& column) { return column.priority > 0; });
    list.shift = std::clamp(list.shift + step, 0, static_cast<int>(movable) - 1);
}

// ---- rows ----

void open_or_close(Model& model) {
    if (model.screen == Screen::Overview) {  // the details are on the children screen
        if (selected_child(model) == nullptr) return;
        model.children.detail = true;
        return go_to(model, Screen::Children);
    }
    if (model.screen == Screen::Children) {
        model.children.detail = !model.children.detail && selected_child(model) != nullptr;
    } else {
        ConnectionsView& view = model.connections;
        const v1::Connection* here = connection_at(model, view.list.cursor);
        view.detail = !view.detail && here != nullptr;
        if (view.detail) view.opened = *here;
    }
    settle(model);
}

void go_back(Model& model) {
    if (model.help) {
        model.help = false;
        return;
    }
    const bool connections = model.screen == Screen::Connections;
    bool& detail = connections ? model.connections.detail : model.children.detail;
    std::string& filter = connections ? model.connections.filter : model.children.filter;
    if (model.screen != Screen::Overview && detail) {
        detail = false;
    } else {
        filter.clear();
    }
    settle(model);
}

void toggle_tag(Model& model) {
    const v1::Child* child = selected_child(model);
    if (child == nullptr) return;
    if (model.children.tags.erase(child->uid()) == 0) model.children.tags.insert(child->uid());
    select_row(model, model.children.list.cursor + 1);
}

void step_sorting(Model& model, int step) {
    const bool connections = model.screen == Screen::Connections;
    const auto columns =
        static_cast<int>((connections ? connection_columns() : child_columns()).size());
    const Sorting now = connections ? model.connections.sorting : model.children.sorting;
    set_sorting(model, first_sorting(model.screen, (now.column + step + columns) % columns));
}

void invert_sorting(Model& model) {
    Sorting sorting =
        model.screen == Screen::Connections ? model.connections.sorting : model.children.sorting;
    sorting.descending = !sorting.descending;
    set_sorting(model, sorting);
}

// ---- keys of the screens ----

bool walk(Model& model, Action action) {
    switch (action) {
        case Action::MoveUp:
            move(model, -1);
            return true;
        case Action::MoveDown:
            move(model, 1);
            return true;
        case Action::PageUp:
            move(model, -page_of(model));
            return true;
        case Action::PageDown:
            move(model, page_of(model));
            return true;
        case Action::MoveFirst:
            move(model, -kFar);
            return true;
        case Action::MoveLast:
            move(model, kFar);
            return true;
        case Action::ScrollLeft:
            scroll_columns(model, -1);
            return true;
        case Action::ScrollRight:
            scroll_columns(model, 1);
            return true;
        default:
            return false;
    }
}

bool look(Model& model, Action action) {
    switch (action) {
        case Action::ShowOverview:
            go_to(model, Screen::Overview);
            return true;
        case Action::ShowChildren:
            go_to(model, Screen::Children);
            return true;
        case Action::ShowConnections:
            go_to(model, Screen::Connections);
            return true;
        case Action::NextScreen:
            step_screen(model, 1);
            return true;
        case Action::PreviousScreen:
            step_screen(model, -1);
            return true;
        case Action::Open:
            open_or_close(model);
            return true;
        case Action::Back:
            go_back(model);
            return true;
        case Action::Tag:
            toggle_tag(model);
            return true;
        case Action::UntagAll:
            model.children.tags.clear();
            return true;
        case Action::Pause:
            toggle_pause(model);
            return true;
        case Action::IntervalLonger:
            step_interval(model, 1);
            return true;
        case Action::IntervalShorter:
            step_interval(model, -1);
            return true;
        default:
            return walk(model, action);
    }
}

void act(Model& model, Action action, Reaction& reaction) {
    switch (action) {
        case Action::Filter:
            return open_filter(model);
        case Action::SortMenu:
            return open_sort(model);
        case Action::SortPrevious:
            return step_sorting(model, -1);
        case Action::SortNext:
            return step_sorting(model, 1);
        case Action::SortInvert:
            return invert_sorting(model);
        case Action::Restart:
            return open_restart(model, false);
        case Action::RestartAll:
            return open_restart(model, true);
        case Action::Tune:
            return open_tune(model, reaction);
        case Action::SampleNow:
            reaction.intents.push_back(Watch{wanted_watch(model), true});
            return say(model, "sampling");
        case Action::Help:
            model.help = !model.help;
            model.help_top = 0;
            return;
        case Action::Quit:
            reaction.quit = true;
            return;
        default:
            break;
    }
    if (const auto sorting = sorting_of(model.screen, action)) set_sorting(model, *sorting);
}

void screen_key(Model& model, Scope scope, Key key, Reaction& reaction) {
    const auto action = action_of(scope, key);
    if (!action || look(model, *action)) return;
    act(model, *action, reaction);
}

// ---- events ----

struct Handler {
    Model& model;
    Reaction& reaction;

    void operator()(const KeyPressed& pressed) const {
        reaction.draw = true;
        const Scope scope = scope_of(model);
        if (action_of(scope, pressed.key) == Action::Redraw) {
            reaction.repaint = true;
            return;
        }
        switch (scope) {
            case Scope::FilterInput:
                return filter_key(model, pressed.key);
            case Scope::SortMenu:
                return sort_key(model, pressed.key);
            case Scope::Restart:
                return restart_key(model, pressed.key, reaction);
            case Scope::Tune:
            case Scope::TuneEdit:
                return tune_key(model, pressed.key, reaction);
            default:
                return screen_key(model, scope, pressed.key, reaction);
        }
    }
    void operator()(const Resized& size) const {
        model.width = size.width;
        model.height = size.height;
        settle(model);
        reaction.draw = true;
        reaction.repaint = true;
    }
    void operator()(const Tick&) const {
        reaction.draw = is_stale(model) || model.link != Link::Live;
        if (model.message && model.now >= model.message->until) {
            model.message.reset();
            reaction.draw = true;
        }
    }
    void operator()(const FrameArrived& arrived) const {
        model.link = Link::Live;
        model.frame_at = model.now;
        if (arrived.frame->kind() == v1::FRAME_KIND_HEARTBEAT) return;
        model.newest = arrived.frame;
        model.newest_spec = arrived.spec;
        model.history.add(*arrived.frame);
        filter_frame(model, arrived.spec);
        if (!model.paused) show(model, arrived.frame, arrived.spec);
        reaction.draw = true;
    }
    void operator()(const LinkChanged& changed) const {
        model.link = changed.state;
        model.link_reason = changed.failure.message;
        model.retry_at = model.now + changed.retry_in;
        reaction.draw = true;
    }
    void operator()(const WatchRefused& refused) const {
        filter_refused(model, refused);
        reaction.draw = true;
    }
    void operator()(const DirectivesListed& listed) const {
        tune_listed(model, listed, reaction);
        reaction.draw = true;
    }
    void operator()(const ChangeChecked& checked) const {
        tune_checked(model, checked);
        reaction.draw = true;
    }
    void operator()(const ChangeApplied& applied) const {
        tune_applied(model, applied, reaction);
        reaction.draw = true;
    }
    void operator()(const RestartStarted& started) const {
        restart_started(model, started);
        reaction.draw = true;
    }
};

}  // namespace

void say(Model& model, std::string text, Ink ink) {
    model.message = Message{std::move(text), ink, model.now + Seconds(5)};
}

Reaction update(Model& model, const Event& event, MonoTime now) {
    model.now = now;
    Reaction reaction;
    std::visit(Handler{model, reaction}, event);
    const WatchSpec wanted = wanted_watch(model);
    if (!model.paused && wanted != model.asked) reaction.intents.emplace_back(Watch{wanted, false});
    if (!model.paused) model.asked = wanted;
    return reaction;
}

}  // namespace mpmd::tui
