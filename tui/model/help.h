#pragma once

// What the help screen lists: the keymap of the screen below, then the marks on it. Pure.

#include <string>
#include <vector>

#include "tui/model/model.h"

namespace mpmd::tui {

struct HelpLine {
    std::string keys;
    std::string text;
};
[[nodiscard]] std::vector<HelpLine> help_lines(Screen screen);
// Lines that are seen at once, and the largest `help_top` that has a meaning.
[[nodiscard]] int help_rows(const Model& model);
[[nodiscard]] int help_columns(const Model& model);
[[nodiscard]] int last_help_top(const Model& model);

}  // namespace mpmd::tui
