#include <array>
#include <ostream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/net/address.h"
#include "daemon/net/listen_socket.h"
#include "daemon/net/plain_stream.h"
#include "tests/support/soon.h"
#include "tests/support/temp_dir.h"

namespace mpmd::net {
namespace {

BOOST_AUTO_TEST_SUITE(address)

struct Vector {
    const char* host;
    const char* text;
    bool loopback;
    bool any;
};
std::ostream& operator<<(std::ostream& out, const Vector& vector) {
    return out << vector.host;
}
const Vector kVectors[] = {
    {"127.0.0.1", "127.0.0.1:80", true, false},
    {"127.9.9.9", "127.9.9.9:80", true, false},
    {"198.51.100.7", "198.51.100.7:80", false, false},
    {"", "0.0.0.0:80", false, true},
    {"*", "0.0.0.0:80", false, true},
    {"::1", "[::1]:80", true, false},
    {"[2001:db8::7]", "[2001:db8::7]:80", false, false},
    {"::", "[::]:80", false, true},
};
BOOST_DATA_TEST_CASE(numbers_are_read_and_written, boost::unit_test::data::make(kVectors), vector) {
    const auto address = Address::parse(vector.host, 80);
    BOOST_REQUIRE(address.has_value());
    BOOST_TEST(address->text() == vector.text);
    BOOST_TEST(address->is_loopback() == vector.loopback);
    BOOST_TEST(address->is_any() == vector.any);
    sockaddr_storage raw;
    BOOST_TEST(address->write_to(raw) > 0u);
    BOOST_TEST((Address::from(raw) == *address));
}

BOOST_AUTO_TEST_CASE(a_name_is_not_a_number_but_can_be_resolved) {
    BOOST_TEST(!Address::parse("localhost", 80).has_value());
    const auto found = resolve("localhost", 80);
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->front().is_loopback());
    const auto missing = resolve("no-such-host.invalid", 80);
    BOOST_REQUIRE(!missing.has_value());
    BOOST_TEST(missing.error().message.find("no-such-host.invalid") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(listen_socket)

BOOST_AUTO_TEST_CASE(a_port_that_is_taken_is_named) {
    const auto first = ListenSocket::open(*Address::parse("127.0.0.1", 0), 16);
    BOOST_REQUIRE(first.has_value());
    BOOST_TEST(first->address().port() != 0);
    const auto second = ListenSocket::open(first->address(), 16);
    BOOST_REQUIRE(!second.has_value());
    BOOST_TEST(second.error().message.find(first->address().text()) != std::string::npos);
    BOOST_TEST(second.error().os_errno == EADDRINUSE);
}

BOOST_AUTO_TEST_CASE(the_backlog_changes_while_it_listens) {
    auto socket = ListenSocket::open(*Address::parse("127.0.0.1", 0), 1);
    BOOST_REQUIRE(socket.has_value());
    BOOST_TEST(socket->set_backlog(16).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(plain_stream)

struct Pair {
    PlainStream ours;
    PlainStream peer;
    Pair() {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0);
        ours = PlainStream(os::UniqueFd(ends[0]));
        peer = PlainStream(os::UniqueFd(ends[1]));
    }
};

BOOST_AUTO_TEST_CASE(reading_says_bytes_wait_or_end) {
    Pair pair;
    std::array<char, 16> buffer{};
    BOOST_TEST((pair.ours.read(buffer).want == Want::Read));
    std::string text = "hello";
    const iovec part{text.data(), text.size()};
    BOOST_TEST(pair.peer.write({&part, 1}, More::No).bytes == 5u);
    BOOST_TEST(pair.ours.unread() == 5u);
    const Io got = pair.ours.read(buffer);
    BOOST_TEST((got.want == Want::Nothing));
    BOOST_TEST(std::string_view(buffer.data(), got.bytes) == "hello");
    BOOST_TEST((pair.peer.shut_writing().want == Want::Nothing));
    BOOST_TEST((pair.ours.read(buffer).want == Want::End));
}

BOOST_AUTO_TEST_CASE(a_reader_that_does_not_read_makes_the_writer_wait_and_none_kills_us) {
    Pair pair;
    std::string head(1000, 'h');
    std::string body(100000, 'b');
    const std::array<iovec, 2> parts{iovec{head.data(), head.size()},
                                     iovec{body.data(), body.size()}};
    Io io;
    for (int i = 0; i < 100 && io.want == Want::Nothing; ++i)
        io = pair.ours.write(parts, More::No);
    BOOST_TEST((io.want == Want::Write));
    pair.peer.close();
    io = pair.ours.write(parts, More::No);
    BOOST_TEST((io.want == Want::Failed));
    BOOST_TEST(io.os_errno == EPIPE);
}

BOOST_AUTO_TEST_CASE(a_file_that_became_shorter_ends_early) {
    Pair pair;
    const test::TempDir directory;
    const std::string path = directory.write("file", "0123456789");
    const os::UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    const Io all = pair.ours.send_file(file.get(), 2, 100);
    BOOST_TEST((all.want == Want::Nothing));
    BOOST_TEST(all.bytes == 8u);
    BOOST_TEST((pair.ours.send_file(file.get(), 10, 100).want == Want::End));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::net
