// A whole child against scripted clients and its parent: quotas, drain, stop, an orphan.

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <thread>
#include <vector>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "tests/support/processes.h"
#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

using scoreboard::ConnectionState;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace data = boost::unit_test::data;

// Of its threads, sorted.
std::string letters(const MiniParent& parent) {
    std::string out;
    for (std::uint32_t i = 0; i < parent.threads; ++i) {
        scoreboard::WorkerRow row;
        out += parent.extent().worker(i).read(row) ? scoreboard::letter(row.state) : '?';
    }
    std::sort(out.begin(), out.end());
    return out;
}

BOOST_AUTO_TEST_SUITE(leaving)

BOOST_AUTO_TEST_CASE(an_idle_child_drains_at_once) {  // E-15
    MiniParent parent;
    parent.start();
    parent.drain(10'000, 1000);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(
    a_kept_alive_client_gets_one_more_answer_and_hears_of_the_close) {  // A-25, E-16
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.start();
    Client listener_side(parent.port());
    Client worker_side(parent.port());
    Client quiet(parent.port());
    for (Client* client : {&listener_side, &worker_side, &quiet})
        BOOST_TEST(client->ask("/a.html").status == 200);
    parent.drain(0, 600'000);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    const Answer first = listener_side.ask("/a.html");
    BOOST_TEST(first.body == "hello");
    BOOST_TEST(first.closes());
    const Answer second = worker_side.ask("/mpmd-test/bytes?3");
    BOOST_TEST(second.body.size() == 3u);
    BOOST_TEST(second.closes());
    BOOST_TEST(!quiet.hears_within(milliseconds(0)));
    quiet.close();
    listener_side.close();
    worker_side.close();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_kept_alive_client_that_says_nothing_is_closed_after_the_grace) {  // E-16
    MiniParent parent;
    parent.start();
    Client quiet(parent.port());
    BOOST_TEST(quiet.ask("/mpmd-test/bytes?1").status == 200);
    const auto start = Clock::now();
    parent.drain(0, 700);
    BOOST_TEST(quiet.reads_end());
    BOOST_TEST((Clock::now() - start >= milliseconds(700)));
    quiet.close();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(what_runs_and_what_is_being_sent_is_finished) {
    MiniParent parent;
    parent.write_file("big", std::string(8'000'000, 'x'));
    const std::string hold = parent.holding_script();
    parent.start();
    Client sleeper(parent.port());
    Client reader(parent.port(), 4096);
    Client half(parent.port());
    sleeper.send(get(hold));
    reader.send(get("/big"));
    half.send("GET /big HTTP/1.1\r\nHo");
    BOOST_TEST(eventually([&] {
        return parent.connections(ConnectionState::Writing) == 1 &&
               parent.connections(ConnectionState::Running) == 1 &&
               parent.connections(ConnectionState::Reading) == 1;
    }));
    parent.drain(600'000, 100);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    parent.let_go();
    const Answer held = sleeper.read_answer();
    BOOST_TEST(held.body == "held\n");
    BOOST_TEST(held.closes());
    half.send("st: t\r\n\r\n");
    const Answer late = half.read_answer();
    BOOST_TEST(late.closes());
    BOOST_TEST(late.body.size() == 8'000'000u);
    BOOST_TEST(reader.read_answer().body.size() == 8'000'000u);
    for (Client* client : {&sleeper, &reader, &half})
        client->close();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(who_is_in_the_queue_when_the_door_closes_is_served) {  // E-16, E-17
    for (int round = 0; round < 20; ++round) {
        MiniParent parent;
        parent.threads = 16;
        parent.write_file("a.html", "hello");
        parent.start();
        std::deque<Client> clients;
        for (int i = 0; i < 10; ++i)
            clients.emplace_back(parent.port());
        parent.drain(60'000, 30'000);
        for (Client& client : clients)
            client.send(get("/a.html"));
        int answered = 0;
        for (Client& client : clients)
            if (client.read_answer().status == 200) ++answered;
        BOOST_TEST(answered == 10);
        clients.clear();
        BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_drain_under_load_loses_no_request) {
    MiniParent parent;
    parent.write_file("a.html", "hello");
    parent.config.effective.live.async_factor_micro = 20'000'000;
    parent.start();
    std::atomic<int> lost{0};
    std::atomic<int> served{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            Client client(parent.port());
            for (;;) {
                const Answer answer = client.ask(t % 2 == 0 ? "/a.html" : "/mpmd-test/bytes?5");
                if (answer.status != 200) {
                    ++lost;
                    return;
                }
                ++served;
                if (answer.closes()) return;
            }
        });
    BOOST_TEST(eventually([&] { return served.load() > 200; }));
    parent.drain(120'000, 60'000);  // so long that nobody is too late with his next request
    for (std::thread& thread : threads)
        thread.join();
    BOOST_TEST(lost.load() == 0);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(
    a_lingering_connection_holds_a_draining_child_for_two_seconds_not_thirty) {  // E-6, E-16
    MiniParent parent;
    parent.config.effective.request.body = 10;
    parent.start();
    Client refused(parent.port());
    refused.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000\r\n\r\n");
    BOOST_TEST(refused.read_answer().status == 413);
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Closing) == 1; }));
    const auto start = Clock::now();
    parent.drain(600'000, 100);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    BOOST_TEST((Clock::now() - start < std::chrono::seconds(25)));
}

BOOST_AUTO_TEST_CASE(the_drain_limit_ends_what_does_not_end) {  // E-18
    MiniParent parent;
    parent.start();
    Client sleeper(parent.port());
    sleeper.send(get("/mpmd-test/sleep?600"));
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Running) == 1; }));
    const auto start = Clock::now();
    parent.drain(400, 100);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    BOOST_TEST((Clock::now() - start >= milliseconds(400)));
}

