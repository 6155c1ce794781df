// Request bodies that a handler wants: who reads them, where they wait, what becomes of those that
// are too large.

#include <csignal>
#include <deque>

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "daemon/child/body_memory.h"
#include "daemon/child/request_body.h"
#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

using child::BodyMemory;
using child::RequestBody;
using scoreboard::ConnectionState;
using Clock = std::chrono::steady_clock;

std::string post(std::size_t length, const std::string& lines = "") {
    return "POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(length) +
           "\r\n" + lines + "\r\n";
}

std::string text_of(std::size_t size) {
    std::string text;
    while (text.size() < size)
        text += std::to_string(text.size()) + ' ';
    text.resize(size);
    return text;
}

std::string content_of(const RequestBody& body) {
    const http::BodyView view = body.view();
    if (view.file < 0) return std::string(view.bytes);
    std::string text(view.size, '\0');
    BOOST_TEST(::pread(view.file, text.data(), text.size(), 0) ==
               static_cast<ssize_t>(text.size()));
    return text;
}

BOOST_AUTO_TEST_SUITE(body)

BOOST_AUTO_TEST_CASE(a_body_that_came_with_its_head_is_whole_at_once) {
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send(post(5) + "hello" + post(3) + "two" + get("/mpmd-test/bytes?1"));
    BOOST_TEST(client.read_answer().body == "hello");
    BOOST_TEST(client.read_answer().body == "two");
    BOOST_TEST(client.read_answer().body.size() == 1u);
    BOOST_TEST(eventually([&] { return parent.status().in_progress.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_body_in_chunks_is_put_together_and_the_next_request_follows) {
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send(
        "POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 1; }));
    client.send("llo\r");
    client.send("\n6;x=y\r\n world\r\n0\r\nTrailer: x\r\n\r\n" + get("/mpmd-test/bytes?7"));
    BOOST_TEST(client.read_answer().body == "hello world");
    BOOST_TEST(client.read_answer().body.size() == 7u);
}

BOOST_AUTO_TEST_CASE(many_pipelined_bodies_are_answered_in_order) {
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    std::string all;
    for (int i = 0; i < 300; ++i)
        all += post(3) + std::to_string(100 + i);
    client.send(all);
    for (int i = 0; i < 100; ++i)  // MaxKeepAliveRequests ends it there
        BOOST_REQUIRE(client.read_answer().body == std::to_string(100 + i));
}

BOOST_AUTO_TEST_CASE(a_slow_body_waits_in_wait_io_and_holds_no_worker) {  // 4.1, 4.9
    MiniParent parent;
    parent.start();
    std::deque<Client> slow;
    for (int i = 0; i < 6; ++i) {  // more than there are workers
        slow.emplace_back(parent.port());
        slow.back().send(post(10) + "12345");
    }
    BOOST_TEST(eventually([&] {
        return parent.connections(ConnectionState::WaitIo) == 6 &&
               parent.status().idle_workers.load() == 4;
    }));
    BOOST_TEST(parent.status().in_progress.load() == 6);
    const scoreboard::ConnectionRow row = parent.row(0);
    BOOST_TEST((row.state == ConnectionState::WaitIo));
    BOOST_TEST(row.thread == -1);
    BOOST_TEST(std::string_view(row.target.data()) == "/mpmd-test/echo");
    Client quick(parent.port());
    BOOST_TEST(quick.ask("/mpmd-test/bytes?1").status == 200);
    for (Client& client : slow)
        client.send("67890");
    for (Client& client : slow)
        BOOST_TEST(client.read_answer().body == "1234567890");
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 0; }));
    BOOST_TEST(eventually([&] {  // 7, not one for every piece
        std::uint64_t requests = 0;
        for (std::uint32_t thread = 0; thread < 4; ++thread) {
            scoreboard::WorkerRow worker{};
            if (parent.extent().worker(thread).read(worker)) requests += worker.requests;
        }
        return requests == 7;
    }));
}

BOOST_AUTO_TEST_CASE(a_body_that_never_comes_is_told_408) {  // E-22
    MiniParent parent;
    parent.config.effective.live.timeout_ms = 300;
    parent.held = true;  // let in when its head is there, for which it has no more time
    parent.start();
    Client client(parent.port());
    client.send(post(10) + "12345");
    const auto start = Clock::now();
    parent.order(ipc::Order::Release);
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.closes());
    BOOST_TEST((Clock::now() - start >= std::chrono::milliseconds(300)));
    BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(every_piece_gives_a_body_its_timeout_again) {
    constexpr std::chrono::milliseconds kTimeout{1500};
    MiniParent parent;
    parent.config.effective.live.timeout_ms = kTimeout.count();
    parent.start();
    // A piece that this machine let us send too late says nothing: then once more.
    for (bool in_time = false; !in_time;) {
        const auto start = Clock::now();
        auto last = start;
        in_time = true;
        Client client(parent.port());
        const auto send = [&](const std::string& bytes) {
            const auto before = Clock::now();
            client.send(bytes);
            in_time = in_time && Clock::now() - last < kTimeout;
            last = before;
        };
        send(post(4));
        for (const char* piece : {"a", "b", "c", "d"}) {
            const bool heard = client.hears_within(std::chrono::milliseconds(500));
            send(piece);
            if (in_time) BOOST_TEST(!heard);
        }
        if (!in_time) continue;
        BOOST_TEST(client.read_answer().body == "abcd");
        BOOST_TEST((Clock::now() - start >= kTimeout + std::chrono::milliseconds(400)));
    }
}

BOOST_AUTO_TEST_CASE(a_body_that_trickles_is_told_408_when_its_time_is_over) {  // U-12
    MiniParent parent;
    parent.config.effective.live.timeout_ms = 600'000;
    parent.config.effective.live.request_body_timeout_ms = 300;
    parent.config.effective.live.request_body_min_rate = 10;
    parent.start();
    Client client(parent.port());
    const auto start = Clock::now();
    client.send(post(100'000) + "12345");  // half a second more
    while (!client.hears_within(std::chrono::milliseconds(250)) &&
           Clock::now() - start < std::chrono::seconds(20))
        client.send("x");  // a tenth of a second more, each quarter
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.closes());
    BOOST_TEST((Clock::now() - start >= std::chrono::milliseconds(790)));
}

BOOST_AUTO_TEST_CASE(expect_continue_is_told_to_go_on_when_the_body_is_wanted) {  // RFC 9110 10.1.1
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send(post(5, "Expect: 100-continue\r\n"));
    BOOST_TEST(client.read_answer().status == 100);
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 1; }));
    client.send("hello");
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.body == "hello");
    BOOST_TEST(!answer.closes());
    BOOST_TEST(client.ask("/mpmd-test/bytes?2").body.size() == 2u);
}

