#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/os/clock.h"
#include "daemon/supervisor/control_socket.h"
#include "daemon/supervisor/listen_set.h"
#include "daemon/supervisor/pid_file.h"
#include "daemon/supervisor/run_status.h"
#include "daemon/supervisor/service_notify.h"
#include "daemon/supervisor/state_dir.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::supervisor {
namespace {

using test::TempDir;

// What another process sees, whose locks are not ours.
template <class Look>
int in_another_process(Look look) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(look());
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pid_file)

BOOST_AUTO_TEST_CASE(tells_who_runs_as_long_as_it_runs) {
    const TempDir dir;
    const std::string path = dir / "mpmd.pid";
    auto written = PidFile::write(path);
    BOOST_REQUIRE(written.has_value());
    BOOST_TEST(!written->left_over);
    BOOST_TEST(in_another_process([&] {
                   const auto owner = PidFile::read(path);
                   return owner && *owner && (*owner)->alive && (*owner)->pid == ::getppid() ? 7
                                                                                             : 0;
               }) == 7);
    BOOST_TEST(in_another_process([&] { return PidFile::write(path) ? 0 : 7; }) == 7);

    written->file.remove();
    const auto gone = PidFile::read(path);
    BOOST_REQUIRE(gone.has_value());
    BOOST_TEST(!gone->has_value());
}

BOOST_AUTO_TEST_CASE(of_a_dead_server_is_replaced_and_that_is_said) {
    const TempDir dir;
    const std::string path = dir.write("mpmd.pid", "12345\n");
    const auto owner = PidFile::read(path);
    BOOST_REQUIRE((owner && *owner));
    BOOST_TEST(!(*owner)->alive);
    const auto written = PidFile::write(path);
    BOOST_REQUIRE(written.has_value());
    BOOST_TEST(written->left_over);
}

