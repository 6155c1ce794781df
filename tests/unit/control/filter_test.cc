#include "daemon/control/filter.h"

#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/control/filter_value.h"

namespace data = boost::unit_test::data;

namespace {

using mpmd::control::before;
using mpmd::control::ConnectionFacts;
using mpmd::control::Filter;
using mpmd::control::like;
using mpmd::control::Order;
using mpmd::control::order_key;
using mpmd::scoreboard::ConnectionState;

template <std::size_t N>
void put(std::array<char, N>& field, const std::string& text) {
    std::memcpy(field.data(), text.data(), std::min(text.size(), N - 1));
}

constexpr std::int64_t kSecond = 1'000'000'000;

// A GET that runs on thread 3 of child 12 for 6 s, from 198.51.100.7:51122, open for a minute.
ConnectionFacts sample() {
    ConnectionFacts facts;
    facts.epoch = 1;
    facts.child_uid = 12;
    facts.pid = 4711;
    facts.now_ns = 1000 * kSecond;
    facts.row.state = ConnectionState::Running;
    facts.row.family = 4;
    facts.row.thread = 3;
    facts.row.number = 812;
    facts.row.peer_address = {198, 51, 100, 7};
    facts.row.peer_port = 51122;
    facts.row.local_address = {127, 0, 0, 1};
    facts.row.local_port = 8080;
    facts.row.accepted_ns = 940 * kSecond;
    facts.row.since_ns = 994 * kSecond;
    facts.row.bytes_in = 400;
    facts.row.bytes_out = 70'000;
    facts.row.requests = 5;
    facts.row.status = 200;
    facts.row.script_pid = 815;
    facts.row.script_ns = 997 * kSecond;
    put(facts.row.method, "GET");
    put(facts.row.vhost, "www.example.org");
    put(facts.row.target, "/export/big.csv");
    return facts;
}

ConnectionFacts parked6() {
    ConnectionFacts facts = sample();
    facts.row.state = ConnectionState::KeepAlive;
    facts.row.thread = -1;
    facts.row.family = 6;
    facts.row.peer_address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    facts.row.number = 900;
    facts.row.script_pid = 0;
    facts.row.script_ns = 0;
    return facts;
}

struct Verdict {
    const char* filter;
    bool running;  // matches sample()
    bool parked;   // matches parked6()
};
std::ostream& operator<<(std::ostream& out, const Verdict& verdict) {
    return out << verdict.filter;
}

const std::vector<Verdict> kVerdicts = {
    {"", true, true},
    {"   ", true, true},
    {"state = running", true, false},
    {"state=running", true, false},
    {"STATE = Running", true, false},
    {"state != running", false, true},
    {"state = W", true, false},
    {"state = K", false, true},
    {"state = keep_alive", false, true},
    {"state = running and age > 5s", true, false},
    {"state=W age>5s", true, false},
    {"age > 1m", false, false},
    {"age >= 1m", true, true},
    {"age = 60s", true, true},
    {"age_ms >= 60000", true, true},
    {"state_age > 5.5s and state_age < 6500ms", true, true},
    {"age < 1h30m", true, true},
    {"thread = 3", true, false},
    {"thread = none", false, true},
    {"thread != none", true, false},
    {"thread < 5", true, false},
    {"thread != 3", false, true},
    {"peer = 198.51.100.7", true, false},
    {"peer = 198.51.100.7:51122", true, false},
    {"peer = 198.51.100.7:1", false, false},
    {"peer != 198.51.100.7", false, true},
    {"peer in 198.51.100.0/24", true, false},
    {"peer in 0.0.0.0/0", true, false},
    {"peer in 198.51.100.8/29", false, false},
    {"peer in 198.51.100.0/29", true, false},
    {"peer in 2001:db8::/32", false, true},
    {"peer = 2001:db8::1", false, true},
    {"peer = [2001:DB8:0::1]:51122", false, true},
    {"peer in ::/0", false, true},
    {"peer ~ 198.51", true, false},
    {"local = 127.0.0.1:8080", true, false},
    {"target ~ .csv", true, true},
    {"target ~ ^/export/*.csv$", true, true},
    {"target ~ ^/imp", false, false},
    {"target = /export/big.csv", true, true},
    {"target = \"/export/big.csv\"", true, true},
    {"vhost ~ EXAMPLE", true, true},
    {"vhost = www.example.org", true, true},
    {"method = GET", true, true},
    {"method != 'GET'", false, false},
    {"bytes_out > 64k", true, true},
    {"bytes_out >= 1M", false, false},
    {"bytes_in = 400", true, true},
    {"status >= 200 and status < 300", true, true},
    {"requests = 5", true, true},
    {"script_pid = 815", true, false},
    {"script_pid > 0 and script_age > 2s", true, false},
    {"script_age_ms >= 3s", true, false},
    {"script_age = 0s", false, true},
    {"tls = true", false, false},
    {"tls = no", true, true},
    {"pid = 4711", true, true},
    {"child_uid = 12", true, true},
    {"child = 13", false, false},
    {"id = 1.12.812", true, false},
    {"not state = running", false, true},
    {"not not state = running", true, false},
    {"state = running or state = keep_alive", true, true},
    {"state = reading or state = running and age < 1s", false, false},
    {"(state = reading or state = running) and age > 1s", true, false},
    {"not (state = running or tls = yes)", false, true},
    {"((((state = running))))", true, false},
};

struct Wrong {
    const char* filter;
    std::size_t column;
    const char* said;
    const char* suggestion;
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
    return out << wrong.filter;
}

const std::vector<Wrong> kWrong = {
    {"stat = running", 1, "there is no field \"stat\"", "state"},
    {"state = running and agee > 5s", 21, "there is no field \"agee\"", "age"},
    {"zebra = 1", 1, "there is no field", ""},
    {"state", 6, "one of = !=", ""},
    {"state =", 8, "the filter ends where a value", ""},
    {"state = flying", 9, "\"flying\" is no state", ""},
    {"state < running", 9, "does not apply to state", ""},
    {"age > soon", 7, "is not a duration", ""},
    {"age > 5x", 7, "is not a duration", ""},
    {"bytes_out > 5q", 13, "is not a size", ""},
    {"requests = many", 12, "is not a number", ""},
    {"requests = -1", 12, "is not a number", ""},
    {"requests = 99999999999999999999", 12, "is not a number", ""},
    {"peer in 10.0.0.0", 9, "has no mask length", "10.0.0.0/32"},
    {"peer in 10.0.0.0/33", 9, "0 to 32", ""},
    {"peer in 10.0.0/8", 9, "is no network", ""},
    {"peer = 300.1.1.1", 8, "is no address", ""},
    {"peer < 10.0.0.1", 8, "does not apply to peer", ""},
    {"target in 10.0.0.0/8", 11, "does not apply to target", ""},
    {"tls = maybe", 7, "neither true nor false", ""},
    {"(state = running", 1, "never closed", ""},
    {"state = running)", 16, "closes nothing", ""},
    {"and state = running", 1, "there is no field \"and\"", ""},
    {"state = running and", 20, "the filter ends where a field name", ""},
    {"state == running", 7, "\"==\" is no operator", "="},
    {"target = \"x", 10, "never closed", ""},
    {"= 5", 1, "a field name is expected", ""},
    {"state = running ; drop", 17, "a field name is expected", ""},
    {"thread < none", 10, "no order", ""},
};

struct Pattern {
    const char* text;
    const char* pattern;
    bool fits;
};
std::ostream& operator<<(std::ostream& out, const Pattern& pattern) {
    return out << pattern.text << " ~ " << pattern.pattern;
}
const std::vector<Pattern> kPatterns = {
    {"/a/b.png", "", true},     {"/a/b.png", "b.png", true}, {"/a/b.png", "^b", false},
    {"/a/b.png", "png$", true}, {"/a/b.png", "a$", false},   {"/a/b.png", "^/a*g$", true},
    {"/a/b.png", "/?/", true},  {"/a/b.png", "^*$", true},   {"", "^$", true},
    {"x", "^$", false},         {"aab", "^a*ab$", true},     {"ab", "^a*ab$", false},
    {"abab", "ab*ab", true},    {"aba", "ab*ab", false},     {"a", "a*a", false},
    {"abc", "^abc$", true},     {"xabc", "^abc$", false},    {"abcabc", "^abc$", false},
};

mpmd::control::FilterError error_of(const std::string& text) {
    const auto filter = Filter::parse(text);
    BOOST_REQUIRE(!filter);
    return filter.error();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(filter)

BOOST_DATA_TEST_CASE(selects_what_it_says, data::make(kVerdicts), verdict) {
    const auto parsed = Filter::parse(verdict.filter);
    BOOST_REQUIRE_MESSAGE(parsed, (parsed ? "" : parsed.error().text()));
    BOOST_TEST(parsed->matches(sample()) == verdict.running);
    BOOST_TEST(parsed->matches(parked6()) == verdict.parked);
}

BOOST_DATA_TEST_CASE(that_is_wrong_is_answered_with_the_position, data::make(kWrong), wrong) {
    const auto error = error_of(wrong.filter);
    BOOST_TEST(error.column == wrong.column);
    BOOST_TEST(error.message.find(wrong.said) != std::string::npos, error.message);
    BOOST_TEST(error.suggestion == wrong.suggestion);
}

BOOST_DATA_TEST_CASE(patterns_stand_for_what_they_show, data::make(kPatterns), pattern) {
    BOOST_TEST(like(pattern.text, pattern.pattern) == pattern.fits);
}

BOOST_AUTO_TEST_CASE(of_any_size_and_depth_is_bounded) {
    BOOST_TEST(error_of(std::string(5000, ' ')).message.find("4096") != std::string::npos);
    BOOST_TEST(error_of(std::string(200, '(')).message.find("levels") != std::string::npos);
    std::string many = "pid=1";
    for (int i = 0; i < 300; ++i)
        many += " pid=1";
    BOOST_TEST(error_of(many).message.find("more than 256") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_a_client_sent_is_compared_as_it_is_shown) {
    ConnectionFacts facts = sample();
    put(facts.row.target, "/\x1b[2J/with/a/longer/tail");
    BOOST_TEST(Filter::parse("target ~ '\\\\x1b'")->matches(facts));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(order)

BOOST_AUTO_TEST_CASE(the_oldest_come_first_by_age_desc) {
    ConnectionFacts old = sample();
    ConnectionFacts young = sample();
    young.row.accepted_ns = 990 * kSecond;
    young.row.number = 1;
    const auto order = Order::parse("age_ms desc");
    BOOST_REQUIRE(order);
    BOOST_TEST(before(*order, order_key(*order, old), order_key(*order, young)));
    BOOST_TEST(!before(*order, order_key(*order, young), order_key(*order, old)));
}

BOOST_AUTO_TEST_CASE(rows_that_are_equal_stand_by_id) {
    ConnectionFacts first = sample();
    ConnectionFacts second = sample();
    second.row.number = 813;
    for (const char* text : {"", "id", "status", "status desc", "peer", "vhost desc"}) {
        const auto order = Order::parse(text);
        BOOST_REQUIRE(order);
        BOOST_TEST(before(*order, order_key(*order, first), order_key(*order, second)), text);
        BOOST_TEST(!before(*order, order_key(*order, second), order_key(*order, first)), text);
    }
}

BOOST_AUTO_TEST_CASE(addresses_stand_as_numbers_not_as_text) {
    ConnectionFacts nine = sample();
    ConnectionFacts ten = sample();
    nine.row.peer_address = {9, 0, 0, 1};
    ten.row.peer_address = {10, 0, 0, 1};
    const auto order = Order::parse("peer");
    BOOST_TEST(before(*order, order_key(*order, nine), order_key(*order, ten)));
}

BOOST_AUTO_TEST_CASE(an_unknown_field_is_answered_with_the_position) {
    const auto order = Order::parse("  stat desc");
    BOOST_REQUIRE(!order);
    BOOST_TEST(order.error().column == 3U);
    BOOST_TEST(order.error().suggestion == "state");
    BOOST_TEST(Order::parse("state sideways").error().column == 7U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(ipv6_is_written_as_rfc_5952_wants) {
    using mpmd::control::address_text;
    BOOST_TEST(address_text(6, {}) == "::");
    BOOST_TEST(address_text(6, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}) == "::1");
    BOOST_TEST(address_text(6, {0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}) ==
               "2001:db8:0:1:1:1:1:1");
    BOOST_TEST(address_text(6, {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}) ==
               "fe80::1:0:0:0");
}

BOOST_AUTO_TEST_SUITE_END()
