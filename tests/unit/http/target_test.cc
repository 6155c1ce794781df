#include "daemon/http/target.h"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace http = mpmd::http;
namespace bdata = boost::unit_test::data;

namespace {

struct PathSample {
    std::string raw;
    int status = 0;
    std::string path;
};

std::ostream& operator<<(std::ostream& out, const PathSample& sample) {
    return out << sample.raw;
}

const PathSample kPaths[] = {
    {"/", 0, "/"},
    {"/a/b.html", 0, "/a/b.html"},
    {"/a%20b", 0, "/a b"},
    {"/%41%7e", 0, "/A~"},
    {"/a//b///c/", 0, "/a/b/c/"},
    {"//evil.example/x", 0, "/evil.example/x"},
    {"/a/./b/.", 0, "/a/b/"},
    {"/a/b/../c", 0, "/a/c"},
    {"/a/b/..", 0, "/a/"},
    {"/a/..", 0, "/"},
    {"/a/...", 0, "/a/..."},
    {"/..", 400, ""},
    {"/a/../../b", 400, ""},
    {"/%2e%2e/etc/passwd", 400, ""},
    {"/a/.%2E/..", 400, ""},
    {"/a%2fb", 404, ""},
    {"/a%2F..%2F..%2Fetc", 404, ""},
    {"/a%00b", 400, ""},
    {"/a%", 400, ""},
    {"/a%4", 400, ""},
    {"/a%zz", 400, ""},
    {"/a+b", 0, "/a+b"},
    {"/a%25%32%46", 0, "/a%2F"},  // decoded once only
    {"/a\\..\\b", 0, "/a\\..\\b"},
    {"", 400, ""},
    {"*", 400, ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(target)

BOOST_DATA_TEST_CASE(decodes_and_normalises_paths_inside_the_site, bdata::make(kPaths), sample) {
    const http::DecodedPath decoded = http::decode_path(sample.raw);
    BOOST_TEST(decoded.status == sample.status);
    BOOST_TEST(decoded.path == sample.path);
}

BOOST_AUTO_TEST_CASE(a_location_can_be_decoded_again) {
    const std::string path = "/a b/%?#\"<>\r\n\xc3\xa4/c";
    const std::string encoded = http::encode_path(path);
    BOOST_TEST(encoded == "/a%20b/%25%3F%23%22%3C%3E%0D%0A%C3%A4/c");
    BOOST_TEST(http::decode_path(encoded).path == path);
}

BOOST_AUTO_TEST_CASE(hosts_are_names_addresses_and_ports) {
    for (const char* good :
         {"", "a", "a.example:80", "127.0.0.1", "[::1]", "[::1]:443", "xn--a", "a:"})
        BOOST_TEST_CONTEXT(good) BOOST_TEST(http::valid_host(good));
    for (const char* bad :
         {"a b", "a/b", "u@a", "[::1", "[]", "a:b", "a:123456", "a\"", "[::1]x", "a:1:2"})
        BOOST_TEST_CONTEXT(bad) BOOST_TEST(!http::valid_host(bad));
}

BOOST_AUTO_TEST_CASE(a_host_without_its_port) {
    BOOST_TEST(mpmd::http::without_port("a.example:8080") == "a.example");
    BOOST_TEST(mpmd::http::without_port("a.example") == "a.example");
    BOOST_TEST(mpmd::http::without_port("[::1]:80") == "[::1]");
    BOOST_TEST(mpmd::http::without_port("[::1]") == "[::1]");
    BOOST_TEST(mpmd::http::without_port("").empty());
}

BOOST_AUTO_TEST_SUITE_END()
