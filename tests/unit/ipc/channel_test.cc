#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/ipc/child_channel.h"
#include "daemon/ipc/command_channel.h"
#include "daemon/ipc/datagram.h"

namespace mpmd::ipc {
namespace {

std::pair<ChildChannel, ChildChannel> made() {
    auto ends = ChildChannel::pair();
    BOOST_REQUIRE(ends.has_value());
    return std::move(ends.value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(child_channel)

BOOST_AUTO_TEST_CASE(an_order_arrives_with_its_body) {
    auto [supervisor, child] = made();
    DrainOrder order;
    order.deadline_ms = 5000;
    BOOST_TEST(supervisor.send_body(Order::Drain, order));

    const ChildEvent event = child.next();
    const auto* message = std::get_if<ChildMessage>(&event);
    BOOST_REQUIRE(message != nullptr);
    BOOST_TEST(message->kind == static_cast<std::uint32_t>(Order::Drain));
    DrainOrder received;
    BOOST_TEST(message->read(received));
    BOOST_TEST(received.deadline_ms == 5000);
    FailedReport other;
    BOOST_TEST(!message->read(other));
}

BOOST_AUTO_TEST_CASE(log_files_travel_as_descriptors) {
    auto [supervisor, child] = made();
    const os::UniqueFd null(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const std::array<int, 2> files{null.get(), null.get()};
    BOOST_TEST(supervisor.send(Order::LogFiles, files));

    ChildEvent event = child.next();
    auto* message = std::get_if<ChildMessage>(&event);
    BOOST_REQUIRE(message != nullptr);
    BOOST_REQUIRE_EQUAL(message->files.size(), 2U);
    BOOST_TEST(::write(message->files[1].get(), "x", 1) == 1);
    BOOST_TEST((::fcntl(message->files[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_CASE(the_end_of_one_side_is_seen_by_the_other) {
    auto [supervisor, child] = made();
    BOOST_TEST(child.send(Report::Ready));
    child = ChildChannel();
    BOOST_TEST(std::holds_alternative<ChildMessage>(supervisor.next()));
    BOOST_TEST(std::holds_alternative<ChannelEnd>(supervisor.next()));
    BOOST_TEST(!supervisor.send(Order::Stop));
}

BOOST_AUTO_TEST_CASE(the_supervisor_never_waits) {
    auto [supervisor, child] = made();
    BOOST_TEST(std::holds_alternative<ChannelEmpty>(supervisor.next()));
    int sent = 0;
    while (supervisor.send(Order::Pause))
        ++sent;  // a child that reads nothing
    BOOST_TEST(sent > 10);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(command_channel)

BOOST_AUTO_TEST_CASE(a_request_is_answered_by_serial) {
    auto ends = datagram_pair();
    BOOST_REQUIRE(ends.has_value());
    CommandServer server(std::move(ends->first));
    CommandClient client(std::move(ends->second));
    Command ping;
    ping.header.serial = 9;
    BOOST_TEST(client.send(ping).has_value());

    const auto event = server.next();
    const auto* command = std::get_if<Command>(&event);
    BOOST_REQUIRE(command != nullptr);
    Reply done;
    done.header.outcome = Outcome::Done;
    done.header.serial = command->header.serial;
    BOOST_TEST(server.reply(done));

    const auto reply = client.receive([](std::uint64_t serial) {
        BOOST_TEST(serial == 9U);
        return Verb::Ping;
    });
    BOOST_REQUIRE(reply.has_value());
    BOOST_TEST((reply->header.outcome == Outcome::Done));
}

BOOST_AUTO_TEST_CASE(garbage_is_malformed_and_the_channel_goes_on) {
    auto ends = datagram_pair();
    CommandServer server(std::move(ends->first));
    const std::array<std::byte, 5> garbage{};
    BOOST_TEST((send(ends->second.get(), garbage) == Sent::Whole));
    const std::vector<std::byte> giant(kMaxCommand + 1);
    BOOST_TEST((send(ends->second.get(), giant) == Sent::Whole));
    BOOST_TEST((send(ends->second.get(), encode(Command{})) == Sent::Whole));

    BOOST_TEST(std::holds_alternative<CommandServer::Malformed>(server.next()));
    BOOST_TEST(std::holds_alternative<CommandServer::Malformed>(server.next()));
    BOOST_TEST(std::holds_alternative<Command>(server.next()));
    BOOST_TEST(std::holds_alternative<CommandServer::WouldBlock>(server.next()));
}

BOOST_AUTO_TEST_CASE(a_control_that_never_reads_is_given_up_and_never_waited_for) {
    auto ends = datagram_pair();
    CommandServer server(std::move(ends->first));
    Reply reply;
    reply.header.outcome = Outcome::Done;
    reply.body = StateReply{};
    int taken = 0;
    while (server.reply(reply))
        BOOST_REQUIRE_LT(++taken, 10000);
    BOOST_TEST(taken >= 64);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::ipc
