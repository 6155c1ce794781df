// A whole child against scripted clients: what a request gets.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include <signal.h>
#include <sys/epoll.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

namespace data = boost::unit_test::data;
using scoreboard::ConnectionState;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(serving)

BOOST_AUTO_TEST_CASE(a_file_is_found_by_a_worker_first_and_by_the_listener_then) {
    MiniParent parent;
    parent.config.effective.live.file_cache_check_ms = 600'000;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    for (int i = 0; i < 3; ++i) {
        const Answer answer = client.ask("/a.html");
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == "hello");
        BOOST_TEST(!answer.closes());
        BOOST_TEST(!answer.has("Keep-Alive"));
    }
    BOOST_TEST(client.ask("/missing").status == 404);
    BOOST_TEST(parent.status().requests_on_workers.load() == 2u);
    BOOST_TEST(parent.status().requests_on_listener.load() == 2u);
    BOOST_TEST(parent.status().status[2].load() == 3u);
    BOOST_TEST(parent.status().status[4].load() == 1u);
    BOOST_TEST(parent.status().accepted.load() == 1u);
}

BOOST_AUTO_TEST_CASE(with_listener_answers_off_every_request_is_a_workers) {
    MiniParent parent;
    parent.config.effective.live.listener_answers = 0;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(client.ask("/a.html").status == 200);
    // The last one is counted when all of it is sent.
    BOOST_TEST(eventually([&] { return parent.status().requests_on_workers.load() == 5u; }));
    BOOST_TEST(parent.status().requests_on_listener.load() == 0u);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order) {
    MiniParent parent;
    parent.config.effective.live.max_keep_alive_requests = 0;
    std::string all;
    for (int i = 0; i < 100; ++i) {
        parent.write_file("f" + std::to_string(i % 7), "content " + std::to_string(i % 7));
        all += get("/f" + std::to_string(i % 7));
        if (i % 10 == 3) all += get("/mpmd-test/bytes?5");
    }
    parent.start();
    Client client(parent.port());
    client.send(all);
    for (int i = 0; i < 100; ++i) {
        BOOST_REQUIRE(client.read_answer().body == "content " + std::to_string(i % 7));
        if (i % 10 == 3) BOOST_REQUIRE(client.read_answer().body.size() == 5u);
    }
    BOOST_TEST(eventually([&] { return parent.status().in_progress.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_request_may_come_byte_by_byte) {
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    for (const char byte : get("/a.html"))
        client.send({&byte, 1});
    BOOST_TEST(client.read_answer().body == "hello");
    const std::string second = get("/a.html");
    client.send(second.substr(0, 9));
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Reading) == 1; }));
    client.send(second.substr(9));
    BOOST_TEST(client.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(a_large_file_arrives_whole_and_in_ranges) {
    MiniParent parent;
    std::string content(3'000'000, '\0');
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>('a' + (i * 7919 + i / 251) % 26);
    parent.write_file("big", content);
    parent.start();
    Client client(parent.port());
    BOOST_TEST((client.ask("/big").body == content));
    const Answer part = client.ask("/big", "Range: bytes=1000000-1999999\r\n");
    BOOST_TEST(part.status == 206);
    BOOST_TEST((part.body == content.substr(1'000'000, 1'000'000)));
    const std::string pipelined = get("/big") + get("/big", "Connection: close\r\n");
    client.send(pipelined);
    BOOST_TEST((client.read_answer().body == content));
    BOOST_TEST((client.read_answer().body == content));
    BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(a_stream_is_chunked_for_1_1_and_ends_with_the_connection_for_1_0) {
    MiniParent parent;
    parent.start();
    Client modern(parent.port());
    const Answer chunked = modern.ask("/mpmd-test/stream?300000");
    BOOST_TEST(chunked.has("Transfer-Encoding: chunked"));
    BOOST_TEST(chunked.body.size() == 300000u);
    BOOST_TEST(modern.ask("/mpmd-test/bytes?3").body.size() == 3u);
    Client old(parent.port());
    old.send("GET /mpmd-test/stream?300000 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const Answer until_close = old.read_answer();
    BOOST_TEST(until_close.closes());
    BOOST_TEST(until_close.body.size() == 300000u);
}

BOOST_AUTO_TEST_CASE(a_body_that_nobody_reads_is_thrown_away) {
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    const std::string body(200'000, 'b');
    client.send("POST /a.html HTTP/1.1\r\nHost: t\r\nContent-Length: 200000\r\n\r\n" + body +
                "POST /a.html HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n0\r\n\r\n" +
                get("/a.html"));
    BOOST_TEST(client.read_answer().status == 405);
    BOOST_TEST(client.read_answer().status == 405);
    BOOST_TEST(client.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(a_body_in_pieces_is_thrown_away_by_the_listener) {
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    client.send("POST /a.html HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n12345");
    BOOST_TEST(client.read_answer().status == 405);
    BOOST_TEST(eventually([&] { return parent.status().idle_workers.load() == 4; }));
    client.send("67890" + get("/a.html"));
    BOOST_TEST(client.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(expect_continue_gets_the_final_answer_and_a_close) {
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.status == 405);
    BOOST_TEST(answer.closes());
    BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(a_wrong_request_is_answered_and_closed) {
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send("GET / HTTP/1.1\r\nbroken\r\n\r\n");
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.status == 400);
    BOOST_TEST(answer.closes());
    BOOST_TEST(client.reads_end());
    Client large(parent.port());
    large.send(get("/", "X: " + std::string(20000, 'x') + "\r\n"));
    BOOST_TEST(large.read_answer().status == 431);
}

BOOST_AUTO_TEST_CASE(a_413_lingers_so_that_its_answer_is_not_destroyed) {
    MiniParent parent;
    parent.config.effective.request.body = 1000;
    parent.start();
    Client client(parent.port());
    client.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 500000\r\n\r\n" +
                std::string(300'000, 'x'));
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.status == 413);
    BOOST_TEST(answer.closes());
    client.send(std::string(100'000, 'x'));
    BOOST_TEST(client.reads_end());  // an end, not a reset
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Closing) == 1; }));
    client.close();
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Closing) == 0; }));
}

BOOST_AUTO_TEST_CASE(who_asked_for_the_close_is_closed_at_once) {
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html", "Connection: close\r\n").closes());
    BOOST_TEST(client.reads_end());
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Closing) == 0; }));
}

