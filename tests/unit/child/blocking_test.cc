// A whole child under MPM worker, against scripted clients: a thread owns its connection.

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/soon.h"
#include "tests/unit/child/client.h"
#include "tests/unit/child/mini_parent.h"

namespace mpmd::test {
namespace {

using scoreboard::ConnectionState;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

struct WorkerParent : MiniParent {
    WorkerParent() {
        config.effective.limits.model = mpm::Model::Worker;
        write_file("a.html", "hello");
    }
    [[nodiscard]] std::string letters() const {
        std::string out;
        for (std::uint32_t i = 0; i < threads; ++i) {
            scoreboard::WorkerRow row;
            out += extent().worker(i).read(row) ? scoreboard::letter(row.state) : '?';
        }
        std::sort(out.begin(), out.end());
        return out;
    }
    // Of the connections that threads hold (7.4, Acc): an idle thread has none.
    [[nodiscard]] std::uint32_t answered_on_connections() const {
        std::uint32_t sum = 0;
        for (std::uint32_t i = 0; i < threads; ++i) {
            scoreboard::WorkerRow row{};
            if (extent().worker(i).read(row)) sum += row.connection_requests;
        }
        return sum;
    }
    [[nodiscard]] bool shows(const std::string& sorted) const {
        return eventually([&] { return letters() == sorted; });
    }
    [[nodiscard]] std::int32_t idle() const { return status().idle_workers.load(); }
};

BOOST_AUTO_TEST_SUITE(blocking)

BOOST_AUTO_TEST_CASE(a_thread_holds_its_connection_from_the_first_byte_to_the_close) {  // W-3
    WorkerParent parent;
    const std::string hold = parent.holding_script();
    parent.start();
    BOOST_TEST(parent.shows("____"));
    Client client(parent.port());
    BOOST_TEST(parent.shows("R___"));
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(client.ask("/a.html").body == "hello");
    BOOST_TEST(parent.shows("K___"));
    BOOST_TEST(parent.idle() == 3);
    // The thread writes its own row first.
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::KeepAlive) == 1; }));
    const scoreboard::ConnectionRow row = parent.row(0);
    BOOST_TEST((row.state == ConnectionState::KeepAlive));
    BOOST_TEST(row.thread >= 0);
    BOOST_TEST(row.requests == 3u);
    BOOST_TEST(row.bytes_in > 0u);
    BOOST_TEST(row.bytes_out > 15u);
    client.send(get(hold));
    BOOST_TEST(parent.shows("W___"));
    BOOST_TEST(parent.status().in_progress.load() == 1);
    parent.let_go();
    BOOST_TEST(client.read_answer().body == "held\n");
    BOOST_TEST(parent.shows("K___"));
    BOOST_TEST(parent.answered_on_connections() > 0U);
    client.close();
    BOOST_TEST(parent.shows("____"));
    BOOST_TEST(parent.answered_on_connections() == 0U);
    BOOST_TEST(parent.status().requests_on_workers.load() == 4u);
    BOOST_TEST(parent.status().requests_on_listener.load() == 0u);
    BOOST_TEST(parent.status().in_progress.load() == 0);
    BOOST_TEST(parent.connections(ConnectionState::KeepAlive) == 0);
    BOOST_TEST(eventually([&] { return parent.idle() == 4; }));
    std::uint64_t timed = 0;
    for (std::uint32_t i = 0; i < parent.threads; ++i)
        for (const auto& bucket : parent.extent().histogram(i).buckets)
            timed += bucket.load();
    BOOST_TEST(timed == 4u);
}

