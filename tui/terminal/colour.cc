#include "tui/terminal/colour.h"

namespace mpmd::tui {

bool use_colours(const ColourFacts& facts) {
    if (!facts.has_colours || facts.choice == ColourChoice::Never) return false;
    if (facts.choice == ColourChoice::Always) return true;
    return facts.no_color.empty() && facts.term != "dumb";
}

}  // namespace mpmd::tui
