// A whole child against scripted clients: who waits where, for how long, and who is let in.

#include <algorithm>
#include <deque>
#include <vector>

#include <sys/socket.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/soon.h"
#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

using scoreboard::ConnectionState;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds since(Clock::time_point start) {
    return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

BOOST_AUTO_TEST_SUITE(parking)

BOOST_AUTO_TEST_CASE(an_idle_connection_is_seen_at_once) {  // A-18, E-8
    MiniParent parent;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(parent.port());
        BOOST_TEST(clients.back().ask("/mpmd-test/bytes?1").status == 200);
    }
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::KeepAlive) == 3; }));
    const scoreboard::ConnectionRow row = parent.row(1);
    BOOST_TEST((row.state == ConnectionState::KeepAlive));
    BOOST_TEST(row.thread == -1);
    BOOST_TEST(row.requests == 1u);
    BOOST_TEST(std::string_view(row.target.data()) == "/mpmd-test/bytes?1");
    BOOST_TEST(std::string_view(row.vhost.data()) == "test");
    BOOST_TEST(row.status == 200);
    BOOST_TEST(row.bytes_in == get("/mpmd-test/bytes?1").size());
    clients.clear();
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::KeepAlive) == 0; }));
}

BOOST_AUTO_TEST_CASE(the_keep_alive_timeout_is_never_early_and_follows_a_change) {
    MiniParent parent;
    parent.config.effective.live.keep_alive_timeout_ms = 60'000;
    parent.start();
    Client client(parent.port());
    const auto start = Clock::now();
    BOOST_TEST(client.ask("/mpmd-test/bytes?1").status == 200);
    config::LiveSettings live = parent.config.effective.live;
    live.keep_alive_timeout_ms = 300;
    parent.change_live(live);
    BOOST_TEST(client.reads_end());
    BOOST_TEST(since(start).count() >= 300);
    // The client keeps its side open: two seconds of lingering, then the descriptor is gone.
    const auto gone = [&] {
        return parent.connections(ConnectionState::KeepAlive) +
                   parent.connections(ConnectionState::Closing) ==
               0;
    };
    BOOST_TEST(seen_until(
        gone, [&] { return parent.connections(ConnectionState::Closing) == 1; }, milliseconds(2000),
        start));
    BOOST_TEST(eventually(gone));
    BOOST_TEST(since(start).count() >= 2300);
}

BOOST_AUTO_TEST_CASE(half_a_request_is_told_408_and_none_is_told_nothing) {  // A-19, E-22
    MiniParent parent;
    parent.config.effective.live.timeout_ms = 300;
    parent.held = true;  // until the half is there: its time begins when it is let in
    parent.start();
    Client half(parent.port());
    Client silent(parent.port());
    half.send("GET / HT");
    const auto start = Clock::now();
    parent.order(ipc::Order::Release);
    const Answer answer = half.read_answer();
    BOOST_TEST(answer.status == 408);
    BOOST_TEST(answer.closes());
    BOOST_TEST(since(start).count() >= 300);
    BOOST_TEST(half.reads_end());
    BOOST_TEST(silent.read_answer().status == 0);
}

BOOST_AUTO_TEST_CASE(many_half_heads_hold_no_worker) {
    MiniParent parent;
    parent.config.effective.live.async_factor_micro = 20'000'000;
    parent.write_file("a.html", "hello");
    parent.start();
    std::deque<Client> slow;
    for (int i = 0; i < 50; ++i) {
        slow.emplace_back(parent.port());
        slow.back().send("GET /a.ht");
    }
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Reading) == 50; }));
    BOOST_TEST(parent.status().idle_workers.load() == 4);
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html").body == "hello");
}