BOOST_AUTO_TEST_CASE(
    idle_connections_are_as_many_as_threads_and_the_next_client_waits) {  // A-46, W-4
    WorkerParent parent;
    parent.start();
    std::vector<Client> clients;
    const auto begin = Clock::now();
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back(parent.port());
        BOOST_TEST(clients.back().ask("/a.html").status == 200);
    }
    BOOST_TEST(parent.shows("KKKK"));
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    Client fifth(parent.port());
    fifth.send(get("/a.html"));
    BOOST_TEST(!fifth.hears_within(milliseconds(1300)));
    config::LiveSettings live = parent.config.effective.live;
    live.keep_alive_timeout_ms = 700;
    const auto changed = Clock::now();
    parent.change_live(live);
    // It closes an idle connection, and then waits 2 s for the client's end (W-3).
    BOOST_TEST(seen_until([&] { return fifth.hears_within(milliseconds(0)); },
                          [&] { return parent.letters().find('C') != std::string::npos; },
                          milliseconds(2000), changed));
    BOOST_TEST(fifth.read_answer().body == "hello");
    BOOST_TEST((Clock::now() - begin >= milliseconds(2700)));
    for (Client& client : clients)
        BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(half_a_head_is_answered_408_and_silence_is_closed) {  // E-22, A-19
    WorkerParent parent;
    parent.config.effective.live.request_read_timeout_ms = 300;
    parent.held = true;  // until the half is there
    parent.start();
    Client half(parent.port());
    Client silent(parent.port());
    half.send("GET / HTT");
    parent.order(ipc::Order::Release);
    BOOST_TEST(half.read_answer().status == 408);
    BOOST_TEST(half.reads_end());
    BOOST_TEST(silent.reads_end());
}

