#include "daemon/http/response_writer.h"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace http = mpmd::http;

namespace {

class Pull final : public http::BodySource {
public:
    explicit Pull(std::optional<std::uint64_t> length) : length_(length) {}
    [[nodiscard]] std::size_t read(std::span<char>) override { return 0; }
    [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }

private:
    std::optional<std::uint64_t> length_;
};

http::HeadContext context(std::uint8_t version = 11) {
    http::HeadContext context;
    context.version = version;
    context.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    context.server = "mpmd";
    return context;
}

std::string rendered(const http::Response& response, const http::HeadContext& how) {
    std::vector<char> buffer(http::head_bound(response, how));
    const std::size_t size = http::render_head(response, how, buffer);
    BOOST_TEST(size > 0u);
    return {buffer.data(), size};
}

constexpr std::string_view kStart =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: mpmd\r\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(response_writer)

BOOST_AUTO_TEST_CASE(a_persistent_http_1_1_connection_needs_no_words) {
    http::Response response;
    response.headers = "Content-Type: text/html\r\n";
    response.extra = "X: y\r\n";
    response.body = http::MemoryBody{"hello"};
    BOOST_TEST(rendered(response, context()) ==
               std::string(kStart) +
                   "Content-Type: text/html\r\nX: y\r\nContent-Length: 5\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(keep_alive_is_announced_to_who_asked_for_it) {  // E-21
    http::Response response;
    http::HeadContext how = context();
    how.persistence = {true, true, 5, 99};
    BOOST_TEST(
        rendered(response, how) ==
        std::string(kStart) +
            "Content-Length: 0\r\nKeep-Alive: timeout=5, max=99\r\nConnection: Keep-Alive\r\n\r\n");
    how.persistence.left.reset();
    BOOST_TEST(rendered(response, how).find("Keep-Alive: timeout=5\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_close_is_always_said) {
    http::HeadContext how = context();
    how.persistence = {false, true, 5, 99};
    BOOST_TEST(rendered(http::Response{}, how) ==
               std::string(kStart) + "Content-Length: 0\r\nConnection: close\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(unmeasured_bodies_are_chunked_or_end_with_the_connection) {
    http::Response response;
    response.body = std::make_unique<Pull>(std::nullopt);
    BOOST_TEST(rendered(response, context(11)) ==
               std::string(kStart) + "Transfer-Encoding: chunked\r\n\r\n");
    BOOST_TEST(response.chunked(11));
    BOOST_TEST(response.delimited(11));
    BOOST_TEST(!response.chunked(10));
    BOOST_TEST(!response.delimited(10));
    BOOST_TEST(rendered(response, context(10)) == std::string(kStart) + "\r\n");
    response.body = std::make_unique<Pull>(7);
    BOOST_TEST(rendered(response, context()) == std::string(kStart) + "Content-Length: 7\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_head_answer_declares_the_length_it_does_not_send) {
    http::Response response;
    response.body = http::MemoryBody{"hello"};
    response.drop_body();
    BOOST_TEST(response.body_length().value() == 0u);
    BOOST_TEST(rendered(response, context()) == std::string(kStart) + "Content-Length: 5\r\n\r\n");
    response.reset();
    response.body = std::make_unique<Pull>(std::nullopt);
    response.drop_body();
    BOOST_TEST(rendered(response, context()) == std::string(kStart) + "\r\n");
}

BOOST_AUTO_TEST_CASE(no_length_where_there_can_be_no_body) {
    for (const std::uint16_t status : {std::uint16_t{204}, std::uint16_t{304}}) {
        http::Response response;
        response.status = status;
        BOOST_TEST(rendered(response, context()).find("Content-Length") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(every_number_has_a_status_line) {
    http::Response response;
    response.status = 404;
    BOOST_TEST(rendered(response, context()).starts_with("HTTP/1.1 404 Not Found\r\n"));
    response.status = 299;
    BOOST_TEST(rendered(response, context()).starts_with("HTTP/1.1 299 Unknown\r\n"));
    BOOST_TEST(http::reason_phrase(505) == "HTTP Version Not Supported");
    BOOST_TEST(http::reason_phrase(599) == "Unknown");
}

BOOST_AUTO_TEST_CASE(writes_nothing_into_too_little_room) {
    http::Response response;
    response.extra = std::string(1000, 'x');
    std::vector<char> buffer(1000);
    BOOST_TEST(http::render_head(response, context(), buffer) == 0u);
}

BOOST_AUTO_TEST_CASE(chunks_begin_with_their_size) {
    char buffer[http::kChunkHeadRoom];
    const std::size_t size = http::render_chunk_head(500, buffer);
    BOOST_TEST(std::string(buffer, size) == "1f4\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
