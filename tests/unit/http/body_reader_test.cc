#include "daemon/http/body_reader.h"

#include <boost/test/unit_test.hpp>

#include "tests/wire/framing.h"
#include "tests/wire/request_vectors.h"

namespace http = mpmd::http;
namespace test = mpmd::test;

namespace {

const std::string kChunked = "Transfer-Encoding: chunked\r\n";

http::RequestLimits body_of_at_most(std::uint64_t bytes) {
    http::RequestLimits limits;
    limits.body = bytes;
    return limits;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(body_reader)

BOOST_AUTO_TEST_CASE(gives_the_bytes_without_their_framing) {
    BOOST_TEST(test::frame_whole(test::post("Content-Length: 5\r\n", "helloGET")).body == "hello");
    const auto chunked = test::frame_whole(
        test::post(kChunked, "5;a=b\r\nhello\r\n00B\r\n, big world\r\n0\r\nA: b\r\n\r\nGET"));
    BOOST_TEST(chunked.body == "hello, big world");
}

BOOST_AUTO_TEST_CASE(no_body_is_complete_at_once) {
    http::BodyReader none;
    const http::BodyResult result = none.read("GET / ", {});
    BOOST_TEST((result.status == http::BodyResult::Status::Complete));
    BOOST_TEST(result.used == 0u);
    BOOST_TEST(test::frame_whole(test::post("Content-Length: 0\r\n", "x")).code == 0);
}

BOOST_AUTO_TEST_CASE(a_body_above_LimitRequestBody_is_413) {
    BOOST_TEST(
        test::frame_whole(test::post("Content-Length: 5\r\n", "hello"), body_of_at_most(5)).code ==
        0);
    BOOST_TEST(
        test::frame_whole(test::post("Content-Length: 6\r\n", "hello!"), body_of_at_most(5)).code ==
        413);
    const std::string chunks = "3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    BOOST_TEST(test::frame_whole(test::post(kChunked, chunks), body_of_at_most(6)).code == 0);
    BOOST_TEST(test::frame_whole(test::post(kChunked, chunks), body_of_at_most(5)).code == 413);
    BOOST_TEST(test::frame_whole(test::post(kChunked, chunks), body_of_at_most(0)).code == 0);
}

BOOST_AUTO_TEST_CASE(chunk_lines_and_trailers_are_bounded) {
    const std::string pad(2000, 'a');
    BOOST_TEST(test::frame_whole(test::post(kChunked, "5;" + pad)).code == 400);
    BOOST_TEST(
        test::frame_whole(test::post(kChunked, "0\r\nA: " + pad + pad + pad + pad + pad)).code ==
        431);
    std::string many = "0\r\n";
    for (int i = 0; i < 101; ++i)
        many += "A: b\r\n";
    BOOST_TEST(test::frame_whole(test::post(kChunked, many + "\r\n")).code == 431);
}

BOOST_AUTO_TEST_CASE(a_refused_body_stays_refused) {
    http::Request request;
    request.chunked = true;
    http::BodyReader reader(request);
    BOOST_TEST((reader.read("x\r\n", {}).status == http::BodyResult::Status::Rejected));
    BOOST_TEST((reader.read("0\r\n\r\n", {}).status == http::BodyResult::Status::Rejected));
}

BOOST_AUTO_TEST_SUITE_END()
