// Can one request smuggle a second? Each stream is what a lenient front would pass on as one
// request, or as two that it cuts elsewhere. What counts is how many requests we see, where they
// end, and that nothing is read after a refusal.

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/wire/framing.h"
#include "tests/wire/request_vectors.h"

namespace test = mpmd::test;
namespace bdata = boost::unit_test::data;

namespace {

struct Stream {
    std::string name;
    std::string bytes;
    std::vector<std::string> seen;  // request lines of complete messages
    int end = 0;  // 0: all bytes used; 1: an incomplete rest; else the refusal that ends it
};

std::ostream& operator<<(std::ostream& out, const Stream& stream) {
    return out << stream.name;
}

const std::string kSmuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kChunked = "Transfer-Encoding: chunked\r\n";
const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string length(std::size_t n) {
    return "Content-Length: " + std::to_string(n) + "\r\n";
}

// A table.
std::vector<Stream> streams() {
    using test::post;
    return {
        {"two requests in one packet", kGet + kSmuggled, {"GET / 1.1", "GET /admin 1.1"}, 0},
        {"a request inside a measured body",
         post(length(kSmuggled.size()), kSmuggled) + kGet,
         {"POST /x 1.1", "GET / 1.1"},
         0},
        {"a request inside a chunk",
         post(kChunked, "20\r\n" + kSmuggled + "\r\n0\r\n\r\n") + kGet,
         {"POST /x 1.1", "GET / 1.1"},
         0},
        {"CL.TE", post(length(kSmuggled.size() + 5) + kChunked, "0\r\n\r\n" + kSmuggled), {}, 400},
        {"TE.CL", post(kChunked + length(4), "20\r\n" + kSmuggled + "\r\n0\r\n\r\n"), {}, 400},
        {"CL.CL", post(length(0) + length(kSmuggled.size()), kSmuggled), {}, 400},
        {"CL.0: a length on a GET is obeyed",
         "GET / HTTP/1.1\r\nHost: a\r\n" + length(kSmuggled.size()) + "\r\n" + kSmuggled,
         {"GET / 1.1"},
         0},
        {"TE hidden by a blank before the colon",
         post("Transfer-Encoding : chunked\r\n" + length(5), "0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"TE hidden by a fold",
         post("X: y\r\n Transfer-Encoding: chunked\r\n", "0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"TE hidden by a vertical tab",
         post("Transfer-Encoding:\x0b"
              "chunked\r\n" +
                  length(5),
              "0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"TE hidden by a bare CR",
         post("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"TE hidden by a bare LF",
         post("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"TE twice, one unknown",
         post(kChunked + "Transfer-Encoding: x\r\n", "0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"TE from the past",
         "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + kSmuggled,
         {},
         400},
        {"chunk size cut at 32 bits", post(kChunked, "100000000\r\n" + kSmuggled), {}, 413},
        {"chunk size wraps at 64 bits",
         post(kChunked, "10000000000000000\r\n\r\n0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"chunk extension hides a line end",
         post(kChunked, "2;\nxx\r\n21\r\n0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"chunk data longer than announced",
         post(kChunked, "2\r\nabcd\r\n0\r\n\r\n" + kSmuggled),
         {},
         400},
        {"last chunk in two lines", post(kChunked, "0\n\r\n" + kSmuggled), {}, 400},
        {"trailer that looks like a request", post(kChunked, "0\r\n" + kSmuggled), {}, 400},
        {"a length with a sign", post("Content-Length: +5\r\n", "hello" + kSmuggled), {}, 400},
        {"a length in octal is decimal",
         post("Content-Length: 010\r\n", "0123456789") + kGet,
         {"POST /x 1.1", "GET / 1.1"},
         0},
        {"an empty line between requests is forgiven",
         kGet + "\r\n" + kGet,
         {"GET / 1.1", "GET / 1.1"},
         0},
        {"body shorter than announced waits", post(length(99), kSmuggled), {}, 1},
        {"underscore is not a dash",
         post("Content_Length: 5\r\nTransfer_Encoding: chunked\r\n") + kGet,
         {"POST /x 1.1", "GET / 1.1"},
         0},
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(smuggling)

BOOST_DATA_TEST_CASE(a_stream_holds_the_requests_it_says_and_no_other,
                     bdata::make(streams()),
                     stream) {
    std::vector<std::string> seen;
    int end = 0;
    for (const test::Framed& message : test::frame_all(stream.bytes)) {
        if (message.code == 0)
            seen.push_back(message.line);
        else
            end = message.code;
    }
    BOOST_TEST(seen == stream.seen, boost::test_tools::per_element());
    BOOST_TEST(end == stream.end);
}

BOOST_AUTO_TEST_SUITE_END()
