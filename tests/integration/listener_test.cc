// A saturated listener (M-23): regulation adds a child although its threads are idle, says why, and
// the siblings share the connections.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "daemon/os/process.h"
#include "tests/support/board_view.h"
#include "tests/support/hammer.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/skip.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;

constexpr std::size_t kClients = 64;
constexpr std::size_t kHammers = 4;

// What regulation wrote down when it added children for want of listeners. The record stays, where
// a look at the shortage of the moment may come too late.
std::vector<scoreboard::DecisionRow> for_want_of_listeners(pid_t supervisor) {
    std::vector<scoreboard::DecisionRow> found;
    for (const scoreboard::DecisionRow& row : decisions_of(supervisor))
        if (row.spawned > 0 && scoreboard::text(row.cause) == "listener") found.push_back(row);
    return found;
}

// Connections that each child has accepted, by uid.
std::map<std::uint64_t, std::uint64_t> accepted_by(const Json& children) {
    std::map<std::uint64_t, std::uint64_t> accepted;
    for (const Json& child : children)
        accepted[number(child.at("uid"))] = number(child.at("accepted"));
    return accepted;
}

// Of many new connections both have got an eighth at least: four times less than even.
bool shared(const std::map<std::uint64_t, std::uint64_t>& before, const Json& children) {
    std::uint64_t all = 0;
    std::uint64_t least = UINT64_MAX;
    for (const auto& [uid, accepted] : accepted_by(children)) {
        const auto old = before.find(uid);
        const std::uint64_t fresh = accepted - (old == before.end() ? 0 : old->second);
        all += fresh;
        least = std::min(least, fresh);
    }
    return children.size() >= 2 && all >= 4 * kClients && least * 4 * children.size() >= all;
}

BOOST_AUTO_TEST_SUITE(listener)

BOOST_AUTO_TEST_CASE(a_saturated_listener_gets_a_sibling_and_status_names_what_was_short) {
    if (os::online_cores() < 2) skip("one processor: a second listener would not help");
    // What makes the listener hand requests to workers is out of the way: with all workers busy for
    // a moment a child does not accept, and that is another shortage. The shortage is shown for one
    // interval, then it is cured: long enough to be seen on a slow machine.
    ServerProcess server(
        ServerOptions{"StartServers 1\nServerLimit 8\nThreadsPerChild 25\nMaxRequestWorkers 200\n"
                      "MinSpareThreads 5\nMaxSpareThreads 200\nAsyncRequestWorkerFactor 20\n"
                      "FileCacheCheck 600\nMaintenanceInterval 3s\n",
                      true, false});
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(mpmctl.status().at("children").at("active") == 1);
    BOOST_TEST(mpmctl.status().at("shortage") == "none");
    BOOST_REQUIRE(becomes_true(seconds(3), [&] {  // a file goes into the cache when it is not new
        return fetch(server.port(), "/k1.bin").status == 200 &&
               number(mpmctl.status().at("requests").at("on_listener")) > 0;
    }));
    // Several, so that the one listener is the slower side however little of a processor each gets.
    const HammerPlan plan{server.port(), "/k1.bin", server.file("/k1.bin").size(),
                          kClients / kHammers, 8};
    std::list<Hammer> hammers;
    for (std::size_t i = 0; i < kHammers; ++i)
        hammers.emplace_back(plan);
    bool named = false;
    BOOST_REQUIRE(becomes_true(seconds(6), [&] {
        const Json status = mpmctl.status();
        named = named || status.at("shortage") == "listener";  // stays in sight for 5 s
        return named && !for_want_of_listeners(server.pid()).empty() &&
               status.at("children").at("active") >= 2;
    }));
    const scoreboard::DecisionRow why = for_want_of_listeners(server.pid()).front();
    BOOST_TEST(why.spawned == 1U);
    BOOST_TEST(why.active == 1U);
    BOOST_TEST(why.present == 25U);  // all threads were there, behind a listener without time
    const auto before = accepted_by(mpmctl.children());
    BOOST_TEST(becomes_true(seconds(4), [&] { return shared(before, mpmctl.children()); }),
               mpmctl.children().dump(1));
    BOOST_TEST(becomes_true(seconds(1), [&] {
        const Json requests = mpmctl.status().at("requests");
        return number(requests.at("on_listener")) > number(requests.at("on_workers"));
    }));
    // Never more of them than cores.
    BOOST_TEST(for_want_of_listeners(server.pid()).size() < os::online_cores());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
