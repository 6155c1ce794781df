#include "daemon/http/request_parser.h"

#include <numeric>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/wire/framing.h"
#include "tests/wire/request_vectors.h"

namespace http = mpmd::http;
namespace test = mpmd::test;
namespace bdata = boost::unit_test::data;
using Status = http::ParseResult::Status;

namespace {

struct Parsed {
    std::string bytes;
    http::Request request;
    http::ParseResult result;

    explicit Parsed(std::string text, const http::RequestLimits& limits = {})
        : bytes(std::move(text)) {
        http::RequestParser parser;
        result = parser.feed(bytes, limits, request);
    }
    Parsed(const Parsed&) = delete;
    Parsed& operator=(const Parsed&) = delete;
};

std::string get(const std::string& fields, const std::string& target = "/") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_parser)

BOOST_DATA_TEST_CASE(judges_every_vector_as_wished, bdata::make(test::request_vectors()), vector) {
    BOOST_TEST(test::frame_whole(vector.bytes).code == vector.wanted);
}

BOOST_DATA_TEST_CASE(frames_alike_however_the_bytes_arrive,
                     bdata::make(test::request_vectors()),
                     vector) {
    const std::string bytes = vector.bytes + "GET /next HTTP/1.1\r\n";
    const test::Framed whole = test::frame_whole(bytes);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
        const std::size_t arrivals[] = {cut, bytes.size()};
        BOOST_TEST_CONTEXT("cut at " << cut) BOOST_TEST(test::frame(bytes, arrivals) == whole);
    }
    std::vector<std::size_t> drip(bytes.size());
    std::iota(drip.begin(), drip.end(), std::size_t{1});
    BOOST_TEST(test::frame(bytes, drip) == whole);
}

BOOST_AUTO_TEST_CASE(shows_the_parts_of_a_request) {
    const Parsed parsed(
        "POST /a%20b?c=d HTTP/1.1\r\nhOST: example.org:8080\r\nX-Other:  v w\t \r\n"
        "Content-Length: 5\r\n\r\nhello");
    BOOST_REQUIRE(parsed.result.status == Status::HeadComplete);
    const http::Request& request = parsed.request;
    BOOST_TEST(parsed.result.used == parsed.bytes.size() - 5);
    BOOST_TEST(request.head_size == parsed.result.used);
    BOOST_TEST((request.method == http::Method::Post));
    BOOST_TEST(request.raw_path == "/a%20b");
    BOOST_TEST(request.query == "c=d");
    BOOST_TEST(request.host == "example.org:8080");
    BOOST_TEST(request.content_length.value() == 5u);
    BOOST_TEST(request.value(std::string_view("x-oTHER")).value() == "v w");
    BOOST_TEST(!request.value(std::string_view("absent")).has_value());
    BOOST_TEST(request.has_body());
}

