// Every key of every screen and dialog, pressed: the table of keys is walked, and each action has a
// check of what it changed. An action without a check does not compile (-Wswitch).

#include <set>

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include "tests/unit/tui/sample.h"
#include "tui/model/lists.h"
#include "tui/model/update.h"
#include "tui/screens/draw.h"

using namespace mpmd::tui;

namespace {

const sample::Shape kLarge{60, 25, 10'000};

// A model in that scope, in the middle of everything, so that each key has something to do.
Model standing_in(Scope scope) {
    Model model = sample::live(80, 24, kLarge);
    model.children.tags = {42, 43};
    const auto press = [&model](std::u32string_view keys) { sample::press(model, keys, kLarge); };
    switch (scope) {
        case Scope::Overview:
            press(U"jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjl");
            break;
        case Scope::Children:
            press(U"2jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjl");
            break;
        case Scope::Connections:
            press(U"3jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjl");
            break;
        case Scope::Help:
            press(U"2?jj");
            break;
        case Scope::FilterInput:
            press(U"2/running");
            break;
        case Scope::SortMenu:
            press(U"2sj");
            break;
        case Scope::Restart:
            press(U"2r");
            break;
        case Scope::Tune:
        case Scope::TuneEdit: {
            press(U"t");
            (void)update(model, DirectivesListed{sample::directives()}, model.now);
            press(U"j80\rj");
            const auto ticket = std::get<TuneDialog>(model.dialog).ticket;
            (void)update(model, ChangeChecked{ticket, v1::UpdateDirectivesResponse{}}, model.now);
            press(scope == Scope::TuneEdit ? U"9" : U"k");
            break;
        }
    }
    BOOST_TEST_REQUIRE((scope_of(model) == scope));
    return model;
}

const ListView& list_of(const Model& model) {
    if (const auto* tune = std::get_if<TuneDialog>(&model.dialog)) return tune->list;
    return model.screen == Screen::Connections ? model.connections.list : model.children.list;
}

int position(const Model& model) {
    if (model.help) return model.help_top;
    if (const auto* sort = std::get_if<SortDialog>(&model.dialog)) return sort->cursor;
    return list_of(model).cursor;
}

Sorting sorting(const Model& model) {
    return model.screen == Screen::Connections ? model.connections.sorting : model.children.sorting;
}

std::string sorted_by(const Model& model) {
    if (model.screen == Screen::Connections)
        return connection_columns()[static_cast<std::size_t>(sorting(model).column)].title;
    return child_columns()[static_cast<std::size_t>(sorting(model).column)].title;
}

bool restart_is_chosen(const Model& model) {
    return std::get<RestartDialog>(model.dialog).go;
}

bool detail(const Model& model) {
    return model.screen == Screen::Connections ? model.connections.detail : model.children.detail;
}

template <class Kind>
bool asks(const Reaction& reaction) {
    for (const Intent& intent : reaction.intents) {
        if (std::holds_alternative<Kind>(intent)) return true;
    }
    return false;
}

bool accepted(Scope scope, const Model& before, const Model& after) {
    switch (scope) {
        case Scope::FilterInput:
            return after.children.filter == "running" && after.dialog.index() == 0;
        case Scope::SortMenu:
            return after.dialog.index() == 0 && sorting(after).column == position(before);
        case Scope::Restart:
            return after.dialog.index() == 0;  // the default button does nothing
        case Scope::Tune:
            return scope_of(after) == Scope::TuneEdit;
        case Scope::TuneEdit:
            return scope_of(after) == Scope::Tune;
        default:
            return false;
    }
}

bool went_back(Scope scope, const Model& after) {
    switch (scope) {
        case Scope::Help:
            return !after.help;
        case Scope::FilterInput:
            return after.children.filter.empty() && after.dialog.index() == 0;
        case Scope::TuneEdit:
            return scope_of(after) == Scope::Tune;
        case Scope::Tune:
            return std::get<TuneDialog>(after.dialog).asked_to_discard;  // an edit would be lost
        case Scope::SortMenu:
        case Scope::Restart:
            return after.dialog.index() == 0;
        default:
            return after.children.filter.empty() && after.connections.filter.empty();
    }
}

bool walked(Action action, Scope scope, const Model& before, const Model& after) {
    const int page = scope == Scope::Help || scope == Scope::Tune ? 1 : 5;
    switch (action) {
        case Action::MoveUp:
            return position(after) == position(before) - 1;
        case Action::MoveDown:
            return position(after) == position(before) + 1;
        case Action::PageUp:
            return position(after) <= position(before) - page;
        case Action::PageDown:
            return position(after) >= position(before) + page;
        case Action::MoveFirst:
            return position(after) == 0;
        case Action::MoveLast:
            return position(after) > position(before) &&
                   !(scope == Scope::Connections && position(after) != 9999);
        case Action::ScrollLeft:
            return list_of(after).shift == list_of(before).shift - 1;
        case Action::ScrollRight:
            return list_of(after).shift == list_of(before).shift + 1;
        default:
            return false;
    }
}

bool sorted_as_asked(Action action, const Model& before, const Model& after) {
    switch (action) {
        case Action::SortPrevious:
        case Action::SortNext:
            return sorting(after).column != sorting(before).column;
        case Action::SortInvert:
            return sorting(after).descending != sorting(before).descending;
        case Action::SortCpu:
            return sorted_by(after) == "CPU";
        case Action::SortMemory:
            return sorted_by(after) == "RSS";
        case Action::SortPid:
            return sorted_by(after) == "PID";
        case Action::SortTime:
            return sorted_by(after) == "AGE";
        case Action::SortConnections:
            return sorted_by(after) == "CONNS";
        default:
            return false;
    }
}

// Keys of the dialogs.
bool answered(
    Action action, Scope scope, const Model& before, const Model& after, const Reaction& reaction) {
    switch (action) {
        case Action::Accept:
            return accepted(scope, before, after);
        case Action::NextButton:
        case Action::PreviousButton:
            if (scope == Scope::Restart)
                return restart_is_chosen(after) != restart_is_chosen(before);
            return std::get<TuneDialog>(after.dialog).focus !=
                   std::get<TuneDialog>(before.dialog).focus;
        case Action::EditValue:
            return scope_of(after) == Scope::TuneEdit;
        case Action::UndoEdit:
            return std::get<TuneDialog>(after.dialog).changes() == 0;
        case Action::ToggleLifetime:
            return std::get<TuneDialog>(after.dialog).saved;
        case Action::FocusApply:
            return std::get<TuneDialog>(after.dialog).focus == TuneDialog::Focus::Apply &&
                   !asks<ApplyChange>(reaction);
        default:
            return walked(action, scope, before, after) || sorted_as_asked(action, before, after);
    }
}

bool worked(
    Action action, Scope scope, const Model& before, const Model& after, const Reaction& reaction) {
    switch (action) {
        case Action::ShowOverview:
            return after.screen == Screen::Overview && !after.help;
        case Action::ShowChildren:
            return after.screen == Screen::Children && !after.help;
        case Action::ShowConnections:
            return after.screen == Screen::Connections && !after.help;
        case Action::NextScreen:
            return (static_cast<int>(after.screen) - static_cast<int>(before.screen) + 3) % 3 == 1;
        case Action::PreviousScreen:
            return (static_cast<int>(after.screen) - static_cast<int>(before.screen) + 3) % 3 == 2;
        case Action::Open:
            return detail(after) != detail(before);
        case Action::Back:
            return went_back(scope, after);
        case Action::Filter:
            return scope_of(after) == Scope::FilterInput;
        case Action::SortMenu:
            return scope_of(after) == Scope::SortMenu;
        case Action::Tag:
            return after.children.tags.size() == before.children.tags.size() + 1;
        case Action::UntagAll:
            return after.children.tags.empty();
        case Action::Restart:
            return !std::get<RestartDialog>(after.dialog).all && !asks<StartRestart>(reaction);
        case Action::RestartAll:
            return std::get<RestartDialog>(after.dialog).all && !asks<StartRestart>(reaction);
        case Action::Tune:
            return std::holds_alternative<TuneDialog>(after.dialog) &&
                   asks<ListDirectives>(reaction);
        case Action::Pause:
            return after.paused != before.paused;
        case Action::IntervalLonger:
            return after.interval > before.interval && asks<Watch>(reaction);
        case Action::IntervalShorter:
            return after.interval < before.interval && asks<Watch>(reaction);
        case Action::SampleNow:
            return asks<Watch>(reaction);
        case Action::Redraw:
            return reaction.repaint && scope_of(after) == scope_of(before);
        case Action::Help:
            return after.help != before.help;
        case Action::Quit:
            return reaction.quit;
        default:
            return answered(action, scope, before, after, reaction);
    }
}

constexpr Scope kScopes[] = {Scope::Overview, Scope::Children,    Scope::Connections,
                             Scope::Help,     Scope::FilterInput, Scope::SortMenu,
                             Scope::Restart,  Scope::Tune,        Scope::TuneEdit};

}  // namespace

BOOST_AUTO_TEST_SUITE(keys)

BOOST_AUTO_TEST_CASE(no_key_has_two_meanings_on_one_screen) {
    for (const Scope scope : kScopes) {
        std::set<Key> seen;
        for (const Binding& binding : keymap()) {
            if ((binding.scopes & bit(scope)) == 0) continue;
            for (const Key key : binding.keys) {
                BOOST_TEST(seen.insert(key).second, "in scope " << static_cast<int>(scope)
                                                                << " the key " << key_name(key)
                                                                << " has two meanings");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(every_key_of_every_scope_does_what_the_table_says) {
    for (const Scope scope : kScopes) {
        const Model before = standing_in(scope);
        for (const Binding& binding : keymap()) {
            if ((binding.scopes & bit(scope)) == 0) continue;
            for (const Key key : binding.keys) {
                Model after = before;
                const Reaction reaction = sample::press(after, std::u32string(1, key), kLarge);
                BOOST_TEST(worked(binding.action, scope, before, after, reaction),
                           "in scope " << static_cast<int>(scope) << " the key " << key_name(key)
                                       << ": " << binding.help);
                BOOST_TEST(reaction.draw);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(keys_without_a_meaning_change_nothing) {
    for (const Scope scope : {Scope::Overview, Scope::Children, Scope::Connections}) {
        Model model = standing_in(scope);
        const std::string before = draw(model).text();
        for (Key key = 0; key < 0x80; ++key) {
            if (action_of(scope, key)) continue;
            const Reaction reaction = sample::press(model, std::u32string(1, key), kLarge);
            BOOST_TEST((reaction.intents.empty() && !reaction.quit));
        }
        BOOST_TEST(draw(model).text() == before);
    }
}

BOOST_AUTO_TEST_CASE(keys_of_screens_that_are_not_there_are_not_bound) {
    for (const Scope scope : {Scope::Overview, Scope::Children, Scope::Connections, Scope::Help}) {
        for (const Key key : std::u32string(U"456789dxKAESO:"))
            BOOST_TEST(!action_of(scope, key));
    }
}

BOOST_AUTO_TEST_CASE(the_help_lists_every_key_of_the_screen_below) {
    Model model = sample::live(200, 50);
    sample::press(model, U"2?");
    const std::string text = draw(model).text();
    for (const Binding& binding : keymap()) {
        if ((binding.scopes & bit(Scope::Children)) == 0) continue;
        BOOST_TEST(text.find(std::string(binding.help)) != std::string::npos,
                   binding.help << " is missing");
    }
}

BOOST_AUTO_TEST_CASE(the_first_row_of_every_screen_holds_number_and_title) {
    Model model = sample::live(80, 24);
    BOOST_TEST(draw(model).row(0).rfind("1 OVERVIEW", 0) == 0U);
    sample::press(model, U"2");
    BOOST_TEST(draw(model).row(0).rfind("2 CHILDREN", 0) == 0U);
    sample::press(model, U"3");
    BOOST_TEST(draw(model).row(0).rfind("3 CONNECTIONS", 0) == 0U);
    sample::press(model, U"?");
    BOOST_TEST(draw(model).row(0).rfind("HELP", 0) == 0U);
    sample::press(model, U"?2R");
    BOOST_TEST(draw(model).row(0).rfind("2 CHILDREN", 0) == 0U);  // dialogs leave it in sight
}

BOOST_AUTO_TEST_SUITE_END()
