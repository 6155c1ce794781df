// Seed 004's configuration under 120 long requests: the spawn law (M-18), what status, board and
// conns say of the same moment, shrinking, and limits changed while it runs.

#include <algorithm>
#include <chrono>
#include <list>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

#include "tests/support/board_view.h"
#include "tests/support/gate.h"
#include "tests/support/http_client.h"
#include "tests/support/mpmctl.h"
#include "tests/support/server_process.h"
#include "tests/support/soon.h"

namespace mpmd::test {
namespace {

using std::chrono::seconds;

const std::string kSeed =
    "ServerLimit 16\nStartServers 2\nMaxRequestWorkers 150\nMinSpareThreads 25\n"
    "MaxSpareThreads 75\nThreadsPerChild 25\n";
constexpr std::size_t kRequests = 120;

bool settled_at(const Mpmctl& mpmctl, std::size_t children) {
    const Json status = mpmctl.status();
    return status.at("children").at("active") == children &&
           status.at("children").at("total") == children &&
           status.at("workers").at("starting") == 0;
}

// What each tick did: children started, or 0. Ticks that found enough stand together.
std::vector<std::size_t> spawned_by_ticks(const std::vector<scoreboard::DecisionRow>& decisions) {
    std::vector<std::size_t> groups;
    for (const scoreboard::DecisionRow& row : decisions)
        groups.push_back(row.spawned);
    return groups;
}

std::string text_of(const std::vector<std::size_t>& numbers) {
    std::string out;
    for (const std::size_t number : numbers)
        out += " " + std::to_string(number);
    return out;
}

// M-18d: the first step is one child, each following one twice as many; a tick that found enough
// idle threads begins again at one.
void expect_spawn_law(const std::vector<std::size_t>& groups,
                      std::size_t first,
                      std::size_t active_limit) {
    BOOST_TEST_CONTEXT("groups:" << text_of(groups)) {
        std::size_t sum = first;
        std::size_t rate = 1;
        for (const std::size_t group : groups) {
            if (group > 0) BOOST_TEST(group == std::min(rate, active_limit - sum));
            rate = group > 0 ? rate * 2 : 1;
            sum += group;
        }
        BOOST_TEST(sum == active_limit);
    }
}

std::ptrdiff_t retiring_ticks(const std::vector<scoreboard::DecisionRow>& decisions) {
    return std::count_if(
        decisions.begin(), decisions.end(),
        [](const scoreboard::DecisionRow& row) { return row.retired_uid != 0 && row.ticks == 1; });
}

// Letters of threads that work, on all rows of the board.
std::size_t busy_letters(const Json& board, std::size_t& threads) {
    std::size_t busy = 0;
    threads = 0;
    for (const Json& child : board.at("children")) {
        const auto letters = child.at("board").get<std::string>();
        threads += letters.size();
        busy +=
            static_cast<std::size_t>(std::count_if(letters.begin(), letters.end(), [](char letter) {
                return std::string("RWKLDC").find(letter) != std::string::npos;
            }));
    }
    return busy;
}

void expect_everyone_is_shown(const Json& connections, const std::list<HttpClient>& crowd) {
    std::set<std::string> clients;
    for (const HttpClient& client : crowd)
        clients.insert("127.0.0.1:" + std::to_string(client.local_port()));
    BOOST_TEST(connections.size() == kRequests);
    std::set<std::pair<std::uint64_t, int>> threads;
    for (const Json& connection : connections) {
        BOOST_TEST(clients.erase(connection.at("peer").get<std::string>()) == 1U);
        BOOST_TEST(connection.at("method") == "GET");
        BOOST_TEST(connection.at("target") == Gate::kPath);
        BOOST_REQUIRE(connection.contains("thread"));
        threads.emplace(number(connection.at("child_uid")), connection.at("thread").get<int>());
        BOOST_TEST(number(connection.at("age_ms")) >= number(connection.at("state_age_ms")));
        BOOST_TEST(number(connection.at("age_ms")) > 0U);
    }
    BOOST_TEST(clients.empty());
    BOOST_TEST(threads.size() == kRequests);  // nobody shares a thread
}

BOOST_AUTO_TEST_SUITE(workers)

BOOST_AUTO_TEST_CASE(a_hundred_and_twenty_long_requests_grow_the_server_to_six_children_and_back) {
    const Gate gate;
    ServerProcess server(kSeed + gate.lines());
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled_at(mpmctl, 2); }));
    // One after the other: of a burst a child takes more than it has workers for, and they wait.
    auto crowd = hold_workers(server, kRequests);
    Json status;
    const bool grew = becomes_true(seconds(2), [&] {
        status = mpmctl.status();
        return status.at("workers").at("busy") == kRequests &&
               status.at("children").at("active") == 6 && status.at("workers").at("idle") == 30 &&
               status.at("requests").at("in_progress") == kRequests &&
               status.at("connections").at("running") == kRequests &&
               status.at("connections").at("total") == kRequests;
    });
    BOOST_TEST(grew, status.dump(1));
    BOOST_TEST(status.at("workers").at("limit") == 150);
    std::size_t threads = 0;
    BOOST_TEST(busy_letters(mpmctl.json({"board"}), threads) == kRequests);
    BOOST_TEST(threads == 150U);
    expect_everyone_is_shown(mpmctl.connections("state = running"), crowd);
    const Ended console = mpmctl.run({"top", "--batch", "-n", "1"});
    BOOST_TEST(console.out.find("120/150") != std::string::npos, console.out + console.err);
    BOOST_TEST(mpmctl.children().size() == 6U);
    expect_spawn_law(spawned_by_ticks(decisions_of(server.pid())), 2, 6);

    gate.open();
    for (HttpClient& client : crowd)
        BOOST_TEST(client.receive().status == 200);
    // M-18a: down to MaxSpareThreads idle ones, one child a tick.
    BOOST_TEST(becomes_true(seconds(3), [&] {
        return settled_at(mpmctl, 3) && mpmctl.status().at("workers").at("idle") == 75;
    }));
    BOOST_TEST(retiring_ticks(decisions_of(server.pid())) == 3);
}

