#include "daemon/http/conditional.h"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/http/request_parser.h"

namespace http = mpmd::http;
namespace bdata = boost::unit_test::data;

namespace {

const std::string kOld = "Sun, 06 Nov 1994 08:49:36 GMT";
const std::string kSame = "Sun, 06 Nov 1994 08:49:37 GMT";
const std::string kNew = "Sun, 06 Nov 1994 08:49:38 GMT";
constexpr std::int64_t kModified = 784111777;

const http::Validators kStrong{"\"v1\"", kSame, kModified};
const http::Validators kWeak{"W/\"v1\"", kSame, kModified};

struct Parsed {
    std::string bytes;
    http::Request request;
    Parsed(const std::string& method, const std::string& fields)
        : bytes(method + " / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") {
        http::RequestParser parser;
        BOOST_REQUIRE(
            (parser.feed(bytes, {}, request).status == http::ParseResult::Status::HeadComplete));
    }
    Parsed(const Parsed&) = delete;
    Parsed& operator=(const Parsed&) = delete;
};

struct Sample {
    std::string method;
    std::string fields;
    int strong = 200;  // with a strong tag
    int weak = 200;    // with a weak one
};

std::ostream& operator<<(std::ostream& out, const Sample& sample) {
    return out << sample.method << " " << sample.fields;
}

// RFC 9110 13.1 and the order of 13.2.2.
const Sample kSamples[] = {
    {"GET", "", 200, 200},
    {"GET", "If-None-Match: \"v1\"\r\n", 304, 304},
    {"HEAD", "If-None-Match: \"v1\"\r\n", 304, 304},
    {"POST", "If-None-Match: \"v1\"\r\n", 412, 412},
    {"GET", "If-None-Match: W/\"v1\"\r\n", 304, 304},
    {"GET", "If-None-Match: *\r\n", 304, 304},
    {"GET", "If-None-Match: \"v2\"\r\n", 200, 200},
    {"GET", "If-None-Match: \"a,b\", W/\"c\" , \"v1\"\r\n", 304, 304},
    {"GET", "If-None-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n", 304, 304},
    {"GET", "If-None-Match: v1\r\n", 200, 200},
    {"GET", "If-None-Match: \"v1\r\n", 200, 200},
    {"GET", "If-Modified-Since: " + kSame + "\r\n", 304, 304},
    {"GET", "If-Modified-Since: " + kNew + "\r\n", 304, 304},
    {"GET", "If-Modified-Since: " + kOld + "\r\n", 200, 200},
    {"GET", "If-Modified-Since: yesterday\r\n", 200, 200},
    {"GET", "If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT\r\n", 304, 304},
    {"POST", "If-Modified-Since: " + kNew + "\r\n", 200, 200},
    {"GET", "If-None-Match: \"v2\"\r\nIf-Modified-Since: " + kNew + "\r\n", 200, 200},
    {"GET", "If-Match: \"v1\"\r\n", 200, 412},
    {"GET", "If-Match: W/\"v1\"\r\n", 412, 412},
    {"GET", "If-Match: *\r\n", 200, 200},
    {"GET", "If-Match: \"v2\"\r\n", 412, 412},
    {"GET", "If-Match: \"v2\"\r\nIf-None-Match: \"v1\"\r\n", 412, 412},
    {"GET", "If-Match: *\r\nIf-None-Match: \"v1\"\r\n", 304, 304},
    {"GET", "If-Unmodified-Since: " + kOld + "\r\n", 412, 412},
    {"GET", "If-Unmodified-Since: " + kSame + "\r\n", 200, 200},
    {"GET", "If-Unmodified-Since: never\r\n", 200, 200},
    {"GET", "If-Match: *\r\nIf-Unmodified-Since: " + kOld + "\r\n", 200, 200},
};

int status_of(http::Condition condition) {
    switch (condition) {
        case http::Condition::Proceed:
            return 200;
        case http::Condition::NotModified:
            return 304;
        case http::Condition::Failed:
            return 412;
    }
    return 0;
}

struct RangeSample {
    std::string fields;
    bool strong = false;
    bool weak = false;
};

std::ostream& operator<<(std::ostream& out, const RangeSample& sample) {
    return out << sample.fields;
}

const RangeSample kRanges[] = {
    {"", true, true},
    {"If-Range: \"v1\"\r\n", true, false},
    {"If-Range: W/\"v1\"\r\n", false, false},
    {"If-Range: \"v2\"\r\n", false, false},
    {"If-Range: " + kSame + "\r\n", true, false},
    {"If-Range: " + kNew + "\r\n", false, false},
    {"If-Range: nonsense\r\n", false, false},
    {"If-Range: \"v1\"\r\nIf-Range: \"v1\"\r\n", false, false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(conditional)

BOOST_DATA_TEST_CASE(conditions_have_an_order_of_precedence, bdata::make(kSamples), sample) {
    const Parsed parsed(sample.method, sample.fields);
    BOOST_TEST(status_of(http::check_conditions(parsed.request, kStrong)) == sample.strong);
    BOOST_TEST(status_of(http::check_conditions(parsed.request, kWeak)) == sample.weak);
}

BOOST_DATA_TEST_CASE(a_part_is_only_of_use_to_who_has_the_same_rest, bdata::make(kRanges), sample) {
    const Parsed parsed("GET", sample.fields);
    BOOST_TEST(http::range_still_valid(parsed.request, kStrong) == sample.strong);
    BOOST_TEST(http::range_still_valid(parsed.request, kWeak) == sample.weak);
}

BOOST_AUTO_TEST_SUITE_END()