BOOST_AUTO_TEST_CASE(who_sends_a_head_slowly_but_steadily_gets_more_time) {  // U-12
    WorkerParent parent;
    parent.config.effective.live.request_read_timeout_ms = 200;
    parent.config.effective.live.request_head_max_ms = 60'000;
    parent.config.effective.live.request_head_min_rate = 10;
    parent.held = true;  // until it has earned its time
    parent.start();
    Client slow(parent.port());
    slow.send("GET /a.html HTTP/1.1\r\nHost: t\r\nX-Some: " + std::string(400, 'x') + "\r\n");
    parent.order(ipc::Order::Release);
    BOOST_TEST(!slow.hears_within(milliseconds(500)));
    slow.send("\r\n");
    BOOST_TEST(slow.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(pipelined_requests_and_large_files_are_answered_in_order) {
    WorkerParent parent;
    parent.config.effective.live.max_keep_alive_requests = 0;
    parent.config.effective.live.send_buffer_size = 65536;
    std::string content(3'000'000, '\0');
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<char>('a' + (i * 7919 + i / 251) % 26);
    parent.write_file("big", content);
    parent.start();
    Client client(parent.port(), 16 * 1024);
    std::string all;
    for (int i = 0; i < 100; ++i)
        all += get(i % 9 == 4 ? "/mpmd-test/stream?70000" : "/a.html");
    client.send(all + get("/big") +
                "POST /a.html HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n12345");
    for (int i = 0; i < 100; ++i)
        BOOST_REQUIRE(client.read_answer().body.size() == (i % 9 == 4 ? 70000u : 5u));
    BOOST_TEST(parent.shows("W___"));  // the client does not read: the thread waits with it
    BOOST_TEST((client.read_answer().body == content));
    BOOST_TEST(client.read_answer().status == 405);
    client.send("67890" + get("/a.html", "Connection: close\r\n"));
    BOOST_TEST(client.read_answer().body == "hello");
    BOOST_TEST(client.reads_end());
    BOOST_TEST(parent.shows("____"));
}

BOOST_AUTO_TEST_CASE(a_body_that_a_handler_wants_is_waited_for_on_the_thread) {
    WorkerParent parent;
    parent.start();
    Client client(parent.port());
    const std::string head = "POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nContent-Length: ";
    client.send(head + "10\r\n\r\n12345");
    BOOST_TEST(parent.shows("R___"));
    BOOST_TEST(eventually([&] { return parent.connections(ConnectionState::WaitIo) == 1; }));
    client.send("67890" + head + "200000\r\n\r\n" + std::string(200'000, 'x') + get("/a.html"));
    BOOST_TEST(client.read_answer().body == "1234567890");
    BOOST_TEST(client.read_answer().body.size() == 200'000u);
    BOOST_TEST(client.read_answer().body == "hello");
}

BOOST_AUTO_TEST_CASE(a_body_that_does_not_come_is_answered_408) {  // E-22
    WorkerParent parent;
    parent.config.effective.live.timeout_ms = 400;
    parent.held = true;  // let in when its head is there
    parent.start();
    Client client(parent.port());
    client.send("POST /mpmd-test/echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n12345");
    const auto start = Clock::now();
    parent.order(ipc::Order::Release);
    BOOST_TEST(client.read_answer().status == 408);
    BOOST_TEST((Clock::now() - start >= milliseconds(400)));
    BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(the_access_log_has_a_line_for_each_answer) {
    WorkerParent parent;
    parent.config.effective.custom_log = {{"short", "%U %>s"}};
    parent.start();
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html?x").status == 200);
    BOOST_TEST(client.ask("/none").status == 404);
    BOOST_TEST(eventually([&] { return parent.read_file("short") == "/a.html 200\n/none 404\n"; }));
}

BOOST_AUTO_TEST_CASE(a_changed_timeout_reaches_a_thread_that_waits_in_k) {  // W-4, IMMEDIATE
    WorkerParent parent;
    parent.start();  // KeepAliveTimeout 60
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html").status == 200);
    BOOST_TEST(parent.shows("K___"));
    config::LiveSettings live = parent.config.effective.live;
    live.keep_alive_timeout_ms = 10;
    parent.change_live(live);
    BOOST_TEST(client.reads_end());
}

BOOST_AUTO_TEST_CASE(a_drain_does_not_interrupt_k_and_the_next_answer_closes) {  // W-6, A-48
    WorkerParent parent;
    parent.start();
    Client client(parent.port());
    BOOST_TEST(client.ask("/a.html").status == 200);
    BOOST_TEST(parent.shows("K___"));
    parent.drain(0, 10);
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    BOOST_TEST(parent.shows("...K"));
    BOOST_TEST(!client.hears_within(milliseconds(100)));  // no grace but its own timeout
    BOOST_TEST(client.ask("/a.html").closes());
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_draining_child_without_connections_leaves_at_once) {
    WorkerParent parent;
    parent.start();
    parent.drain(0, 10);  // without a limit: of its own accord
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_stop_wakes_every_thread) {  // W-6, forced
    WorkerParent parent;
    parent.start();
    Client idle(parent.port());
    BOOST_TEST(idle.ask("/a.html").status == 200);
    Client busy(parent.port());
    busy.send(get("/mpmd-test/sleep?600"));
    BOOST_TEST(parent.shows("KW__"));
    parent.order(ipc::Order::Stop);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    BOOST_TEST(idle.reads_end());
}

BOOST_AUTO_TEST_CASE(a_quota_counts_at_accept_and_is_never_exceeded) {  // W-5
    WorkerParent parent;
    parent.config.effective.live.max_connections_per_child = 3;
    parent.start();
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i)
        clients.emplace_back(parent.port());
    try {  // in vain: the socket is closed by now, or nobody takes them from its queue
        for (int i = 0; i < 3; ++i)
            clients.emplace_back(parent.port());
    } catch (const std::runtime_error&) {
    }
    BOOST_TEST(parent.reported(ipc::Report::Draining));
    BOOST_TEST(parent.status().accepted.load() == 3u);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(clients[static_cast<std::size_t>(i)].ask("/a.html").closes());
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

// Another process that holds the mutex until this object ends.
class Sibling {
public:
    explicit Sibling(os::ProcessMutex& mutex) {
        std::array<int, 2> told{};
        std::array<int, 2> ended{};
        BOOST_REQUIRE(::pipe2(told.data(), O_CLOEXEC) == 0 &&
                      ::pipe2(ended.data(), O_CLOEXEC) == 0);
        const os::UniqueFd has_it(told[0]);
        os::UniqueFd says(told[1]);
        const os::UniqueFd until(ended[0]);
        ends_.reset(ended[1]);
        pid_ = ::fork();
        char byte = 0;
        if (pid_ == 0) {
            const bool got = mutex.lock().has_value();
            if (got && ::write(says.get(), &byte, 1) == 1 && ::read(until.get(), &byte, 1) == 1)
                static_cast<void>(mutex.unlock());
            ::_exit(0);
        }
        says.reset();
        BOOST_REQUIRE(::read(has_it.get(), &byte, 1) == 1);
    }
    ~Sibling() {
        const char byte = 0;  // not end of file: children forked since hold the pipe too
        static_cast<void>(::write(ends_.get(), &byte, 1) == 1);
        ::waitpid(pid_, nullptr, 0);
    }
    Sibling(const Sibling&) = delete;
    Sibling& operator=(const Sibling&) = delete;

private:
    os::UniqueFd ends_;
    pid_t pid_ = -1;
};

BOOST_AUTO_TEST_CASE(several_sockets_are_polled_under_the_mutex_only) {  // W-1, W-2
    WorkerParent parent;
    parent.sockets = 3;
    auto mutex = os::ProcessMutex::in_memory();
    BOOST_REQUIRE(mutex.has_value());
    parent.accept_mutex = std::move(*mutex);
    auto sibling = std::make_unique<Sibling>(*parent.accept_mutex);
    parent.start();
    Client first(parent.port(1));
    first.send(get("/a.html"));
    BOOST_TEST(!first.hears_within(milliseconds(150)));
    config::LiveSettings live = parent.config.effective.live;
    live.max_keep_alive_requests = 1;
    parent.change_live_and_wait(live);  // who waits for the mutex hears orders
    sibling.reset();
    BOOST_TEST(first.read_answer().closes());
    for (std::size_t i = 0; i < 9; ++i)
        BOOST_TEST(Client(parent.port(i % 3)).ask("/a.html").status == 200);
    BOOST_TEST(eventually([&] { return parent.idle() == 4; }));
}

BOOST_AUTO_TEST_CASE(ready_sockets_are_served_in_turn_one_client_a_hold) {  // W-1, W-2
    WorkerParent parent;
    parent.threads = 6;
    parent.sockets = 3;
    auto mutex = os::ProcessMutex::in_memory();
    BOOST_REQUIRE(mutex.has_value());
    parent.accept_mutex = std::move(*mutex);
    auto sibling = std::make_unique<Sibling>(*parent.accept_mutex);
    parent.start();
    // Four clients at each socket before the child may look: more than it has threads.
    std::vector<Client> clients;
    for (std::size_t i = 0; i < 12; ++i)
        clients.emplace_back(parent.port(i / 4));
    sibling.reset();
    BOOST_TEST(parent.shows("RRRRRR"));
    std::array<std::uint16_t, 6> order{};
    for (std::uint32_t i = 0; i < parent.extent().shape().connections; ++i) {
        const scoreboard::ConnectionRow row = parent.row(i);
        if (row.number == 0) continue;
        BOOST_REQUIRE(row.number <= order.size());
        order[row.number - 1] = row.local_port;
    }
    BOOST_TEST(order[0] == parent.port(0));
    for (std::size_t i = 0; i < 3; ++i) {
        BOOST_TEST(order[i] == order[i + 3]);
        BOOST_TEST(order[i] != order[(i + 1) % 3]);
    }
}

// P-4: nobody is accepted for whom no thread is reserved, so nothing ever waits in the queue.
BOOST_AUTO_TEST_CASE(a_thread_is_reserved_before_a_client_is_accepted) {
    WorkerParent parent;
    parent.start();
    std::vector<Client> clients;
    for (int i = 0; i < 12; ++i)
        clients.emplace_back(parent.port());
    BOOST_TEST(parent.shows("RRRR"));
    BOOST_TEST(eventually([&] { return parent.status().accepting.load() == 0; }));
    BOOST_TEST(parent.status().accepted.load() == 4u);
    BOOST_TEST(parent.status().queued.load() == 0);
    for (Client& client : clients) {  // each makes way for the next
        BOOST_TEST(client.ask("/a.html", "Connection: close\r\n").body == "hello");
        BOOST_TEST(parent.status().queued.load() <= 4);
    }
    BOOST_TEST(parent.status().accepted.load() == 12u);
}

// The 2 s without a byte are asked anew with each byte, the total is not: 30 s, or 2 s for a child
// that drains.
BOOST_AUTO_TEST_CASE(a_client_that_goes_on_sending_does_not_linger_for_ever) {  // W-3, E-6
    WorkerParent parent;
    parent.config.effective.request.body = 10;
    parent.start();
    Client talker(parent.port());
    talker.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 100000\r\n\r\n");
    BOOST_TEST(talker.read_answer().status == 413);
    BOOST_TEST(parent.shows("C___"));
    const auto begin = Clock::now();
    // A talker whom this machine did not let talk for 2 s is closed, and that is right.
    auto last = begin;
    Clock::duration silence{0};
    while (Clock::now() - begin < milliseconds(2600)) {
        const auto before = Clock::now();
        talker.send("x");
        silence = std::max(silence, Clock::now() - last);
        last = before;
        std::this_thread::sleep_for(milliseconds(20));
    }
    const std::string seen = parent.letters();
    silence = std::max(silence, Clock::now() - last);
    if (silence < milliseconds(2000)) BOOST_TEST(seen == "C___");
    parent.drain(600'000, 100);
    std::atomic<bool> gone{false};
    std::thread sender([&] {
        while (!gone) {
            talker.send("x");
            std::this_thread::sleep_for(milliseconds(20));
        }
    });
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
    gone = true;
    sender.join();
    BOOST_TEST((Clock::now() - begin < std::chrono::seconds(25)));  // not 30
}

BOOST_AUTO_TEST_CASE(a_child_that_waits_for_the_mutex_still_drains) {
    WorkerParent parent;
    parent.sockets = 2;
    auto mutex = os::ProcessMutex::in_memory();
    BOOST_REQUIRE(mutex.has_value());
    parent.accept_mutex = std::move(*mutex);
    const Sibling sibling(*parent.accept_mutex);
    parent.start();
    parent.drain(0, 10);
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(a_mutex_that_fails_before_the_first_client_makes_the_child_sick) {  // W-7
    WorkerParent parent;
    parent.sockets = 2;
    const std::string path = (parent.directory / "lock").string();
    auto mutex = os::ProcessMutex::in_file(os::MutexKind::Fcntl, path);
    BOOST_REQUIRE(mutex.has_value());
    parent.accept_mutex = std::move(*mutex);
    // Opened for reading only, no lock for writing can be had.
    parent.spoil = [&](child::Heritage& heritage) {
        const os::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        BOOST_REQUIRE(::dup2(reader.get(), heritage.accept_mutex->fd()) >= 0);
    };
    parent.start();
    BOOST_TEST(parent.exit_status().value_or(-1) == ipc::kExitSick);
    BOOST_TEST(parent.read_file("error_log").find("accept mutex does not work") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_mutex_that_fails_later_retires_the_child) {  // W-7
    WorkerParent parent;
    parent.sockets = 2;
    const std::string path = (parent.directory / "lock").string();
    auto mutex = os::ProcessMutex::in_file(os::MutexKind::Fcntl, path);
    BOOST_REQUIRE(mutex.has_value());
    parent.accept_mutex = std::move(*mutex);
    const os::UniqueFd reader(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<int, 2> pipe{};
    BOOST_REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
    const os::UniqueFd hears(pipe[0]);
    const os::UniqueFd says(pipe[1]);
    int lock = -1;
    parent.spoil = [&](child::Heritage& heritage) { lock = heritage.accept_mutex->fd(); };
    parent.in_child = [&] {
        std::thread([&lock, reader = reader.get(), hears = hears.get()] {
            char byte = 0;
            if (::read(hears, &byte, 1) == 1) ::dup2(reader, lock);
        }).detach();
    };
    parent.start();
    BOOST_REQUIRE(parent.reported(ipc::Report::Ready));
    Client first(parent.port());
    BOOST_TEST(first.ask("/a.html").body == "hello");
    BOOST_REQUIRE(::write(says.get(), "x", 1) == 1);
    // From now on it cannot be locked. Who comes while it is held is served.
    std::deque<Client> others;
    BOOST_TEST(eventually([&] {
        if (parent.has_said(ipc::Report::Draining)) return true;
        if (others.size() < 3) {
            try {
                others.emplace_back(parent.port());
            } catch (const std::runtime_error&) {  // its sockets are closed by now
            }
        }
        return false;
    }));
    BOOST_TEST(first.ask("/a.html").closes());
    first.close();
    others.clear();
    BOOST_TEST(parent.exit_status().value_or(-1) == 0);  // not sick: it has served
    const std::string log = parent.read_file("error_log");
    BOOST_TEST(log.find("the accept mutex has failed") != std::string::npos, log);
    BOOST_TEST(log.find(":emerg") != std::string::npos, log);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
