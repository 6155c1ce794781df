#include "daemon/base/text.h"

#include <boost/test/unit_test.hpp>

namespace text = mpmd::text;

BOOST_AUTO_TEST_SUITE(text_suite)

BOOST_AUTO_TEST_CASE(numbers_are_read_strictly) {  // D-4
    BOOST_TEST(text::parse_int("-12").value() == -12);
    BOOST_TEST(!text::parse_int("12abc"));
    BOOST_TEST(!text::parse_int(""));
    BOOST_TEST(!text::parse_int("99999999999999999999"));
    BOOST_TEST(!text::parse_uint("-1"));
}

BOOST_AUTO_TEST_CASE(what_strangers_sent_cannot_reach_the_terminal) {
    BOOST_TEST(text::escape("a\x1b[2J\"\\\n") == "a\\x1b[2J\\\"\\\\\\x0a");
}

BOOST_AUTO_TEST_SUITE_END()