BOOST_AUTO_TEST_CASE(a_stop_ends_everything_even_while_draining) {  // E-19
    MiniParent parent;
    parent.start();
    Client sleeper(parent.port());
    Client idle(parent.port());
    BOOST_TEST(idle.ask("/mpmd-test/bytes?1").status == 200);
    sleeper.send(get("/mpmd-test/sleep?600"));
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Running) == 1; }));
    parent.drain(0, 600'000);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    parent.order(ipc::Order::Stop);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    BOOST_TEST(sleeper.read_answer().status == 0);
    BOOST_TEST(idle.read_answer().status == 0);
}

BOOST_AUTO_TEST_CASE(an_orphan_finishes_and_goes) {  // P-22, A-43
    MiniParent parent;
    const std::string hold = parent.holding_script();
    parent.start();
    Client sleeper(parent.port());
    sleeper.send(get(hold));
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::Running) == 1; }));
    parent.hang_up();
    BOOST_TEST(eventually([&] { return parent.status().draining.load() == 1; }));
    parent.let_go();
    const Answer answer = sleeper.read_answer();
    BOOST_TEST(answer.body == "held\n");
    BOOST_TEST(answer.closes());
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_quota_of_connections_is_exact_and_announced) {  // E-20, A-45
    MiniParent parent;
    parent.config.effective.live.max_connections_per_child = 10;
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 15; ++i)
        clients.emplace_back(parent.port());
    for (Client& client : clients)
        client.send(get("/mpmd-test/bytes?1", "Connection: close\r\n"));
    BOOST_TEST(parent.reported(ipc::Report::NearQuota));
    BOOST_TEST(parent.reported(ipc::Report::StoppedAccepting));
    int answered = 0;
    for (std::size_t i = 0; i < 10; ++i)
        if (clients[i].read_answer().status == 200) ++answered;
    BOOST_TEST(answered == 10);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    BOOST_TEST(parent.status().accepted.load() == 10u);
}

BOOST_AUTO_TEST_CASE(a_quota_of_requests_retires_the_child) {
    MiniParent parent;
    parent.config.effective.live.max_requests_served_per_child = 20;
    parent.config.effective.live.max_keep_alive_requests = 0;
    parent.write_file("a.html", "hello");
    parent.start();
    Client client(parent.port());
    int answered = 0;
    for (;;) {
        const Answer answer = client.ask("/a.html");
        BOOST_REQUIRE(answer.status == 200);
        ++answered;
        if (answer.closes()) break;
    }
    BOOST_TEST(answered >= 20);
    BOOST_TEST(answered <= 22);
    BOOST_TEST(parent.reported(ipc::Report::NearQuota));
    client.close();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_held_successor_is_ready_and_lets_nobody_in_before_its_release) {
    MiniParent parent;
    parent.held = true;
    parent.start();
    Client client(parent.port());
    client.send(get("/mpmd-test/bytes?1"));
    BOOST_TEST(!client.hears_within(milliseconds(1300)));
    BOOST_TEST(parent.status().accepted.load() == 0u);
    BOOST_TEST(!parent.has_said(ipc::Report::StoppedAccepting));  // it has not begun yet
    parent.order(ipc::Order::Release);
    BOOST_TEST(client.read_answer().status == 200);
}