BOOST_AUTO_TEST_CASE(a_slow_reader_holds_no_worker) {
    MiniParent parent;
    parent.write_file("big", std::string(20'000'000, 'x'));
    parent.start();
    Client file(parent.port(), 4096);
    Client stream(parent.port(), 4096);
    file.send(get("/big"));
    stream.send(get("/mpmd-test/stream?20000000"));
    BOOST_TEST(eventually([&] {
        return parent.connections(ConnectionState::Writing) == 2 &&
               parent.status().idle_workers.load() == 4;
    }));
    BOOST_TEST(parent.status().in_progress.load() == 2);
    BOOST_TEST(file.read_answer().body.size() == 20'000'000u);
    BOOST_TEST(stream.read_answer().body.size() == 20'000'000u);
    BOOST_TEST(eventually([&] { return parent.status().in_progress.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_response_that_comes_with_time_holds_no_worker) {  // 4.1 SUSPENDED, E-4
    MiniParent parent;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 8; ++i) {  // twice as many as workers
        clients.emplace_back(parent.port());
        clients.back().send(get("/mpmd-test/stream?600&rate=1"));
    }
    BOOST_TEST(eventually([&] {
        return parent.connections(ConnectionState::WaitIo) == 8 &&
               parent.status().idle_workers.load() == 4;
    }));
    BOOST_TEST(parent.status().in_progress.load() == 8);
    Client other(parent.port());
    BOOST_TEST(other.ask("/mpmd-test/bytes?1").status == 200);
    const auto start = Clock::now();
    const Answer answer = other.ask("/mpmd-test/stream?3000&rate=2000");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body.size() == 3000u);
    BOOST_TEST(since(start).count() >= 1480);
    BOOST_TEST(other.ask("/mpmd-test/bytes?1").status == 200);
    clients.clear();
    BOOST_TEST(eventually([&] { return parent.status().in_progress.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_a_suspended_response_is_forgotten) {
    MiniParent parent;
    parent.start();
    {
        Client client(parent.port());
        client.send(get("/mpmd-test/stream?100000&rate=1000"));
        BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 1; }));
    }
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 0; }));
    BOOST_TEST(eventually([&] { return parent.status().in_progress.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(a_stalled_reader_is_dropped_after_the_timeout) {  // E-22
    MiniParent parent;
    parent.config.effective.live.timeout_ms = 500;
    parent.config.effective.custom_log = {{"access_log", "%U %X"}};
    parent.write_file("big", std::string(20'000'000, 'x'));
    parent.start();
    Client client(parent.port(), 4096);
    const auto start = Clock::now();
    client.send(get("/big"));
    BOOST_TEST(eventually([&] { return parent.read_file("access_log") == "/big X\n"; }));
    BOOST_TEST(since(start).count() >= 500);
    BOOST_TEST(eventually([&] {
        return parent.connections(ConnectionState::Writing) == 0 &&
               parent.status().in_progress.load() == 0;
    }));
}

BOOST_AUTO_TEST_CASE(workers_park_connections_without_waking_the_listener) {  // A-59, E-2
    MiniParent parent;
    parent.config.effective.live.max_keep_alive_requests = 0;
    parent.start();
    Client client(parent.port());
    for (int i = 0; i < 1000; ++i)
        BOOST_REQUIRE(client.ask("/mpmd-test/bytes?10").status == 200);
    BOOST_TEST(eventually([&] { return parent.status().requests_on_workers.load() == 1000u; }));
    BOOST_TEST(parent.status().deadline_wakeups.load() <= 10u);
}

BOOST_AUTO_TEST_CASE(a_sleeping_handler_is_a_busy_worker_with_its_request) {
    MiniParent parent;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(parent.port());
        clients.back().send(get("/mpmd-test/sleep?600"));
    }
    BOOST_TEST(eventually([&] { return parent.status().idle_workers.load() == 1; }));
    BOOST_TEST(parent.connections(ConnectionState::Running) == 3);
    BOOST_TEST(parent.status().in_progress.load() == 3);
    // A worker writes its row when it is not idle any more.
    std::vector<scoreboard::WorkerRow> writing;
    BOOST_TEST(eventually([&] {
        writing.clear();
        for (std::uint32_t thread = 0; thread < 4; ++thread) {
            scoreboard::WorkerRow row{};
            if (!parent.extent().worker(thread).read(row) || row.tid == 0) return false;
            if (row.state == scoreboard::WorkerState::Writing) writing.push_back(row);
        }
        return writing.size() == 3;
    }));
    for (const scoreboard::WorkerRow& row : writing) {
        BOOST_TEST(std::string_view(row.target.data()) == "/mpmd-test/sleep?600");
        BOOST_TEST(std::string_view(row.peer.data()).starts_with("127.0.0.1:"));
        BOOST_TEST(row.connection != 0u);
    }
}

BOOST_AUTO_TEST_CASE(exactly_as_many_as_admission_allows_are_let_in) {
    MiniParent parent;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 12; ++i) {
        clients.emplace_back(parent.port());
        BOOST_TEST(clients.back().ask("/mpmd-test/bytes?1").status == 200);
    }
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    Client thirteenth(parent.port());
    thirteenth.send(get("/mpmd-test/bytes?1"));
    BOOST_TEST(!thirteenth.hears_within(milliseconds(1500)));
    clients.pop_front();
    BOOST_TEST(thirteenth.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(a_fractional_factor_is_exact) {
    MiniParent parent;
    parent.config.effective.live.async_factor_micro = 1'500'000;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 10; ++i) {
        clients.emplace_back(parent.port());
        BOOST_TEST(clients.back().ask("/mpmd-test/bytes?1").status == 200);
    }
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
}

BOOST_AUTO_TEST_CASE(at_the_limit_the_oldest_idle_connection_makes_way) {  // A-12, E-14 d
    MiniParent parent;
    parent.config.effective.live.keep_alive_shed_age_ms = 200;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 12; ++i) {
        clients.emplace_back(parent.port());
        BOOST_TEST(clients.back().ask("/mpmd-test/bytes?1").status == 200);
        // A worker answers a moment before it gives the connection back; age begins with that. And
        // while it is busy there is room for fewer.
        BOOST_TEST(eventually([&] {
            return parent.connections(ConnectionState::KeepAlive) == i + 1 &&
                   parent.status().idle_workers.load() == 4;
        }));
    }
    Client thirteenth(parent.port());
    BOOST_TEST(thirteenth.ask("/mpmd-test/bytes?1").status == 200);
    BOOST_TEST(clients.front().reads_end());
    BOOST_TEST(!clients[1].hears_within(milliseconds(300)));
    BOOST_TEST(parent.status().shed_keep_alive.load() == 1u);
}

BOOST_AUTO_TEST_CASE(at_the_limit_old_half_heads_make_way) {  // E-14 e
    MiniParent parent;
    parent.config.effective.live.head_shed_age_ms = 200;
    parent.start();
    std::deque<Client> slow;
    for (int i = 0; i < 40; ++i) {
        slow.emplace_back(parent.port());
        slow.back().send("GET / HTTP/1.1\r\nHost:");
    }
    Client client(parent.port());
    BOOST_TEST(client.ask("/mpmd-test/bytes?1").status == 200);
    BOOST_TEST(parent.status().shed_head.load() > 0u);
}

BOOST_AUTO_TEST_CASE(nobody_is_let_in_while_no_worker_is_idle) {  // E-10, A-14
    MiniParent parent;
    parent.config.effective.live.async_factor_micro = 10'000'000;
    const std::string hold = parent.holding_script();
    parent.start();
    Client idle(parent.port());
    BOOST_TEST(idle.ask("/mpmd-test/bytes?1").status == 200);
    std::deque<Client> busy;
    for (int i = 0; i < 4; ++i) {
        busy.emplace_back(parent.port());
        busy.back().send(get(hold));
        BOOST_TEST(eventually([&] { return parent.status().idle_workers.load() == 3 - i; }));
    }
    Client late(parent.port());
    late.send(get("/mpmd-test/bytes?1"));
    BOOST_TEST(!late.hears_within(milliseconds(1300)));
    BOOST_TEST(parent.status().accepted.load() == 5u);
    parent.let_go();
    BOOST_TEST(late.read_answer().status == 200);  // when a worker is free again
    for (Client& client : busy)
        BOOST_TEST(client.read_answer().body == "held\n");
    BOOST_TEST(idle.ask("/mpmd-test/bytes?1").status == 200);  // it was never closed
}

BOOST_AUTO_TEST_CASE(a_request_that_no_worker_takes_is_told_503_and_to_come_again) {
    MiniParent parent;
    parent.config.effective.live.async_factor_micro = 10'000'000;
    const std::string hold = parent.holding_script();
    parent.start();
    Client waiting(parent.port());
    BOOST_TEST(waiting.ask("/mpmd-test/bytes?1").status == 200);
    std::deque<Client> busy;
    for (int i = 0; i < 4; ++i) {
        busy.emplace_back(parent.port());
        busy.back().send(get(hold));
        BOOST_TEST(eventually([&] { return parent.status().idle_workers.load() == 3 - i; }));
    }
    // Not before: those four, too, wait for a worker that has yet to wake up.
    config::LiveSettings live = parent.config.effective.live;
    live.request_queue_timeout_ms = 200;
    parent.change_live_and_wait(live);
    const auto start = Clock::now();
    const Answer answer = waiting.ask("/mpmd-test/bytes?1");
    BOOST_TEST(answer.status == 503);
    BOOST_TEST(answer.has("\r\nRetry-After: "));
    BOOST_TEST(answer.closes());
    BOOST_TEST(since(start).count() >= 200);
    BOOST_TEST(parent.status().queue_timeouts.load() == 1u);
    parent.let_go();
    for (Client& client : busy)
        BOOST_TEST(client.read_answer().body == "held\n");
}

// Whoever sends another byte now and then is as old as its first one.
BOOST_AUTO_TEST_CASE(a_half_head_that_grows_is_no_younger_for_it) {  // E-14 e
    MiniParent parent;
    parent.config.effective.live.head_shed_age_ms = 300;
    parent.start();
    std::deque<Client> half;
    const auto received = [&parent] {
        std::uint64_t bytes = 0;
        for (std::uint32_t i = 0; i < parent.extent().shape().connections; ++i) {
            scoreboard::ConnectionRow row{};
            if (parent.extent().connection(i).read(row)) bytes += row.bytes_in;
        }
        return bytes;
    };
    const std::string begin = "GET / HT";
    for (std::size_t i = 1; i <= 12; ++i) {
        half.emplace_back(parent.port());
        half.back().send(begin);
        BOOST_REQUIRE(eventually([&] { return received() == i * begin.size(); }));
    }
    half.front().send("T");
    BOOST_REQUIRE(eventually([&] { return received() == 12 * begin.size() + 1; }));
    Client next(parent.port());
    BOOST_TEST(next.ask("/mpmd-test/bytes?1").status == 200);
    BOOST_TEST(half.front().reads_end());
}

BOOST_AUTO_TEST_CASE(half_heads_make_way_before_keep_alives_and_the_oldest_first) {  // E-14 e
    MiniParent parent;
    parent.config.effective.live.head_shed_age_ms = 300;
    parent.config.effective.live.keep_alive_shed_age_ms = 100;
    parent.start();
    std::deque<Client> idle;
    for (int i = 0; i < 6; ++i) {
        idle.emplace_back(parent.port());
        BOOST_TEST(idle.back().ask("/mpmd-test/bytes?1").status == 200);
    }
    const auto at_rest = [&] {  // nobody waits at the door, and there is room for twelve
        return parent.connections(ConnectionState::KeepAlive) == 6 &&
               parent.status().idle_workers.load() == 4;
    };
    BOOST_REQUIRE(eventually(at_rest));
    std::deque<Client> half;  // no more than half of the twelve places: nobody crowds
    for (int i = 0; i < 6; ++i) {
        half.emplace_back(parent.port());
        half.back().send("GET / HT");
        BOOST_REQUIRE(
            eventually([&] { return parent.connections(ConnectionState::Reading) == i + 1; }));
    }
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    for (std::size_t gone = 0; gone < 3; ++gone) {
        Client next(parent.port());
        BOOST_TEST(next.ask("/mpmd-test/bytes?1", "Connection: close\r\n").status == 200);
        next.close();
        BOOST_TEST(parent.status().shed_head.load() >= gone + 1);
        BOOST_TEST(half[gone].reads_end());
        half.emplace_back(parent.port());  // takes its place
        half.back().send("GET / HT");
        BOOST_REQUIRE(eventually([&] {
            return at_rest() && parent.connections(ConnectionState::Reading) == 6 &&
                   parent.status().accepting.load() == 0;
        }));
    }
    BOOST_TEST(parent.status().shed_head.load() == 3u);
    BOOST_TEST(!half[3].hears_within(milliseconds(0)));
    BOOST_TEST(parent.status().shed_keep_alive.load() == 0u);
    for (Client& client : idle)
        BOOST_TEST(client.ask("/mpmd-test/bytes?1").status == 200);
}

BOOST_AUTO_TEST_CASE(with_all_workers_busy_the_listener_goes_on_by_itself) {  // E-7, E-14 a
    MiniParent parent;
    parent.config.effective.live.async_factor_micro = 10'000'000;
    parent.config.effective.live.file_cache_check_ms = 600'000;
    parent.write_file("a.html", "hello");
    parent.start();
    Client kept(parent.port());
    Client idle(parent.port());
    Client half(parent.port());
    Client asking(parent.port());
    BOOST_TEST(asking.ask("/a.html").body == "hello");
    BOOST_TEST(kept.ask("/a.html").body == "hello");
    BOOST_TEST(idle.ask("/a.html").body == "hello");
    half.send("GET / HT");
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Reading) == 1; }));
    std::deque<Client> busy;
    for (int i = 0; i < 4; ++i) {
        busy.emplace_back(parent.port());
        busy.back().send(get("/mpmd-test/sleep?600"));
        BOOST_TEST(eventually([&] { return parent.status().idle_workers.load() == 3 - i; }));
    }
    const std::uint64_t on_listener = parent.status().requests_on_listener.load();
    for (std::uint64_t i = 1; i <= 3; ++i) {
        BOOST_TEST(asking.ask("/a.html").body == "hello");
        BOOST_TEST(eventually(
            [&] { return parent.status().requests_on_listener.load() == on_listener + i; }));
    }
    BOOST_TEST(!busy.front().hears_within(milliseconds(0)));
    config::LiveSettings live = parent.config.effective.live;
    live.timeout_ms = 700;
    live.keep_alive_timeout_ms = 400;
    parent.change_live(live);
    // What is in memory is answered, deadlines fire, and the goodbye needs no worker.
    BOOST_TEST(half.read_answer().status == 408);
    BOOST_TEST(idle.reads_end());
    BOOST_TEST(parent.status().idle_workers.load() == 0);
    BOOST_TEST(!busy.front().hears_within(milliseconds(0)));
}