BOOST_AUTO_TEST_CASE(raising_and_lowering_the_spare_limits_acts_at_once_and_restarts_nobody) {
    ServerProcess server(kSeed);
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled_at(mpmctl, 2); }));
    const auto before = pids(mpmctl.children());
    const Json up = mpmctl.json({"set", "MinSpareThreads=60", "MaxSpareThreads=120"});
    BOOST_TEST(up.at("effects").size() == 2U);
    BOOST_TEST(becomes_true(seconds(2), [&] { return settled_at(mpmctl, 3); }));
    const auto grown = pids(mpmctl.children());
    BOOST_TEST(std::includes(grown.begin(), grown.end(), before.begin(), before.end()));
    mpmctl.json({"set", "MinSpareThreads=25", "MaxSpareThreads=75"});
    BOOST_TEST(becomes_true(seconds(10), [&] { return settled_at(mpmctl, 2); }));
    for (const pid_t pid : pids(mpmctl.children()))
        BOOST_TEST(std::binary_search(grown.begin(), grown.end(), pid));
}

struct Wrong {
    std::vector<std::string> changes;
    const char* mentions;  // of the allowed range or the way out
};
std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
    for (const std::string& change : wrong.changes)
        out << change << " ";
    return out;
}

const std::vector<Wrong> kWrong{
    {{"MinSpareThreads=0"}, "1"},
    {{"MinSpareThreads=many"}, "MinSpareThreads"},
    {{"MinSpareThreads=60"}, "86"},  // MaxSpareThreads has to be at least 60 + 25 + 1
    {{"MaxSpareThreads=30"}, "51"},
    {{"MaxRequestWorkers=130"}, "125"},  // no multiple of ThreadsPerChild
    {{"MaxRequestWorkers=500"}, "400"},  // above ServerLimit x ThreadsPerChild
    {{"MinSpareThreads=30", "KeepAliveTimeout=never"}, "KeepAliveTimeout"},  // all or nothing
    {{"MinSpareThread=30"}, "MinSpareThreads"},                              // a typing error
    {{"StateDir=/tmp"}, "StateDir"},                                         // NOT_OVERRIDABLE
};

BOOST_AUTO_TEST_CASE(wrong_values_are_refused_with_reason_and_way_out_and_change_nothing) {
    ServerProcess server(kSeed);
    const Mpmctl mpmctl(server.socket());
    BOOST_REQUIRE(becomes_true(seconds(1), [&] { return settled_at(mpmctl, 2); }));
    const Json before = mpmctl.json({"get"});
    for (const Wrong& wrong : kWrong) {
        BOOST_TEST_CONTEXT("set " << wrong) {
            for (const bool dry : {true, false}) {
                std::vector<std::string> words{"set"};
                if (dry) words.emplace_back("--dry-run");
                words.insert(words.end(), wrong.changes.begin(), wrong.changes.end());
                const Json refusal = mpmctl.json(words, 6);
                const Json& error = refusal.at("error");
                BOOST_TEST(!error.at("reason").get<std::string>().empty());
                const std::string all = error.dump();
                BOOST_TEST(all.find(wrong.mentions) != std::string::npos, all);
            }
        }
    }
    const Json after = mpmctl.json({"get"});
    BOOST_TEST(after.at("revision") == before.at("revision"));
    BOOST_TEST(after.at("directives").dump() == before.at("directives").dump());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
