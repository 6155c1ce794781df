// A saturated listener (M-23): regulation adds a child although its threads are idle, says why, and
// the siblings share the connections.

#include <algorithm>
#include <chrono>

#include <boost/test/unit_test.hpp>

#include "daemon/os/process.h"
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

// Each child has between half and twice its even share.
bool spread_evenly(const Json& children) {
    if (children.size() != 2) return false;
    const auto a = children.at(0).at("connections").get<std::size_t>();
    const auto b = children.at(1).at("connections").get<std::size_t>();
    return a + b >= kClients / 2 && std::min(a, b) * 4 >= a + b;
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
    BOOST_REQUIRE(fetch(server.port(), "/k1.bin").status == 200);
    const Hammer hammer({server.port(), "/k1.bin", server.file("/k1.bin").size(), kClients, 8});
    bool named = false;
    Json status;
    const bool grew = becomes_true(seconds(6), [&] {
        status = mpmctl.status();
        named = named || status.at("shortage") == "listener";
        return named && status.at("children").at("active") == 2;
    });
    BOOST_TEST(grew, status.dump(1));
    BOOST_TEST(named);
    BOOST_TEST(status.at("workers").at("busy") < 25);
    BOOST_TEST(status.at("requests").at("listener_busy_permille") > 500);
    BOOST_TEST(becomes_true(seconds(2), [&] { return spread_evenly(mpmctl.children()); }));
    const Json requests = mpmctl.status().at("requests");
    BOOST_TEST(number(requests.at("on_listener")) > number(requests.at("on_workers")));
    // As many saturated listeners as cores: no third one.
    BOOST_TEST(mpmctl.status().at("children").at("active") == 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
