#include "daemon/ipc/command_codec.h"

#include <cstring>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpmd::ipc {
namespace {

Command change(std::string_view name, std::string_view value) {
    ChangeBody body;
    body.count = 1;
    BOOST_REQUIRE(set_text(body.changes[0].name, name));
    BOOST_REQUIRE(set_text(body.changes[0].value, value));
    Command command;
    command.header.serial = 17;
    command.header.uid = 1000;
    command.header.request_id[0] = 1;
    command.body = body;
    return command;
}

std::vector<std::byte> bytes_of(Verb verb, std::size_t body) {
    CommandHeader header;
    header.verb = verb;
    header.size = static_cast<std::uint32_t>(body);
    std::vector<std::byte> out(sizeof(header) + body);
    std::memcpy(out.data(), &header, sizeof(header));
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_codec)

BOOST_AUTO_TEST_CASE(a_change_arrives_as_it_was_sent) {
    const auto decoded = decode_command(encode(change("MinSpareThreads", "60")));

    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST((decoded->header.verb == Verb::Change));
    BOOST_TEST(decoded->header.serial == 17U);
    BOOST_TEST(decoded->header.uid == 1000U);
    const auto& body = std::get<ChangeBody>(decoded->body);
    BOOST_TEST(text(body.changes[0].name) == "MinSpareThreads");
    BOOST_TEST(text(body.changes[0].value) == "60");
}

BOOST_DATA_TEST_CASE(a_datagram_cut_anywhere_is_refused,
                     boost::unit_test::data::xrange(0, 2000, 37),
                     length) {
    std::vector<std::byte> whole = encode(change("KeepAlive", "On"));
    whole.resize(static_cast<std::size_t>(length));
    BOOST_TEST(!decode_command(whole).has_value());
}

BOOST_AUTO_TEST_CASE(a_datagram_with_bytes_behind_its_body_is_refused) {
    std::vector<std::byte> longer = encode(change("KeepAlive", "On"));
    longer.push_back(std::byte{0});
    BOOST_TEST(!decode_command(longer).has_value());
}

BOOST_AUTO_TEST_CASE(text_without_an_end_is_refused) {
    Command command = change("KeepAlive", "On");
    auto& body = std::get<ChangeBody>(command.body);
    body.changes[5].value.fill('x');
    BOOST_TEST(!decode_command(encode(command)).has_value());
    body.changes[5].value.fill('\0');
    BOOST_TEST(decode_command(encode(command)).has_value());
    body.reason.fill('x');
    BOOST_TEST(!decode_command(encode(command)).has_value());
}

BOOST_AUTO_TEST_CASE(more_changes_or_targets_than_fit_are_refused) {
    Command command = change("KeepAlive", "On");
    std::get<ChangeBody>(command.body).count = kMaxChanges + 1;
    BOOST_TEST(!decode_command(encode(command)).has_value());

    RolloutBody rollout;
    rollout.count = kMaxTargets + 1;
    command.body = rollout;
    BOOST_TEST(!decode_command(encode(command)).has_value());
}

BOOST_AUTO_TEST_CASE(another_version_is_refused_but_its_header_is_known) {
    std::vector<std::byte> datagram = encode(change("KeepAlive", "On"));
    datagram[0] = std::byte{9};
    BOOST_TEST(!decode_command(datagram).has_value());
    const auto header = decode_header(datagram);
    BOOST_REQUIRE(header.has_value());
    BOOST_TEST(header->serial == 17U);
}

BOOST_AUTO_TEST_CASE(an_unknown_verb_decodes_so_that_it_can_be_refused_by_name) {
    const auto decoded = decode_command(bytes_of(static_cast<Verb>(99), 40));
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST((static_cast<std::uint32_t>(decoded->header.verb) == 99U));
}

BOOST_AUTO_TEST_CASE(ping_has_no_body) {
    BOOST_TEST(decode_command(bytes_of(Verb::Ping, 0)).has_value());
    BOOST_TEST(!decode_command(bytes_of(Verb::Ping, 8)).has_value());
}

BOOST_AUTO_TEST_CASE(a_reply_carries_the_body_of_its_verb) {
    Reply reply;
    reply.header.outcome = Outcome::Done;
    reply.header.serial = 3;
    StateReply state;
    state.count = 1;
    BOOST_REQUIRE(set_text(state.directives[0].name, "ServerLimit"));
    reply.body = state;
    const std::vector<std::byte> datagram = encode(reply);

    const auto decoded = decode_reply(datagram, Verb::State);
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(text(std::get<StateReply>(decoded->body).directives[0].name) == "ServerLimit");
    BOOST_TEST(!decode_reply(datagram, Verb::Hello).has_value());
    BOOST_TEST(!decode_reply(datagram, Verb::Ping).has_value());
}

BOOST_AUTO_TEST_CASE(a_refused_reply_has_no_body_whatever_the_verb) {
    Reply reply;
    reply.header.outcome = Outcome::Refused;
    reply.header.refusal = Refusal::Stopping;
    cut_text(reply.header.message, std::string(1000, 'm'));
    const auto decoded = decode_reply(encode(reply), Verb::Hello);
    BOOST_REQUIRE(decoded.has_value());
    BOOST_TEST(text(decoded->header.message).size() == 511U);
}

BOOST_AUTO_TEST_CASE(a_value_that_does_not_fit_or_hides_a_zero_is_not_set) {
    std::array<char, 4> field{};
    BOOST_TEST(set_text(field, "abc"));
    BOOST_TEST(text(field) == "abc");
    BOOST_TEST(!set_text(field, "abcd"));
    BOOST_TEST(!set_text(field, std::string_view("a\0b", 3)));
    BOOST_TEST(text(field) == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::ipc
