// The pure parts of CGI: the head that a script says, its environment, the lines it complains in.

#include <algorithm>
#include <map>
#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/handlers/cgi_environment.h"
#include "daemon/handlers/cgi_head.h"
#include "daemon/handlers/error_lines.h"
#include "tests/unit/handlers/asked.h"

namespace handlers = mpmd::handlers;
namespace bdata = boost::unit_test::data;
using handlers::CgiHead;
using mpmd::test::Asked;

namespace {

struct Head {
    std::string bytes;
    int status = 0;  // 0: bad
    std::string lines;
    std::string redirect;
};

std::ostream& operator<<(std::ostream& out, const Head& head) {
    std::string text = head.bytes.substr(0, 60);
    std::replace(text.begin(), text.end(), '\r', '<');
    std::replace(text.begin(), text.end(), '\n', '|');
    return out << text;
}

const std::vector<Head> kHeads = {
    {"Content-Type: text/plain\n\nbody", 200, "Content-Type: text/plain\r\n", ""},
    {"Content-Type: text/plain\r\n\r\nbody", 200, "Content-Type: text/plain\r\n", ""},
    {"content-type:text/plain\r\nX-A:  b \n\n", 200, "content-type: text/plain\r\nX-A: b\r\n", ""},
    {"Status: 404 Not Found\nContent-Type: a/b\n\n", 404, "Content-Type: a/b\r\n", ""},
    {"Status: 204\n\n", 204, "", ""},
    {"Location: http://other/\n\n", 302, "Location: http://other/\r\n", ""},
    {"Location: //other/\n\n", 302, "Location: //other/\r\n", ""},
    {"Status: 301\nLocation: /a\n\n", 301, "Location: /a\r\n", ""},
    {"Location: /a?b=c\n\n", 302, "", "/a?b=c"},
    // the server's own
    {"Content-Type: a/b\nConnection: close\nTransfer-Encoding: chunked\nDate: x\nServer: y\n\n",
     200, "Content-Type: a/b\r\n", ""},
    {"Content-Type: a/b\nSet-Cookie: a\nSet-Cookie: b\n\n", 200,
     "Content-Type: a/b\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n", ""},
    // wrong
    {"\nbody", 0, "", ""},
    {"X-A: b\n\n", 0, "", ""},
    {"HTTP/1.1 200 OK\nContent-Type: a/b\n\n", 0, "", ""},  // nph is not supported
    {"Hello, world\n\n", 0, "", ""},
    {"Content-Type : a/b\n\n", 0, "", ""},
    {" Content-Type: a/b\n\n", 0, "", ""},
    {"Content-Type: a\rb\n\n", 0, "", ""},
    {"Status: 100\n\n", 0, "", ""},
    {"Status: 600\n\n", 0, "", ""},
    {"Status: 20\n\n", 0, "", ""},
    {"Status: 2000\n\n", 0, "", ""},
    {"Status: OK\n\n", 0, "", ""},
    {"Location: /a\nLocation: /b\n\n", 0, "", ""},
    {"Location:\n\n", 0, "", ""},
    {"Content-Type: a/b\nContent-Length: 5x\n\n", 0, "", ""},
    {"Content-Type: a/b\nContent-Length: 5\nContent-Length: 6\n\n", 0, "", ""},
};

std::map<std::string, std::string> environment_of(const Asked& asked,
                                                  const handlers::CgiFacts& facts) {
    std::map<std::string, std::string> map;
    for (const std::string& entry : handlers::cgi_environment(asked.request, facts)) {
        const std::size_t at = entry.find('=');
        BOOST_TEST(map.emplace(entry.substr(0, at), entry.substr(at + 1)).second, entry);
    }
    return map;
}

handlers::CgiFacts facts() {
    handlers::CgiFacts facts;
    facts.script_name = "/cgi-bin/a.cgi";
    facts.script_filename = "/srv/cgi/a.cgi";
    facts.path_info = "/x/y";
    facts.document_root = "/srv/www";
    facts.server_address = "192.0.2.1";
    facts.server_port = 8080;
    facts.client_address = "198.51.100.7";
    facts.client_port = 4711;
    return facts;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cgi_head)

BOOST_DATA_TEST_CASE(is_read_as_rfc_3875_says, bdata::make(kHeads), sample) {
    const CgiHead head = handlers::parse_cgi_head(sample.bytes, true);
    if (sample.status == 0) {
        BOOST_TEST((head.result == CgiHead::Result::Bad));
        BOOST_TEST(!head.reason.empty());
        return;
    }
    BOOST_REQUIRE((head.result == CgiHead::Result::Complete));
    BOOST_TEST(head.status == sample.status);
    BOOST_TEST(head.lines == sample.lines);
    BOOST_TEST(head.local_redirect == sample.redirect);
}

BOOST_AUTO_TEST_CASE(in_any_pieces_is_the_same_head) {
    const std::string bytes = "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody";
    for (std::size_t size = 0; size < bytes.size() - 4; ++size)
        BOOST_TEST((handlers::parse_cgi_head(bytes.substr(0, size), false).result ==
                    CgiHead::Result::NeedMore));
    const CgiHead head = handlers::parse_cgi_head(bytes, false);
    BOOST_REQUIRE((head.result == CgiHead::Result::Complete));
    BOOST_TEST(bytes.substr(head.used) == "body");
    BOOST_TEST(head.content_length.value() == 4u);
}

BOOST_AUTO_TEST_CASE(that_never_ends_is_refused) {
    const std::string endless = "X: " + std::string(2 * handlers::kMaxCgiHead, 'x');
    BOOST_TEST((handlers::parse_cgi_head(endless, false).result == CgiHead::Result::Bad));
    BOOST_TEST((handlers::parse_cgi_head("Content-Type: a", true).result == CgiHead::Result::Bad));
    BOOST_TEST((handlers::parse_cgi_head("", true).result == CgiHead::Result::Bad));
    BOOST_TEST((handlers::parse_cgi_head("", false).result == CgiHead::Result::NeedMore));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cgi_environment)

BOOST_AUTO_TEST_CASE(has_what_rfc_3875_asks_for) {
    Asked asked("/cgi-bin/a.cgi/x/y?q=1&r",
                "Content-Type: a/b\r\nContent-Length: 7\r\nUser-Agent: me\r\n", "POST");
    handlers::CgiFacts known = facts();
    known.content_length = 7;
    const auto map = environment_of(asked, known);
    BOOST_TEST(map.at("GATEWAY_INTERFACE") == "CGI/1.1");
    BOOST_TEST(map.at("REQUEST_METHOD") == "POST");
    BOOST_TEST(map.at("REQUEST_URI") == "/cgi-bin/a.cgi/x/y?q=1&r");
    BOOST_TEST(map.at("QUERY_STRING") == "q=1&r");
    BOOST_TEST(map.at("SCRIPT_NAME") == "/cgi-bin/a.cgi");
    BOOST_TEST(map.at("SCRIPT_FILENAME") == "/srv/cgi/a.cgi");
    BOOST_TEST(map.at("PATH_INFO") == "/x/y");
    BOOST_TEST(map.at("PATH_TRANSLATED") == "/srv/www/x/y");
    BOOST_TEST(map.at("SERVER_NAME") == "a");
    BOOST_TEST(map.at("SERVER_ADDR") == "192.0.2.1");
    BOOST_TEST(map.at("SERVER_PORT") == "8080");
    BOOST_TEST(map.at("SERVER_PROTOCOL") == "HTTP/1.1");
    BOOST_TEST(map.at("SERVER_SOFTWARE").starts_with("mpmd/"));
    BOOST_TEST(map.at("REMOTE_ADDR") == "198.51.100.7");
    BOOST_TEST(map.at("REMOTE_PORT") == "4711");
    BOOST_TEST(map.at("CONTENT_LENGTH") == "7");
    BOOST_TEST(map.at("CONTENT_TYPE") == "a/b");
    BOOST_TEST(map.at("HTTP_USER_AGENT") == "me");
    BOOST_TEST(map.at("HTTP_HOST") == "a");
    BOOST_TEST(map.at("PATH") == "/usr/local/bin:/usr/bin:/bin");
    BOOST_TEST(map.count("HTTP_CONTENT_TYPE") == 0u);
    BOOST_TEST(map.count("HTTP_CONTENT_LENGTH") == 0u);
}

BOOST_AUTO_TEST_CASE(leaves_out_what_a_script_must_not_be_told) {  // httpoxy among them
    const Asked asked("/",
                      "Proxy: http://evil/\r\nAuthorization: Basic eHg=\r\n"
                      "Proxy-Authorization: x\r\nX_Real: spoof\r\nX-Real: true\r\nTE: y\r\n");
    const auto map = environment_of(asked, facts());
    BOOST_TEST(map.count("HTTP_PROXY") == 0u);
    BOOST_TEST(map.count("HTTP_AUTHORIZATION") == 0u);
    BOOST_TEST(map.count("HTTP_PROXY_AUTHORIZATION") == 0u);
    BOOST_TEST(map.count("HTTP_TE") == 0u);
    BOOST_TEST(map.at("HTTP_X_REAL") == "true");
}

BOOST_AUTO_TEST_CASE(joins_a_field_that_came_twice) {
    const Asked asked("/", "X-A: 1\r\nCookie: a=1\r\nx-a: 2\r\nCookie: b=2\r\n");
    const auto map = environment_of(asked, facts());
    BOOST_TEST(map.at("HTTP_X_A") == "1, 2");
    BOOST_TEST(map.at("HTTP_COOKIE") == "a=1; b=2");
}

BOOST_AUTO_TEST_CASE(has_no_value_where_the_request_has_none) {
    handlers::CgiFacts known = facts();
    known.path_info = "";
    known.server_name = "www.example.org:80";
    const auto map = environment_of(Asked("/cgi-bin/a.cgi"), known);
    BOOST_TEST(map.at("QUERY_STRING").empty());
    BOOST_TEST(map.at("SERVER_NAME") == "www.example.org");
    for (const char* absent : {"PATH_INFO", "PATH_TRANSLATED", "CONTENT_LENGTH", "CONTENT_TYPE",
                               "TZ", "REDIRECT_STATUS", "HTTP_PROXY", "REMOTE_USER", "HOME"})
        BOOST_TEST(map.count(absent) == 0u, absent);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(error_lines)

namespace {

struct Logged {
    std::vector<std::string> lines;
    handlers::ErrorLines splitter;
    void add(const std::string& bytes) {
        splitter.add(bytes, [this](std::string_view line) { lines.emplace_back(line); });
    }
    void end() {
        splitter.end([this](std::string_view line) { lines.emplace_back(line); });
    }
};

}  // namespace

BOOST_AUTO_TEST_CASE(come_one_by_one_however_they_are_cut) {
    Logged logged;
    for (const char* piece : {"fir", "st\nsec", "ond\r\n\n", "third"})
        logged.add(piece);
    BOOST_TEST(logged.lines == (std::vector<std::string>{"first", "second"}),
               boost::test_tools::per_element());
    logged.end();
    BOOST_TEST(logged.lines.back() == "third");
}

BOOST_AUTO_TEST_CASE(that_are_too_long_are_cut_and_counted) {
    Logged logged;
    logged.add(std::string(3000, 'x'));
    logged.add(std::string(10, 'y') + "\nnext\n");
    logged.end();
    BOOST_REQUIRE(logged.lines.size() == 3u);
    BOOST_TEST(logged.lines[0] == std::string(handlers::ErrorLines::kLongest, 'x') + " ...");
    BOOST_TEST(logged.lines[1] == "next");
    BOOST_TEST(logged.lines[2].starts_with("(1986 more bytes"));
}

BOOST_AUTO_TEST_CASE(have_a_bound_for_each_script) {
    Logged logged;
    for (int i = 0; i < 100'000; ++i)
        logged.add("0123456789\n");
    logged.end();
    BOOST_TEST(logged.lines.size() <= handlers::ErrorLines::kMost / 10 + 2);
    BOOST_TEST(logged.lines.back().find("more bytes") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
