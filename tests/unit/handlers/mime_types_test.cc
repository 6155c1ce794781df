#include "daemon/handlers/mime_types.h"

#include <boost/test/unit_test.hpp>

using mpmd::handlers::MimeTypes;

BOOST_AUTO_TEST_SUITE(mime_types)

BOOST_AUTO_TEST_CASE(knows_the_common_types_without_a_file) {
    const MimeTypes types;
    BOOST_TEST(types.of("index.html") == "text/html");
    BOOST_TEST(types.of("LOGO.PNG") == "image/png");
    BOOST_TEST(types.of("a.b.css") == "text/css");
    BOOST_TEST(types.of("README") == "");
    BOOST_TEST(types.of("x.unknown") == "");
    BOOST_TEST(types.of("dot.") == "");
}

BOOST_AUTO_TEST_CASE(a_types_file_comes_on_top) {
    MimeTypes types;
    types.add(
        "# comment\n\ntext/x-own\town OTHER # more\r\nimage/x-png png\nnonsense ext\ntext/last "
        "last");
    BOOST_TEST(types.of("a.own") == "text/x-own");
    BOOST_TEST(types.of("a.other") == "text/x-own");
    BOOST_TEST(types.of("a.png") == "image/x-png");
    BOOST_TEST(types.of("a.ext") == "");
    BOOST_TEST(types.of("a.last") == "text/last");
    BOOST_TEST(types.of("a.html") == "text/html");
}

BOOST_AUTO_TEST_CASE(a_types_file_cannot_break_the_header) {
    MimeTypes types;
    types.add("text/\x01x evil\ntext/\xffy evil2\n");
    BOOST_TEST(types.of("a.evil") == "");
    BOOST_TEST(types.of("a.evil2") == "");
}

BOOST_AUTO_TEST_SUITE_END()
