#include "daemon/http/http_date.h"

#include <ctime>
#include <string>

#include <boost/test/unit_test.hpp>

namespace http = mpmd::http;

namespace {

std::string text_of(std::int64_t seconds) {
    const auto text = http::format_date(seconds);
    return {text.data(), text.size()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_date)

BOOST_AUTO_TEST_CASE(writes_imf_fixdate) {
    BOOST_TEST(text_of(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(text_of(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
    BOOST_TEST(text_of(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
    BOOST_TEST(text_of(951782400) == "Tue, 29 Feb 2000 00:00:00 GMT");
    BOOST_TEST(text_of(4107542400) == "Mon, 01 Mar 2100 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(agrees_with_the_system_over_two_centuries) {
    for (std::int64_t time = -86400; time < 4733510400; time += 86400 * 17 + 12345) {
        const std::time_t seconds = time;
        std::tm parts{};
        BOOST_REQUIRE(gmtime_r(&seconds, &parts) != nullptr);
        char want[64];
        BOOST_REQUIRE(std::strftime(want, sizeof(want), "%a, %d %b %Y %H:%M:%S GMT", &parts) ==
                      http::kDateSize);
        BOOST_TEST(text_of(time) == std::string(want));
        BOOST_TEST(http::parse_date(want).value() == time);
    }
}

BOOST_AUTO_TEST_CASE(reads_all_three_forms) {  // RFC 9110 5.6.7
    BOOST_TEST(http::parse_date("Sun, 06 Nov 1994 08:49:37 GMT").value() == 784111777);
    BOOST_TEST(http::parse_date("Sunday, 06-Nov-94 08:49:37 GMT").value() == 784111777);
    BOOST_TEST(http::parse_date("Sun Nov  6 08:49:37 1994").value() == 784111777);
    BOOST_TEST(http::parse_date("Wed Nov 16 08:49:37 1994").value() == 784975777);
    BOOST_TEST(http::parse_date("Friday, 01-Jan-38 00:00:00 GMT").value() == 2145916800);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_date) {
    for (const char* text :
         {"", "Sun", "Sun,", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
          "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
          "Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nox 1994 08:49:37 GMT",
          "Sun, 06 Nov 1994 08:49:37 UTC", "784111777", "Sun Nov 6 08:49:37 1994"})
        BOOST_TEST_CONTEXT(text) BOOST_TEST(!http::parse_date(text).has_value());
}

BOOST_AUTO_TEST_CASE(the_cached_text_follows_the_second) {
    http::DateCache cache;
    BOOST_TEST(cache.text(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(cache.text(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
    BOOST_TEST(cache.text(784111778) == "Sun, 06 Nov 1994 08:49:38 GMT");
}

BOOST_AUTO_TEST_SUITE_END()