BOOST_AUTO_TEST_CASE(who_sends_its_body_at_once_is_not_told_to) {
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send(post(5, "Expect: 100-continue\r\n") + "hello");
    BOOST_TEST(client.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(limit_request_body_holds_for_both_framings) {
    MiniParent parent;
    parent.config.effective.request.body = 1000;
    parent.start();
    Client announced(parent.port());
    announced.send(post(1001, "Expect: 100-continue\r\n"));
    BOOST_TEST(announced.read_answer().status == 413);
    Client chunked(parent.port());
    chunked.send(
        "POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "300\r\n" +
        std::string(0x300, 'x') + "\r\n300\r\n");
    const Answer answer = chunked.read_answer();
    BOOST_TEST(answer.status == 413);
    BOOST_TEST(answer.closes());
    BOOST_TEST(chunked.reads_end());
}

BOOST_AUTO_TEST_CASE(a_request_in_a_body_is_body_wherever_the_stream_is_cut) {
    MiniParent parent;
    parent.config.effective.live.max_keep_alive_requests = 0;
    parent.start();
    const std::string smuggled = "GET /admin HTTP/1.1\r\nHost: t\r\n\r\n";
    const std::string stream =
        post(smuggled.size()) + smuggled +
        "POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
        "20;a=b\r\n" +
        smuggled + "\r\n0\r\nX: y\r\n\r\n" + get("/mpmd-test/bytes?3");
    BOOST_REQUIRE(smuggled.size() == 0x20u);
    Client client(parent.port());
    for (std::size_t cut = 0; cut < stream.size(); ++cut) {
        client.send(stream.substr(0, cut));
        // One who reads in between: the first part has been dealt with.
        if (cut % 16 == 0) BOOST_REQUIRE(Client(parent.port()).ask("/none").status == 404);
        client.send(stream.substr(cut));
        BOOST_REQUIRE(client.read_answer().body == smuggled);
        BOOST_REQUIRE(client.read_answer().body == smuggled);
        BOOST_REQUIRE(client.read_answer().body.size() == 3u);
    }
}

BOOST_AUTO_TEST_CASE(a_large_body_goes_through_a_file_and_nothing_is_lost) {
    MiniParent parent;
    parent.start();
    const std::string text = text_of(BodyMemory::kBlock + 300'000);
    Client measured(parent.port());
    measured.send(post(text.size()) + text);
    BOOST_TEST((measured.read_answer().body == text));
    Client chunked(parent.port());  // begins in memory
    chunked.send("POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n");
    std::string chunks;
    for (std::size_t at = 0; at < text.size(); at += 0x10000) {
        const std::string piece = text.substr(at, 0x10000);
        char head[32];
        std::snprintf(head, sizeof head, "%zx\r\n", piece.size());
        chunks += head + piece + "\r\n";
    }
    chunked.send(chunks + "0\r\n\r\n");
    BOOST_TEST((chunked.read_answer().body == text));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_told_507_and_logged_once) {
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    MiniParent parent;
    const rlimit small{1'000'000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    parent.start();
    ::setrlimit(RLIMIT_FSIZE, &before);
    for (int i = 0; i < 3; ++i) {
        Client client(parent.port());
        client.send(post(BodyMemory::kBlock + 1) + std::string(2'000'000, 'x'));
        const Answer answer = client.read_answer();
        BOOST_TEST(answer.status == 507);
        BOOST_TEST(answer.closes());
    }
    BOOST_TEST(eventually([&] {
        return parent.read_file("error_log").find("cannot keep a request body") !=
               std::string::npos;
    }));
    const std::string log = parent.read_file("error_log");
    BOOST_TEST(log.find("cannot keep", log.find("cannot keep") + 1) == std::string::npos);
    Client client(parent.port());
    client.send(post(5) + "hello");
    BOOST_TEST(client.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_away_in_its_body_is_logged_as_aborted) {
    MiniParent parent;
    parent.config.effective.custom_log = {{"access_log", "%m %U %X %I"}};
    parent.start();
    Client client(parent.port());
    const std::string head = post(10);
    client.send(head + "12345");
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 1; }));
    client.close();
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 0; }));
    BOOST_TEST(eventually([&] {
        return parent.read_file("access_log") ==
               "POST /mpmd-test/echo X " + std::to_string(head.size() + 5) + "\n";
    }));
    BOOST_TEST(eventually([&] { return parent.status().in_progress.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_draining_child_waits_for_a_body_and_answers) {  // E-16
    MiniParent parent;
    parent.start();
    Client client(parent.port());
    client.send(post(10) + "12345");
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 1; }));
    parent.drain(60'000, 0);
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    client.send("67890");
    const Answer answer = client.read_answer();
    BOOST_TEST(answer.body == "1234567890");
    BOOST_TEST(answer.closes());
    client.close();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(body_memory)

BOOST_AUTO_TEST_CASE(a_body_moves_into_a_file_when_it_outgrows_a_block) {
    BodyMemory memory;
    memory.limit(0, 0);
    RequestBody body(memory, 0);
    const std::string text = text_of(3'000'000);
    for (int i = 0; i < 2; ++i)
        BOOST_REQUIRE(body.append(text).has_value());
    BOOST_TEST(body.view().file == -1);
    BOOST_TEST(memory.cost() >= 6'000'000u);
    BOOST_REQUIRE(body.append(text).has_value());
    BOOST_TEST(body.view().file >= 0);
    BOOST_TEST((content_of(body) == text + text + text));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_announced_as_large_never_touches_memory) {
    BodyMemory memory;
    RequestBody body(memory, BodyMemory::kBlock + 1);
    BOOST_REQUIRE(body.append("hello").has_value());
    BOOST_TEST(memory.cost() == 0u);
    BOOST_TEST(content_of(body) == "hello");
}

BOOST_AUTO_TEST_CASE(all_bodies_together_have_a_bound_and_the_rest_goes_to_files) {
    BodyMemory memory;
    std::deque<RequestBody> bodies;
    const std::string text(BodyMemory::kBlock, 'x');
    for (std::size_t i = 0; i <= BodyMemory::kTotal / BodyMemory::kBlock; ++i) {
        bodies.emplace_back(memory, 0);
        BOOST_REQUIRE(bodies.back().append(text).has_value());
        BOOST_TEST((bodies.back().view().file >= 0) ==
                   (i == BodyMemory::kTotal / BodyMemory::kBlock));
    }
    BOOST_TEST(memory.cost() == BodyMemory::kTotal);
}

BOOST_AUTO_TEST_CASE(what_is_kept_follows_max_mem_free_and_a_change_holds_at_once) {
    BodyMemory memory;
    memory.limit(0, 0);
    const auto use = [&](std::size_t bytes) {
        std::deque<RequestBody> bodies;
        for (int i = 0; i < 4; ++i) {
            bodies.emplace_back(memory, 0);
            BOOST_REQUIRE(bodies.back().append(std::string(bytes, 'x')).has_value());
        }
    };
    use(4 << 20);
    BOOST_TEST(memory.kept() == 4u);
    BOOST_TEST(memory.cost() == 16u << 20);
    memory.limit(64 << 10, 3);
    BOOST_TEST(memory.kept() == 0u);
    BOOST_TEST(memory.cost() == 0u);
    use(4 << 20);
    BOOST_TEST(memory.kept() == 0u);
    use(1000);
    BOOST_TEST(memory.kept() == 3u);  // 3/4 of the threads
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_disk_is_507_and_a_passing_shortage_503) {
    BOOST_TEST(child::status_of_refusal(ENOSPC) == 507);
    BOOST_TEST(child::status_of_refusal(EDQUOT) == 507);
    BOOST_TEST(child::status_of_refusal(EFBIG) == 507);
    BOOST_TEST(child::status_of_refusal(EMFILE) == 503);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
