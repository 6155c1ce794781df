// What a file's entry answers (RFC 9110 13, 14), without a file.

#include <fcntl.h>

#include <boost/test/unit_test.hpp>

#include "daemon/handlers/error_page.h"
#include "daemon/handlers/file_entry.h"
#include "tests/unit/handlers/asked.h"

namespace handlers = mpmd::handlers;
namespace http = mpmd::http;
using mpmd::test::Asked;
using mpmd::test::has_line;
using mpmd::test::lines_of;
using mpmd::test::memory_of;

namespace {

const std::string kValidators = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"v1\"\r\n";

handlers::FileEntryPtr small_file() {
    auto entry = std::make_shared<handlers::FileEntry>();
    entry->status = 200;
    entry->lines = kValidators + "Accept-Ranges: bytes\r\nContent-Type: text/plain\r\n";
    entry->validators = kValidators.size();
    entry->etag = "\"v1\"";
    entry->last_modified = "Sun, 06 Nov 1994 08:49:37 GMT";
    entry->modified = 784111777;
    entry->bytes = "0123456789";
    entry->identity.size = 10;
    return entry;
}

http::Response answer(const handlers::FileEntryPtr& entry, const Asked& asked) {
    http::Response response;
    response.extra = "left from the last answer\r\n";
    handlers::respond(entry, asked.request, response);
    return response;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(respond)

BOOST_AUTO_TEST_CASE(a_file_is_answered_with_its_lines_and_bytes) {
    const http::Response response = answer(small_file(), Asked("/a"));
    BOOST_TEST(response.status == 200);
    BOOST_TEST(lines_of(response) ==
               kValidators + "Accept-Ranges: bytes\r\nContent-Type: text/plain\r\n");
    BOOST_TEST(memory_of(response) == "0123456789");  // the entry is gone, its bytes are not
    BOOST_TEST(!response.close);
}

BOOST_AUTO_TEST_CASE(head_has_the_length_and_no_body) {
    const http::Response response =
        answer(small_file(), Asked("/a", "Range: bytes=0-1\r\n", "HEAD"));
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.declared_length.value() == 10u);
    BOOST_TEST(response.body_length().value() == 0u);
}

BOOST_AUTO_TEST_CASE(not_modified_repeats_the_validators_only) {
    const http::Response response = answer(small_file(), Asked("/a", "If-None-Match: \"v1\"\r\n"));
    BOOST_TEST(response.status == 304);
    BOOST_TEST(lines_of(response) == kValidators);
    BOOST_TEST(response.body_length().value() == 0u);
}

BOOST_AUTO_TEST_CASE(a_failed_precondition_is_412) {
    const http::Response response = answer(small_file(), Asked("/a", "If-Match: \"v2\"\r\n"));
    BOOST_TEST(response.status == 412);
    BOOST_TEST(lines_of(response).find("ETag") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_range_is_a_part) {
    const http::Response response = answer(small_file(), Asked("/a", "Range: bytes=2-4\r\n"));
    BOOST_TEST(response.status == 206);
    BOOST_TEST(has_line(response, "Content-Range: bytes 2-4/10"));
    BOOST_TEST(has_line(response, "ETag: \"v1\""));
    BOOST_TEST(memory_of(response) == "234");
}

BOOST_AUTO_TEST_CASE(a_range_of_a_big_file_is_a_window_of_its_descriptor) {
    auto entry = std::make_shared<handlers::FileEntry>();
    entry->status = 200;
    entry->identity.size = 1000000;
    entry->file = mpmd::os::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const http::Response response = answer(entry, Asked("/a", "Range: bytes=-5\r\n"));
    const auto& file = std::get<http::FileBody>(response.body);
    BOOST_TEST(file.fd == entry->file.get());
    BOOST_TEST(file.offset == 999995u);
    BOOST_TEST(file.length == 5u);
}

BOOST_AUTO_TEST_CASE(a_range_behind_the_end_is_416_and_says_the_size) {
    const http::Response response = answer(small_file(), Asked("/a", "Range: bytes=10-\r\n"));
    BOOST_TEST(response.status == 416);
    BOOST_TEST(has_line(response, "Content-Range: bytes */10"));
    BOOST_TEST(!response.close);
}

BOOST_AUTO_TEST_CASE(a_range_of_something_else_is_the_whole) {
    const auto status = [](const std::string& fields) {
        return answer(small_file(), Asked("/a", fields)).status;
    };
    BOOST_TEST(status("Range: bytes=2-4\r\nIf-Range: \"v1\"\r\n") == 206);
    BOOST_TEST(status("Range: bytes=2-4\r\nIf-Range: \"v0\"\r\n") == 200);
    BOOST_TEST(status("Range: bytes=99-\r\nIf-Range: \"v0\"\r\n") == 200);
    BOOST_TEST(status("Range: bytes=2-4\r\nRange: bytes=2-4\r\n") == 200);
    BOOST_TEST(status("Range: bytes=2-4\r\nIf-None-Match: \"v1\"\r\n") == 304);
}

BOOST_AUTO_TEST_CASE(a_redirect_keeps_the_query) {
    auto entry = std::make_shared<handlers::FileEntry>();
    entry->status = 301;
    entry->location = "/dir/";
    BOOST_TEST(has_line(answer(entry, Asked("/dir")), "Location: /dir/"));
    BOOST_TEST(has_line(answer(entry, Asked("/dir?a=b")), "Location: /dir/?a=b"));
}

BOOST_AUTO_TEST_CASE(error_pages_say_their_number) {
    http::Response response;
    handlers::error_page(404, response);
    BOOST_TEST(memory_of(response).find("<h1>404 Not Found</h1>") != std::string::npos);
    BOOST_TEST(has_line(response, "Content-Type: text/html; charset=utf-8"));
    BOOST_TEST(!response.close);
    handlers::error_page(400, response);
    BOOST_TEST(response.close);
    handlers::error_page(404, Asked("/", "", "HEAD").request, response);
    BOOST_TEST(response.declared_length.value() > 0u);
    BOOST_TEST(response.body_length().value() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
