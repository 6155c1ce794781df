// What needs no terminal of the terminal's side.

#include <boost/test/unit_test.hpp>

#include "tui/terminal/colour.h"

using namespace mpmd::tui;

BOOST_AUTO_TEST_SUITE(colours)

BOOST_AUTO_TEST_CASE(the_option_comes_first_then_the_variable_then_the_terminal) {
    BOOST_TEST(use_colours({ColourChoice::Auto, "", "xterm", true}));
    BOOST_TEST(!use_colours({ColourChoice::Auto, "1", "xterm", true}));
    BOOST_TEST(use_colours({ColourChoice::Always, "1", "xterm", true}));
    BOOST_TEST(!use_colours({ColourChoice::Never, "", "xterm", true}));
    BOOST_TEST(!use_colours({ColourChoice::Auto, "", "dumb", true}));
    BOOST_TEST(!use_colours({ColourChoice::Always, "", "vt100", false}));
}

BOOST_AUTO_TEST_SUITE_END()