BOOST_AUTO_TEST_CASE(who_sends_a_head_slowly_has_the_longer_the_more_he_sends) {  // U-12
    MiniParent parent;
    parent.config.effective.live.request_read_timeout_ms = 300;
    parent.config.effective.live.request_head_max_ms = 1500;
    parent.config.effective.live.request_head_min_rate = 20;
    parent.held = true;  // their time begins when they are let in
    parent.start();
    Client slow(parent.port());
    Client diligent(parent.port());
    slow.send("G");                                     // 300 ms and 50 for the byte
    diligent.send("GET / HTTP/1.1\r\nHost: test\r\n");  // 26 bytes: 1.3 s more, at most 1.5
    const auto start = Clock::now();
    parent.order(ipc::Order::Release);
    BOOST_TEST(slow.read_answer().status == 408);
    BOOST_TEST(since(start).count() >= 350);
    BOOST_TEST(diligent.read_answer().status == 408);
    BOOST_TEST(since(start).count() >= 1500);
}

BOOST_AUTO_TEST_CASE(a_body_that_comes_too_slowly_ends_the_connection) {  // U-12
    MiniParent parent;
    parent.config.effective.live.request_body_timeout_ms = 300;
    parent.config.effective.live.timeout_ms = 600'000;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    client.send("POST /a.html HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n");
    BOOST_TEST(client.read_answer().status == 405);
    const auto start = Clock::now();
    bool ended = false;
    while (!ended && since(start) < milliseconds(50'000)) {  // trickling does not help
        client.send("x");
        ended = client.hears_within(milliseconds(20));
    }
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(a_burst_of_sleepers_is_never_let_in_deeper_than_there_are_workers) {
    MiniParent parent;
    const std::string hold = parent.holding_script();
    parent.held = true;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 12; ++i) {
        clients.emplace_back(parent.port());
        clients.back().send(get(hold));
    }
    parent.order(ipc::Order::Release);
    BOOST_TEST(eventually([&] { return parent.status().idle_workers.load() == 0; }));
    // Also after the look at the door that is due each second.
    BOOST_TEST(!clients.front().hears_within(milliseconds(1300)));
    BOOST_TEST(parent.status().accepted.load() == 4u);
    BOOST_TEST(parent.status().queued.load() == 0);
    parent.let_go();
    for (Client& client : clients)
        BOOST_TEST(client.read_answer().body == "held\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
