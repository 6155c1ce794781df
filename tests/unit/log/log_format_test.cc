#include "daemon/log/log_format.h"

#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpmd::log {
namespace {

std::string_view request_field(const void*, std::string_view name) {
    if (name == "User-Agent") return "curl/7.88.1 \"x\"\n";
    if (name == "Referer") return "http://example.org/";
    return {};
}
std::string_view response_field(const void*, std::string_view name) {
    return name == "ETag" ? "W/\"1\"" : std::string_view();
}

Record sample_record() {
    Record record;
    record.client = "198.51.100.7";
    record.local = "192.0.2.1";
    record.client_port = 51122;
    record.local_port = 80;
    record.start_seconds = 1772632951;
    record.utc_offset_seconds = 3600;
    record.time = "[04/Mar/2026:15:02:31 +0100]";
    record.method = "GET";
    record.target = "/a?b=c";
    record.path = "/a";
    record.query = "b=c";
    record.server_name = "www.example.org";
    record.host = "example.org:80";
    record.version = 11;
    record.status = 200;
    record.body_bytes = 1024;
    record.bytes_in = 100;
    record.bytes_out = 1250;
    record.duration_us = 2'345'678;
    record.keep_alive_requests = 3;
    record.persistent = true;
    record.pid = 12;
    record.tid = 34;
    record.request_fields.find = request_field;
    record.response_fields.find = response_field;
    return record;
}

std::string line_of(std::string_view format, const Record& record) {
    const auto parsed = LogFormat::parse(format);
    if (!parsed) return "refused: " + parsed.error().message;
    std::string line;
    parsed->append_record(record, line);
    return line;
}

struct Vector {
    const char* format;
    const char* line;
};
std::ostream& operator<<(std::ostream& out, const Vector& vector) {
    return out << vector.format;
}

const Vector kVectors[] = {
    {"common", "198.51.100.7 - - [04/Mar/2026:15:02:31 +0100] \"GET /a?b=c HTTP/1.1\" 200 1024\n"},
    {"combined",
     "198.51.100.7 - - [04/Mar/2026:15:02:31 +0100] \"GET /a?b=c HTTP/1.1\" 200 1024 "
     "\"http://example.org/\" \"curl/7.88.1 \\\"x\\\"\\x0a\"\n"},
    {"%m %U%q %H %s %>s %<s", "GET /a?b=c HTTP/1.1 200 200 200\n"},
    {"%a %{c}a %A %p %{remote}p", "198.51.100.7 198.51.100.7 192.0.2.1 80 51122\n"},
    {"%p %{canonical}p %{local}p", "80 80 80\n"},
    {"%B %b %I %O %S", "1024 1024 100 1250 1350\n"},
    {"%D %T %{ms}T %{us}T", "2345678 2 2345 2345678\n"},
    {"%v %V %k %X %P %{tid}P", "www.example.org example.org:80 3 + 12 34\n"},
    {"%{ETag}o %{Missing}i", "W/\\\"1\\\" -\n"},
    {"%{%Y-%m-%d %T %z}t %{sec}t", "2026-03-04 15:02:31 +0100 1772632951\n"},
    {"100%% \\\"quoted\\\"\\t", "100% \"quoted\"\t\n"},
    {"%404{Referer}i %!404{Referer}i %200,304m", "- http://example.org/ GET\n"},
};

BOOST_AUTO_TEST_SUITE(log_format)

BOOST_DATA_TEST_CASE(writes_what_httpd_writes, boost::unit_test::data::make(kVectors), vector) {
    BOOST_TEST(line_of(vector.format, sample_record()) == vector.line);
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_a_dash_in_clf_and_zero_elsewhere) {
    Record record = sample_record();
    record.body_bytes = 0;
    BOOST_TEST(line_of("%b %B", record) == "- 0\n");
}

BOOST_AUTO_TEST_CASE(a_request_line_that_was_never_understood_is_a_dash) {
    Record record = sample_record();
    record.method = record.target = {};
    record.version = 0;
    record.status = 408;
    BOOST_TEST(line_of("\"%r\" %>s", record) == "\"-\" 408\n");
}

BOOST_AUTO_TEST_CASE(no_client_can_forge_a_line) {
    Record record = sample_record();
    record.target = "/\" 200 5\n1.2.3.4 - - [";
    BOOST_TEST(line_of("\"%r\"", record) == "\"GET /\\\" 200 5\\x0a1.2.3.4 - - [ HTTP/1.1\"\n");
}

BOOST_AUTO_TEST_CASE(an_aborted_answer_shows_x_and_a_closed_connection_a_minus) {
    Record record = sample_record();
    record.persistent = false;
    BOOST_TEST(line_of("%X", record) == "-\n");
    record.aborted = true;
    BOOST_TEST(line_of("%X", record) == "X\n");
}

const char* const kRefused[] = {"%", "%{User-Agent", "%z", "%{ms}D", "%{%Q}t", "%99999s"};
BOOST_DATA_TEST_CASE(refuses_what_it_cannot_do_and_says_where,
                     boost::unit_test::data::make(kRefused),
                     format) {
    const auto parsed = LogFormat::parse(format);
    BOOST_TEST(!parsed.has_value());
    if (!parsed) BOOST_TEST(parsed.error().message.find("character") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(time_has_the_zone_of_the_place) {
    BOOST_TEST(format_time(0, -(3 * 3600 + 30 * 60)) == "[31/Dec/1969:20:30:00 -0330]");
    BOOST_TEST(format_time(951782400, 0) == "[29/Feb/2000:00:00:00 +0000]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::log