BOOST_AUTO_TEST_CASE(a_paused_child_serves_who_is_in_and_accepts_again_when_told) {
    MiniParent parent;
    parent.start();
    Client inside(parent.port());
    BOOST_TEST(inside.ask("/mpmd-test/bytes?1").status == 200);
    parent.order(ipc::Order::Pause);
    BOOST_TEST(parent.reported(ipc::Report::StoppedAccepting));
    Client outside(parent.port());
    outside.send(get("/mpmd-test/bytes?1"));
    BOOST_TEST(!outside.hears_within(milliseconds(1300)));
    const Answer answer = inside.ask("/mpmd-test/bytes?1");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(!answer.closes());
    parent.order(ipc::Order::Resume);
    BOOST_TEST(outside.read_answer().status == 200);
}

// The client comes and the order is given while the child cannot run: it is woken for both. Nobody
// else would be woken for that client (decisions.md 2).
BOOST_DATA_TEST_CASE(whoever_a_child_was_woken_for_is_let_in_before_it_pauses,
                     data::make(kModels),
                     model) {
    MiniParent parent;
    parent.config.effective.limits.model = model;
    parent.start();
    BOOST_REQUIRE(eventually([&] { return parent.status().accepting.load() == 1; }));
    for (int round = 0; round < 30; ++round) {
        ::kill(parent.pid(), SIGSTOP);
        BOOST_REQUIRE(eventually([&] { return state_of(parent.pid()) == 'T'; }));
        Client client(parent.port());
        client.send(get("/mpmd-test/bytes?1", "Connection: close\r\n"));
        parent.order(ipc::Order::Pause);
        ::kill(parent.pid(), SIGCONT);
        BOOST_REQUIRE(parent.reported(ipc::Report::StoppedAccepting));
        BOOST_REQUIRE(client.read_answer().status == 200);
        parent.order(ipc::Order::Resume);
        BOOST_REQUIRE(eventually([&] { return parent.status().accepting.load() == 1; }));
    }
}

// 4.5, E-16: a worker leaves as soon as there are fewer connections than workers.
BOOST_DATA_TEST_CASE(workers_leave_as_connections_vanish, data::make(kModels), model) {
    MiniParent parent;
    parent.config.effective.limits.model = model;
    parent.write_file("a.html", "hello");
    parent.start();
    std::deque<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.emplace_back(parent.port());
        clients.back().send(get("/mpmd-test/sleep?600"));
        BOOST_REQUIRE(eventually([&] { return parent.status().idle_workers.load() == 3 - i; }));
    }
    // main, the listener, and the workers that have not gone (a sanitizer has a thread as well)
    const std::size_t whole = threads_of(parent.pid());
    BOOST_TEST(whole >= 6U);
    const auto shows = [&](const std::string& sorted, std::size_t gone) {
        return eventually(
            [&] { return letters(parent) == sorted && threads_of(parent.pid()) == whole - gone; });
    };
    BOOST_TEST(shows("WWW_", 0));
    // Who only pauses may go on: nobody leaves.
    parent.order(ipc::Order::Pause);
    BOOST_TEST(parent.reported(ipc::Report::StoppedAccepting));
    BOOST_TEST(shows("WWW_", 0));
    parent.order(ipc::Order::Resume);
    clients.emplace_back(parent.port());
    BOOST_TEST(clients.back().ask("/mpmd-test/bytes?1").status == 200);
    parent.drain(0, 600'000);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    BOOST_TEST(shows(model == mpm::Model::Event ? "GWWW" : "KWWW", 0));
    // It serves the last one that it has, and that worker goes with it.
    BOOST_TEST(clients.back().ask("/a.html").closes());
    clients.back().close();
    BOOST_TEST(shows(".WWW", 1));
    BOOST_TEST(parent.status().idle_workers.load() == 0);
    parent.order(ipc::Order::Stop);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_DATA_TEST_CASE(a_draining_child_keeps_a_worker_for_its_last_parked_client,
                     data::make(kModels),
                     model) {  // E-16, 4.5
    MiniParent parent;
    parent.config.effective.limits.model = model;
    parent.start();
    Client last(parent.port());
    BOOST_TEST(last.ask("/mpmd-test/bytes?1").status == 200);
    const std::size_t whole = threads_of(parent.pid());
    parent.drain(0, 600'000);
    const std::string shown = model == mpm::Model::Event ? "...G" : "...K";
    BOOST_TEST(eventually(
        [&] { return threads_of(parent.pid()) == whole - 3 && letters(parent) == shown; }));
    const Answer answer = last.ask("/mpmd-test/bytes?7");  // by a worker
    BOOST_TEST(answer.body.size() == 7u);
    BOOST_TEST(answer.closes());
    last.close();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