BOOST_AUTO_TEST_CASE(an_absolute_target_overrules_the_host_field) {  // RFC 9112 3.2.2
    const Parsed parsed("GET http://b:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(parsed.request.host == "b:81");
    BOOST_TEST(parsed.request.raw_path == "/x");
    const Parsed bare("GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(bare.request.raw_path == "/");
    BOOST_TEST(bare.request.query == "y");
}

BOOST_AUTO_TEST_CASE(hears_what_the_client_says_about_the_connection) {  // E-21
    BOOST_TEST(Parsed(get("Connection: keep-alive\r\n")).request.wants_keep_alive);
    BOOST_TEST(!Parsed(get("Connection: keep-alive\r\n")).request.wants_close);
    BOOST_TEST(Parsed(get("Connection: x, Close\r\n")).request.wants_close);
    BOOST_TEST(Parsed(get("Connection: x\r\nConnection: close\r\n")).request.wants_close);
    BOOST_TEST(!Parsed(get("Connection: closed\r\n")).request.wants_close);
    BOOST_TEST(!Parsed(get("X-Connection: close\r\n")).request.wants_close);
}

BOOST_AUTO_TEST_CASE(expects_a_continue_only_in_http_1_1) {
    BOOST_TEST(Parsed(test::post("Expect: 100-Continue\r\n")).request.expect_continue);
    BOOST_TEST(!Parsed("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").request.expect_continue);
}

BOOST_AUTO_TEST_CASE(unknown_methods_are_a_matter_of_the_handler) {
    const Parsed parsed("FOOBAR / HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST((parsed.request.method == http::Method::Other));
    BOOST_TEST(parsed.request.method_text == "FOOBAR");
    BOOST_TEST((Parsed("get / HTTP/1.1\r\nHost: a\r\n\r\n").request.method == http::Method::Other));
}

BOOST_AUTO_TEST_CASE(a_request_line_may_be_as_long_as_its_limit_and_no_longer) {
    const std::string target =
        "/" + std::string(8190 - 14, 'x');  // "GET " + target + " HTTP/1.1" = 8190
    BOOST_TEST((Parsed(get("", target)).result.status == Status::HeadComplete));
    BOOST_TEST(Parsed(get("", target + "x")).result.code == 414);
    BOOST_TEST(Parsed("GET " + target + "yyyyyyyyyyyyyyyyy").result.code == 414);  // without an end
}

BOOST_AUTO_TEST_CASE(a_field_line_may_be_as_long_as_its_limit_and_no_longer) {
    const std::string field = "X: " + std::string(8190 - 3, 'x');
    BOOST_TEST((Parsed(get(field + "\r\n")).result.status == Status::HeadComplete));
    BOOST_TEST(Parsed(get(field + "x\r\n")).result.code == 431);
    BOOST_TEST(Parsed(get(field + " \r\n")).result.code == 431);  // blanks count
    BOOST_TEST(Parsed("GET / HTTP/1.1\r\n" + field + "yyy").result.code == 431);
    BOOST_TEST(Parsed("GET / HTTP/1.1\r\n" + field + "y\r\n").result.code == 431);
    BOOST_TEST((Parsed("GET / HTTP/1.1\r\n" + field + "\r\n").result.status == Status::NeedMore));
}

BOOST_AUTO_TEST_CASE(fields_are_counted) {
    const auto fields = [](int n) {
        std::string text;
        for (int i = 0; i < n; ++i)
            text += "A: b\r\n";
        return text;
    };
    BOOST_TEST((Parsed(get(fields(99))).result.status == Status::HeadComplete));  // and Host
    BOOST_TEST(Parsed(get(fields(100))).result.code == 431);
    http::RequestLimits unlimited;
    unlimited.fields = 0;
    BOOST_TEST((Parsed(get(fields(1000)), unlimited).result.status == Status::HeadComplete));
    BOOST_TEST(Parsed(get(fields(20000)), unlimited).result.code ==
               431);  // the head as a whole is bounded
}

BOOST_AUTO_TEST_CASE(a_head_without_end_is_refused_before_the_buffer_grows_for_ever) {
    http::RequestLimits limits;
    limits.fields = 0;
    http::RequestParser parser;
    http::Request request;
    std::string bytes = "GET / HTTP/1.1\r\n";
    http::ParseResult result = parser.feed(bytes, limits, request);
    while (result.status == Status::NeedMore && bytes.size() < 2 * http::head_limit(limits)) {
        bytes += "A: " + std::string(1000, 'b') + "\r\n";
        result = parser.feed(bytes, limits, request);
    }
    BOOST_TEST(result.code == 431);
    BOOST_TEST(bytes.size() < http::head_limit(limits) + 2000);
}

BOOST_AUTO_TEST_CASE(a_used_parser_and_request_carry_nothing_over) {
    http::RequestParser parser;
    http::Request request;
    const std::string first = test::post("Transfer-Encoding: chunked\r\nConnection: close\r\n");
    BOOST_TEST((parser.feed(first, {}, request).status == Status::HeadComplete));
    parser.reset();
    const std::string second = get("");
    BOOST_TEST((parser.feed(second, {}, request).status == Status::HeadComplete));
    BOOST_TEST(!request.chunked);
    BOOST_TEST(!request.wants_close);
    BOOST_TEST(request.fields.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_lone_empty_line_is_no_begun_request) {  // E-22: closed without bytes, no 408
    BOOST_TEST(!http::RequestParser::has_begun(""));
    BOOST_TEST(!http::RequestParser::has_begun("\r\n"));
    BOOST_TEST(http::RequestParser::has_begun("\r\nG"));
    BOOST_TEST(http::RequestParser::has_begun("G"));
}

BOOST_AUTO_TEST_SUITE_END()
