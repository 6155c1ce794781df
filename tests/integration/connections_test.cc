// More clients than the server may hold: who is let go so that a new one is served (E-14 d, e), and
// ten thousand idle ones, each of them visible.

#include <chrono>
#include <cstdio>
#include <memory>
#include <set>

#include <boost/test/unit_test.hpp>

#include "daemon/os/process.h"
#include "tests/support/crowd.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The built-in limits. Only the deadlines are far away: whoever is served was let in by shedding,
// and nobody is turned away because a worker was slow.
const std::string kNoDeadlines = "KeepAliveTimeout 600\nTimeOut 600\nRequestQueueTimeout 600\n";
const std::string kHalfHead = "GET /small.txt HTTP/1.1\r\nHost: localhost\r\nX-Half: ";

// A full backlog makes the system try again after 1, 3, 7 and 15 s.
constexpr seconds kPatience{20};

BOOST_AUTO_TEST_SUITE(connections)

BOOST_AUTO_TEST_CASE(two_thousand_half_heads_and_1100_idle_ones_leave_a_new_client_served) {
    ServerProcess server(kNoDeadlines);
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(os::raise_descriptor_limit() >= 4000U);
    Crowd half({server.port(), 2000, kHalfHead, false});
    half.settle(kPatience);
    const HttpResponse among_half_heads = fetch(server.port(), "/small.txt");
    BOOST_TEST(among_half_heads.status == 200, among_half_heads.trouble);
    Crowd idle({server.port(), 1100, get_request("/small.txt"), true});
    idle.settle(kPatience);
    BOOST_TEST(idle.answered() == 1100U);
    for (int i = 0; i < 5; ++i) {
        const HttpResponse newcomer = fetch(server.port(), "/small.txt");
        BOOST_TEST(newcomer.status == 200, newcomer.trouble);
    }
    const auto shed = [&] { return number(mpmctl.status().at("requests").at("shed_head")) > 0; };
    BOOST_TEST(becomes_true(seconds(1), shed));
    BOOST_TEST(number(mpmctl.status().at("requests").at("queue_timeouts")) == 0U);
    BOOST_TEST(becomes_true(seconds(1), [&] {
        half.pump(milliseconds(20));
        return half.closed() > 0;
    }));
}

std::size_t as_many_as_descriptors_allow(std::size_t wanted) {
    const auto limit = static_cast<std::size_t>(os::raise_descriptor_limit());
    if (limit >= wanted + 300) return wanted;
    std::printf("reduced: this machine allows %zu descriptors, so %zu connections, not %zu\n",
                limit, limit - 300, wanted);
    return limit - 300;
}

void expect_each_visible(const Json& connections, const std::set<std::string>& clients) {
    std::set<std::string> seen;
    std::size_t wrong = 0;
    for (const Json& connection : connections) {
        seen.insert(connection.at("peer").get<std::string>());
        const bool right = connection.at("state") == "keep_alive" &&
                           !connection.contains("thread") && connection.at("requests") == 1 &&
                           connection.at("status") == 200 &&
                           number(connection.at("age_ms")) >= number(connection.at("state_age_ms"));
        wrong += right ? 0 : 1;
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST((seen == clients));
    BOOST_TEST(connections.size() == clients.size());
}

std::set<std::string> peers_of(const Crowd& crowd) {
    std::set<std::string> peers;
    for (const std::uint16_t port : crowd.local_ports())
        peers.insert("127.0.0.1:" + std::to_string(port));
    return peers;
}

BOOST_AUTO_TEST_CASE(ten_thousand_idle_connections_are_all_visible_and_the_totals_exact) {
    ServerProcess server(kNoDeadlines + "AsyncRequestWorkerFactor 200\n");
    const Mpmctl mpmctl(server.socket());
    const std::size_t half = as_many_as_descriptors_allow(10000) / 2;
    auto first =
        std::make_unique<Crowd>(CrowdPlan{server.port(), half, get_request("/small.txt"), true});
    first->settle(kPatience);
    BOOST_TEST(first->answered() == half);
    Crowd second({server.port(), half, get_request("/k1.bin"), true});
    second.settle(kPatience);
    BOOST_TEST(second.answered() == half);
    const auto total_is = [&mpmctl](std::size_t wanted) {
        const Json totals = mpmctl.status().at("connections");
        return totals.at("total") == wanted && totals.at("keep_alive") == wanted;
    };
    BOOST_TEST(becomes_true(seconds(1), [&] { return total_is(2 * half); }));
    auto clients = peers_of(*first);
    const auto of_second = peers_of(second);
    clients.insert(of_second.begin(), of_second.end());
    expect_each_visible(mpmctl.connections(), clients);
    BOOST_TEST(mpmctl.connections("target = /k1.bin").size() == half);

    first.reset();
    BOOST_TEST(becomes_true(seconds(1), [&] { return total_is(half); }));
    expect_each_visible(mpmctl.connections(), of_second);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
