#include "daemon/handlers/status_text.h"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace data = boost::unit_test::data;

namespace mpmd::handlers {
namespace {

struct Number {
    double value;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const Number& number) {
    return out << number.value;
}
// As httpd prints them, but for large ones, where its own formatter leaves a point without digits.
const Number kNumbers[] = {{0, "0"},
                           {-1, "0"},
                           {0.03, ".03"},
                           {0.5, ".5"},
                           {1, "1"},
                           {100, "100"},
                           {143.4294444, "143.429"},
                           {377.88, "377.88"},
                           {0.0537849, ".0537849"},
                           {0.571429, ".571429"},
                           {0.99999999, "1"},
                           {0.0001, ".0001"},
                           {5.99251e-5, "5.99251e-5"},
                           {2.5e-7, "2.5e-7"},
                           {123456.7, "123457"},
                           {999999.5, "1000000"},
                           {1234567, "1234570"},
                           {1e12, "1000000000000"}};

struct Uptime {
    std::uint64_t seconds;
    const char* text;
};
std::ostream& operator<<(std::ostream& out, const Uptime& uptime) {
    return out << uptime.seconds;
}
const Uptime kUptimes[] = {{0, ""},
                           {1, "1 second"},
                           {60, "1 minute"},
                           {3723, "1 hour 2 minutes 3 seconds"},
                           {7200, "2 hours"},
                           {86400, "1 day"},
                           {2 * 86400 + 5, "2 days 5 seconds"}};

struct Asked {
    const char* query;
    bool automatic;
    bool no_table;
    int refresh;
};
std::ostream& operator<<(std::ostream& out, const Asked& asked) {
    return out << asked.query;
}
const Asked kAsked[] = {{"", false, false, -1},
                        {"auto", true, false, -1},
                        {"auto&refresh", true, false, 10},
                        {"refresh=0", false, false, 10},
                        {"refresh=-5", false, false, 10},
                        {"refresh=abc", false, false, 10},
                        {"refresh=7", false, false, 7},
                        {"refresh=7&auto", true, false, 7},
                        {"notable", false, true, -1},
                        {"automatic", true, false, -1},
                        {"auto?auto", true, false, -1},
                        {"auto;x", true, false, -1},
                        {"auto,refresh=3", true, false, 3},
                        {"refresh=3,notable", false, true, 3}};

}  // namespace

BOOST_AUTO_TEST_SUITE(status_text)

BOOST_DATA_TEST_CASE(numbers_look_like_httpds, data::make(kNumbers), number) {
    BOOST_TEST(short_number(number.value) == number.text);
}

BOOST_DATA_TEST_CASE(uptime_leaves_out_what_is_zero, data::make(kUptimes), uptime) {
    BOOST_TEST(uptime_text(uptime.seconds) == uptime.text);
}

BOOST_DATA_TEST_CASE(words_of_a_query_count_wherever_they_stand, data::make(kAsked), asked) {
    const StatusQuery query = parse_status_query(asked.query);
    BOOST_TEST(query.automatic == asked.automatic);
    BOOST_TEST(query.no_table == asked.no_table);
    BOOST_TEST(query.refresh == asked.refresh);
}

BOOST_AUTO_TEST_CASE(sizes_have_units) {
    BOOST_TEST(bytes_text(570) == "570 B");
    BOOST_TEST(bytes_text(8192) == "8.0 kB");
    BOOST_TEST(bytes_text(3'500'000) == "3.3 MB");
    BOOST_TEST(bytes_text(5'000'000'000) == "4.7 GB");
    BOOST_TEST(kbytes_text(2) == "2 kB");
    BOOST_TEST(kbytes_text(2048) == "2.0 MB");
    BOOST_TEST(kbytes_text(5'000'000) == "4.8 GB");
}

BOOST_AUTO_TEST_CASE(what_clients_sent_is_text_in_html) {
    std::string html;
    append_escaped(html, "<a href=\"x\" b='y'>&\n\x7f\xe4");
    BOOST_TEST(html == "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\\x0a\\x7f\\xe4");
}

BOOST_AUTO_TEST_CASE(passwords_in_urls_are_not_shown) {
    BOOST_TEST(without_password("http://me:secret@h/p?q") == "http://me:XXXXXXXX@h/p?q");
    BOOST_TEST(without_password("http://me@h/p") == "http://me@h/p");
    BOOST_TEST(without_password("http://h:80/a@b:c") == "http://h:80/a@b:c");
    BOOST_TEST(without_password("/p?u=http://a:b@c/") == "/p?u=http://a:XXXXXXXX@c/");
    BOOST_TEST(without_password("http://a:b:c@h") == "http://a:XXXXXXXX@h");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::handlers