BOOST_AUTO_TEST_CASE(keep_alive_is_announced_to_whom_asks_and_counted_exactly) {
    MiniParent parent;
    parent.config.effective.live.max_keep_alive_requests = 3;
    parent.config.effective.live.keep_alive_timeout_ms = 77'000;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html", "Connection: keep-alive\r\n")
                   .has("\r\nKeep-Alive: timeout=77, max=2\r\nConnection: Keep-Alive\r\n"));
    BOOST_TEST(!client.ask("/a.html").closes());
    BOOST_TEST(client.ask("/a.html").closes());
    BOOST_TEST(client.reads_end());
    Client old(parent.port());
    old.send("GET /a.html HTTP/1.0\r\n\r\n");
    BOOST_TEST(old.read_answer().closes());
}

struct Ending {
    const char* name;
    const char* request;
    bool closes;
};
std::ostream& operator<<(std::ostream& out, const Ending& e) {
    return out << e.name;
}
const Ending kEndings[] = {
    {"500 forces a close", "GET /mpmd-test/status?500 HTTP/1.1\r\nHost: t\r\n\r\n", true},
    {"501 too", "GET /mpmd-test/status?501 HTTP/1.1\r\nHost: t\r\n\r\n", true},
    {"503 too", "GET /mpmd-test/status?503 HTTP/1.1\r\nHost: t\r\n\r\n", true},
    {"404 does not", "GET /mpmd-test/status?404 HTTP/1.1\r\nHost: t\r\n\r\n", false},
    {"502 does not", "GET /mpmd-test/status?502 HTTP/1.1\r\nHost: t\r\n\r\n", false},
    {"who says close is closed",
     "GET /mpmd-test/bytes?3 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n", true},
    {"1.0 that asks is kept", "GET /mpmd-test/bytes?3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     false},
    {"1.0 that asks for what has no length is not",
     "GET /mpmd-test/stream?3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true},
    {"1.1 gets it chunked and is kept", "GET /mpmd-test/stream?3 HTTP/1.1\r\nHost: t\r\n\r\n",
     false},
};

BOOST_DATA_TEST_CASE(after_the_response_the_connection, data::make(kEndings), e) {  // E-21
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send(e.request);
    BOOST_TEST(client.read_answer().closes() == e.closes);
    if (e.closes)
        BOOST_TEST(client.reads_end());
    else
        BOOST_TEST(client.ask("/mpmd-test/bytes?1").status == 200);
}

BOOST_AUTO_TEST_CASE(keep_alive_timeout_zero_closes_after_the_first_answer) {
    MiniParent parent;
    parent.config.effective.live.keep_alive_timeout_ms = 0;
    parent.start();
    Client client(parent.port());
    BOOST_TEST(client.ask("/mpmd-test/status?200").closes());
}

BOOST_AUTO_TEST_CASE(a_client_that_has_finished_sending_is_still_answered) {
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    client.send(get("/a.html") + get("/mpmd-test/sleep?0.05") + get("/a.html"));
    client.shut_writing();
    BOOST_TEST(client.read_answer().body == "hello");
    BOOST_TEST(client.read_answer().status == 200);
    BOOST_TEST(client.read_answer().body == "hello");
    BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(the_access_log_has_a_line_for_each_answer) {
    MiniParent parent;
    parent.config.effective.custom_log = {{"access_log", "%h \"%r\" %>s %b"}, {"short", "%U %>s"}};
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html?x").status == 200);
    BOOST_TEST(client.ask("/none").status == 404);
    client.send("nonsense\r\n\r\n");
    BOOST_TEST(client.read_answer().status == 400);
    BOOST_TEST(eventually([&] {
        const std::string lines = parent.read_file("short") + parent.read_file("access_log");
        return std::count(lines.begin(), lines.end(), '\n') == 6;
    }));
    BOOST_TEST(
        parent.read_file("access_log").find("127.0.0.1 \"GET /a.html?x HTTP/1.1\" 200 5\n") == 0u);
    BOOST_TEST(parent.read_file("short").starts_with("/a.html 200\n/none 404\n"));
}

BOOST_AUTO_TEST_CASE(signals_to_a_child_are_not_for_it) {
    MiniParent parent;
    parent.start();
    for (const int signal : {SIGTERM, SIGHUP, SIGUSR1, SIGWINCH, SIGINT, SIGQUIT, SIGPIPE})
        ::kill(parent.pid(), signal);
    Client client(parent.port());
    BOOST_TEST(client.ask("/mpmd-test/status?200").status == 200);
    BOOST_TEST(parent.alive());
    ::kill(parent.pid(), SIGABRT);
    BOOST_TEST(parent.exit_status().value_or(0) == -SIGABRT);
}

// P-3: all children watch the same sockets, and a client wakes one of them.
BOOST_DATA_TEST_CASE(a_listening_socket_is_watched_exclusively,
                     boost::unit_test::data::make(kModels),
                     model) {
    MiniParent parent;
    parent.config.effective.limits.model = model;
    parent.start();
    BOOST_REQUIRE(eventually([&] { return parent.status().accepting.load() == 1; }));
    const std::string proc = "/proc/" + std::to_string(parent.pid()) + "/fdinfo";
    std::size_t exclusive = 0;
    const auto count = [&] {
        exclusive = 0;
        for (const auto& entry : std::filesystem::directory_iterator(proc)) {
            std::ifstream info(entry.path());
            std::string word;
            while (info >> word)
                if (word == "events:" && info >> word &&
                    (std::stoul(word, nullptr, 16) & EPOLLEXCLUSIVE) != 0)
                    ++exclusive;
        }
        return exclusive;
    };
    BOOST_TEST(eventually([&] { return count() == 1u; }));
    parent.order(ipc::Order::Pause);
    BOOST_TEST(parent.reported(ipc::Report::StoppedAccepting));
    BOOST_TEST(count() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
