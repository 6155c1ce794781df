#pragma once

// Whether colours are used: --color, then NO_COLOR (set and not empty), then what the terminal can
// do. Pure.

#include <string_view>

namespace mpmd::tui {

enum class ColourChoice : unsigned char { Auto, Always, Never };

struct ColourFacts {
    ColourChoice choice = ColourChoice::Auto;
    std::string_view no_color;  // the variable's value; empty when it is not set
    std::string_view term;
    bool has_colours = false;  // the terminal's own word
};
[[nodiscard]] bool use_colours(const ColourFacts& facts);

}  // namespace mpmd::tui
