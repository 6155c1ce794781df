#pragma once

// Which key does what where: one table. The update function looks keys up in it, the help screen
// and the footers print it, a test presses every line of it. No key has two meanings in one scope;
// keys that act only open a dialog, and inside a dialog only Enter on a chosen button acts. Pure.

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tui/widgets/key.h"

namespace mpmd::tui {

// Where a key is pressed: a screen, or what lies over it.
enum class Scope : std::uint8_t {
    Overview,
    Children,
    Connections,
    Help,
    FilterInput,
    SortMenu,
    Restart,  // both restart dialogs and their progress
    Tune,     // "Apply changes": the list of directives
    TuneEdit  // and the value being typed
};

enum class Action : std::uint8_t {
    ShowOverview,
    ShowChildren,
    ShowConnections,
    NextScreen,
    PreviousScreen,
    MoveUp,
    MoveDown,
    PageUp,
    PageDown,
    MoveFirst,
    MoveLast,
    ScrollLeft,
    ScrollRight,
    Open,
    Back,
    Filter,
    SortMenu,
    SortPrevious,
    SortNext,
    SortInvert,
    SortCpu,
    SortMemory,
    SortPid,
    SortTime,
    SortConnections,
    Tag,
    UntagAll,
    Restart,
    RestartAll,
    Tune,
    Pause,
    IntervalLonger,
    IntervalShorter,
    SampleNow,
    Redraw,
    Help,
    Quit,
    Accept,
    NextButton,
    PreviousButton,
    EditValue,
    UndoEdit,
    ToggleLifetime,
    FocusApply
};

struct Binding {
    Action action;
    std::uint16_t scopes;      // bits of Scope
    std::u32string_view keys;  // each one a Key
    std::string_view label;    // for the footer; empty: not shown there
    std::string_view help;     // a phrase, for the help screen and the manual
};

[[nodiscard]] std::span<const Binding> keymap();
[[nodiscard]] constexpr std::uint16_t bit(Scope scope) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(scope));
}
[[nodiscard]] std::optional<Action> action_of(Scope scope, Key key);
// "Up k"
[[nodiscard]] std::string keys_text(const Binding& binding);
// "/ filter", "s sort" ... of a scope in table order.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> footer_keys(Scope scope);

}  // namespace mpmd::tui