BOOST_AUTO_TEST_CASE(that_holds_no_process_id_is_refused) {
    const TempDir dir;
    for (const char* content : {"", "abc\n", "-5\n", "0\n", "1\n", "99999999999999999999\n"})
        BOOST_TEST(!PidFile::read(dir.write("p", content)).has_value(), content);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(state_dir)

BOOST_AUTO_TEST_CASE(keeps_the_marks_and_begins_at_one_without_them) {
    const TempDir dir;
    const auto state = StateDir::open(dir / "state", nullptr);
    BOOST_REQUIRE(state.has_value());
    BOOST_TEST(state->read_marks().next_child == 1U);
    BOOST_TEST(state->keep_marks(Marks{1005, 3, 42}).has_value());
    const Marks marks = state->read_marks();
    BOOST_TEST(marks.next_child == 1005U);
    BOOST_TEST(marks.next_operation == 3U);
    BOOST_TEST(marks.revision == 42U);
    dir.write("state/state", "child x\noperation -1\n");
    BOOST_TEST(state->read_marks().next_child == 1U);
}

BOOST_AUTO_TEST_CASE(is_used_by_one_supervisor_at_a_time) {
    const TempDir dir;
    const auto first = StateDir::open(dir / "state", nullptr);
    BOOST_REQUIRE(first.has_value());
    const auto second = StateDir::open(dir / "state", nullptr);
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().message.find("in use") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_file_is_replaced_whole_or_not_at_all) {
    const TempDir dir;
    dir.write("file", "old");
    BOOST_TEST(replace_file(dir / "file", "new").has_value());
    std::ifstream in(dir / "file");
    std::string content;
    in >> content;
    BOOST_TEST(content == "new");
    BOOST_TEST(!replace_file(dir / "no/such/file", "new").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(run_status)

BOOST_AUTO_TEST_CASE(is_read_as_it_was_written) {
    const TempDir dir;
    auto page = RunStatusPage::create(dir / "run-status");
    BOOST_REQUIRE(page.has_value());
    RunStatus status;
    status.loads = 3;
    status.last_load_ok = 0;
    status.last_error[0] = 'x';
    page->write(status);

    const auto seen = read_run_status(dir / "run-status");
    BOOST_REQUIRE(seen.has_value());
    BOOST_TEST(seen->loads == 3U);
    BOOST_TEST(std::string(seen->last_error.data()) == "x");
    BOOST_TEST(!read_run_status(dir / "none").has_value());
    BOOST_TEST(!read_run_status(dir.write("short", "x")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(control_socket)

BOOST_AUTO_TEST_CASE(replaces_what_a_dead_server_left_and_nothing_else) {
    const TempDir dir;
    const std::string path = dir / "run/control.sock";
    {
        const auto left = ControlSocket::open(path, 0666);
        BOOST_REQUIRE(left.has_value());
    }
    auto again = ControlSocket::open(path, 0666);
    BOOST_REQUIRE(again.has_value());
    again->remove();
    BOOST_TEST(!std::filesystem::exists(path));
    BOOST_TEST(!ControlSocket::open(dir.write("precious", "data"), 0666).has_value());
}

BOOST_AUTO_TEST_CASE(with_a_path_that_is_too_long_says_what_to_set) {
    const auto socket = ControlSocket::open("/tmp/" + std::string(103, 'x'), 0666);
    BOOST_REQUIRE(!socket.has_value());
    BOOST_TEST(socket.error().message.find("ControlSocket") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(listen_set)

BOOST_AUTO_TEST_CASE(keeps_the_socket_of_an_address_that_stays) {
    ListenSet set;
    const config::Listen any{"127.0.0.1", 0, "http"};
    auto first = set.prepare({any}, 10);
    BOOST_REQUIRE(first.has_value());
    set.commit(std::move(*first));
    const std::string before = set.text();

    auto second = set.prepare({any, {"127.0.0.2", 0, "http"}}, 10);
    BOOST_REQUIRE(second.has_value());
    BOOST_TEST(set.text() == before);  // nothing happens before commit
    set.commit(std::move(*second));
    BOOST_TEST(set.text().rfind(before + " 127.0.0.2:", 0) == 0U);

    auto third = set.prepare({any}, 10);
    set.commit(std::move(*third));
    BOOST_TEST(set.text() == before);
}

BOOST_AUTO_TEST_CASE(each_bucket_has_a_socket_of_each_address) {  // ListenCoresBucketsRatio
    ListenSet set;
    const std::vector<config::Listen> listen{{"127.0.0.1", 0, "http"}, {"127.0.0.2", 0, "http"}};
    auto one = set.prepare(listen, 10, 1);
    BOOST_REQUIRE(one.has_value());
    BOOST_TEST(set.sockets_of_a_child(*one) == 2U);
    set.commit(std::move(*one));
    const std::string text = set.text();

    auto three = set.prepare(listen, 10, 3);  // beside the sockets that listen already
    BOOST_REQUIRE(three.has_value());
    BOOST_TEST(set.sockets_of_a_child(*three) == 2U);
    set.commit(std::move(*three));
    BOOST_TEST(set.text() == text);
    BOOST_TEST(set.buckets() == 3U);
    for (const ListenSet::Entry& entry : set.entries()) {
        BOOST_TEST(entry.sockets.size() == 3U);
        for (const net::ListenSocket& socket : entry.sockets)
            BOOST_TEST((socket.address() == entry.address()));
    }

    auto two = set.prepare(listen, 10, 2);  // whoever waits in the third is served
    BOOST_REQUIRE(two.has_value());
    BOOST_TEST(set.sockets_of_a_child(*two) == 4U);
    set.commit(std::move(*two));
    BOOST_TEST(set.take_bucket(1).size() == 2U);
    BOOST_TEST(set.take_bucket(0).size() == 4U);
}

// Clients that are connected, and in nobody's hands yet.
struct Waiting {
    Waiting(const net::Address& address, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            sockaddr_storage raw;
            const socklen_t size = address.write_to(raw);
            BOOST_REQUIRE(::connect(clients.back().get(), reinterpret_cast<const sockaddr*>(&raw),
                                    size) == 0);
        }
    }
    std::vector<os::UniqueFd> clients;
};

// A client has connected a moment before the kernel has put it into the queue: so many must be
// there.
std::vector<std::size_t> waiting_in(const ListenSet& set, std::size_t clients) {
    std::vector<std::size_t> out;
    BOOST_TEST(test::becomes_true(std::chrono::seconds(1), [&] {
        out.clear();
        std::size_t sum = 0;
        for (const net::ListenSocket& socket : set.entries()[0].sockets)
            sum += out.emplace_back(socket.waiting());
        return sum == clients;
    }));
    return out;
}

void accept_all(const net::ListenSocket& socket) {
    while (os::UniqueFd(::accept4(socket.fd(), nullptr, nullptr, SOCK_CLOEXEC))) {
    }
}

BOOST_AUTO_TEST_CASE(sockets_that_are_too_many_get_nobody_new_and_are_closed_when_empty) {
    ListenSet set;
    const std::vector<config::Listen> listen{{"127.0.0.1", 0, "http"}};
    set.commit(std::move(*set.prepare(listen, 500, 3)));
    const net::Address address = set.entries()[0].address();
    const Waiting before(address, 60);
    const std::vector<std::size_t> divided = waiting_in(set, 60);
    BOOST_REQUIRE(divided.size() == 3U);
    for (const std::size_t count : divided)
        BOOST_TEST(count > 0U);

    set.commit(std::move(*set.prepare(listen, 500, 1)));  // a hard restart with fewer
    const MonoTime now = os::mono_now();
    const Waiting after(address, 60);
    BOOST_TEST(
        waiting_in(set, 120) == (std::vector<std::size_t>{divided[0] + 60, divided[1], divided[2]}),
        boost::test_tools::per_element());
    // Nobody who waits is lost: not before the handshakes are over, and not before the queue is
    // empty.
    const auto socket = [&set](std::size_t i) -> const net::ListenSocket& {
        return set.entries()[0].sockets[i];
    };
    accept_all(socket(2));
    BOOST_TEST(set.close_unused(now) == 0U);
    const MonoTime later = os::mono_now() + ListenSet::kHandshake;
    const os::UniqueFd of_a_child(::dup(socket(2).fd()));
    BOOST_TEST(set.close_unused(later) == 1U);
    // For the children too.
    BOOST_TEST(::accept4(of_a_child.get(), nullptr, nullptr, 0) == -1);
    BOOST_TEST(errno == EINVAL);
    BOOST_TEST(set.close_unused(later) == 0U);
    BOOST_TEST(socket(1).waiting() == divided[1]);
    accept_all(socket(1));
    BOOST_TEST(set.close_unused(later) == 1U);
    BOOST_TEST(waiting_in(set, divided[0] + 60) == (std::vector<std::size_t>{divided[0] + 60}),
               boost::test_tools::per_element());

    set.commit(std::move(*set.prepare(listen, 500, 2)));  // and more again
    const Waiting more(address, 60);
    const std::vector<std::size_t> again = waiting_in(set, divided[0] + 120);
    BOOST_TEST(again[0] > divided[0] + 60);
    BOOST_TEST(again[1] > 0U);
}

BOOST_AUTO_TEST_CASE(an_address_in_use_is_an_error_and_changes_nothing) {
    ListenSet taken;
    taken.commit(std::move(*taken.prepare({{"127.0.0.1", 0, "http"}}, 10)));
    const std::uint16_t port = taken.entries()[0].address().port();
    ListenSet set;
    const auto prepared = set.prepare({{"127.0.0.1", port, "http"}}, 10);
    BOOST_REQUIRE(!prepared.has_value());
    BOOST_TEST(prepared.error().message.find("cannot listen on 127.0.0.1") != std::string::npos);
    BOOST_TEST(!set.prepare({}, 10).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(service_notify)

BOOST_AUTO_TEST_CASE(says_ready_to_the_socket_of_the_environment_and_takes_it_away) {
    const TempDir dir;
    const std::string path = dir / "notify";
    const os::UniqueFd receiver(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_storage raw{};
    raw.ss_family = AF_UNIX;
    path.copy(reinterpret_cast<char*>(&raw) + sizeof(sa_family_t), path.size());
    BOOST_REQUIRE_EQUAL(::bind(receiver.get(), reinterpret_cast<const sockaddr*>(&raw),
                               static_cast<socklen_t>(sizeof(sa_family_t) + path.size())),
                        0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    const ServiceNotify notify = ServiceNotify::from_environment();
    BOOST_TEST((::getenv("NOTIFY_SOCKET") == nullptr));
    notify.say("READY=1");
    char buffer[64] = {};
    BOOST_TEST(::recv(receiver.get(), buffer, sizeof(buffer), 0) == 7);
    BOOST_TEST(std::string(buffer) == "READY=1");
    ServiceNotify::from_environment().say("READY=1");  // nobody listens: nothing happens
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::supervisor
