// What control remembers and counts: rates, pages of connections, numbers of peers, request ids,
// watchers, commands.
#include <set>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "daemon/control/command.h"
#include "daemon/control/connection_query.h"
#include "daemon/control/directive_book.h"
#include "daemon/control/peer_table.h"
#include "daemon/control/rates.h"
#include "daemon/control/role_book.h"
#include "daemon/control/services.h"
#include "daemon/control/watchers.h"

namespace mpmd::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kStart = from_ns(5'000'000'000'000);

RatePoint point(Nanoseconds after, std::uint64_t requests, std::uint64_t epoch = 1) {
    RatePoint point;
    point.time = kStart + after;
    point.epoch = epoch;
    point.requests = requests;
    point.bytes_out = requests * 100;
    point.children[3] = requests;
    return point;
}

ConnectionFacts row(std::uint64_t child, std::uint64_t number, std::uint32_t requests = 0) {
    ConnectionFacts facts;
    facts.child_uid = child;
    facts.row.number = number;
    facts.row.requests = requests;
    facts.row.state = scoreboard::ConnectionState::KeepAlive;
    facts.row.thread = -1;
    facts.row.family = 4;
    return facts;
}

ConnectionQuery query(const char* filter, const char* order) {
    auto query = ConnectionQuery::parse(filter, order);
    BOOST_REQUIRE(query);
    return std::move(*query);
}

struct Socket {
    Socket() : fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
    os::UniqueFd fd;
};

Peer peer(std::uint32_t uid) {
    Peer peer;
    peer.uid = uid;
    return peer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rates)

BOOST_AUTO_TEST_CASE(are_those_of_the_last_second_ten_and_sixty) {  // S-3
    RateHistory history;
    std::uint64_t requests = 0;
    for (int second = 0; second <= 120; ++second) {
        history.add(point(seconds(second), requests));
        requests += second < 90 ? 10 : 100;
    }
    const Rates rates = history.rates(point(seconds(121), requests));
    BOOST_TEST(rates.requests == 100.0);
    BOOST_TEST(rates.requests_10s == 100.0);
    BOOST_TEST(rates.requests_60s == (29 * 10 + 31 * 100) / 60.0,
               boost::test_tools::tolerance(0.03));
    BOOST_TEST(rates.bytes_out == 10'000.0);
    BOOST_TEST(rates.children.at(3) == 100.0);
}

BOOST_AUTO_TEST_CASE(show_a_gap_and_no_spike_when_counters_were_cleared) {
    RateHistory history;
    history.add(point(seconds(0), 1'000'000, 1));
    history.add(point(seconds(1), 50, 2));
    BOOST_TEST(history.rates(point(milliseconds(1100), 60, 2)).requests == 0.0);
    BOOST_TEST(history.rates(point(seconds(2), 150, 2)).requests == 100.0);
}

BOOST_AUTO_TEST_CASE(never_fall_below_zero) {
    RateHistory history;
    history.add(point(seconds(0), 100));
    BOOST_TEST(history.rates(point(seconds(1), 50)).requests == 0.0);
}

BOOST_AUTO_TEST_CASE(of_a_server_that_has_just_begun_are_zero) {
    const RateHistory history;
    BOOST_TEST(history.rates(point(seconds(0), 100)).requests == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(connection_pages)

BOOST_AUTO_TEST_CASE(give_every_connection_once_in_any_order) {
    std::vector<ConnectionFacts> rows;
    for (std::uint64_t number = 1; number <= 100; ++number)
        rows.push_back(row(1 + number % 3, number, static_cast<std::uint32_t>(number % 7)));
    for (const char* order : {"", "requests", "requests desc", "peer", "target desc"}) {
        const ConnectionQuery asked = query("requests != 3", order);
        std::set<std::uint64_t> seen;
        std::string token;
        do {
            const auto page = select_page(rows, asked, order, token, 7);
            BOOST_REQUIRE(page);
            BOOST_TEST(page->selection.matched == 86U);
            BOOST_TEST(page->selection.rows.size() <= 7U);
            for (const ConnectionFacts* found : page->selection.rows)
                BOOST_TEST(seen.insert(found->row.number).second, order);
            token = page->next_token;
        } while (!token.empty());
        BOOST_TEST(seen.size() == 86U, order);
    }
}

BOOST_AUTO_TEST_CASE(lose_nobody_when_others_come_and_go) {
    std::vector<ConnectionFacts> rows = {row(1, 1), row(1, 2), row(1, 3), row(1, 4)};
    const ConnectionQuery asked = query("", "");
    const auto first = select_page(rows, asked, "", "", 2);
    // The two that were shown have gone, one came in front.
    rows = {row(0, 9), row(1, 3), row(1, 4)};
    const auto second = select_page(rows, asked, "", first->next_token, 2);
    BOOST_REQUIRE(second->selection.rows.size() == 2U);
    BOOST_TEST(second->selection.rows[0]->row.number == 3U);
    BOOST_TEST(second->selection.rows[1]->row.number == 4U);
    BOOST_TEST(second->next_token == "");
}

BOOST_AUTO_TEST_CASE(of_another_query_are_refused) {
    const std::vector<ConnectionFacts> rows = {row(1, 1), row(1, 2)};
    const auto page = select_page(rows, query("", ""), "a", "", 1);
    BOOST_REQUIRE(!page->next_token.empty());
    for (const std::string& token :
         {page->next_token, std::string("x"), std::string("1.2.3.4.zz")}) {
        const auto refused = select_page(rows, query("", ""), "b", token, 1);
        BOOST_REQUIRE(!refused);
        BOOST_TEST(refused.error().reason == "BAD_PAGE_TOKEN");
    }
}

BOOST_AUTO_TEST_CASE(a_window_is_a_part_of_the_whole_order) {
    std::vector<ConnectionFacts> rows;
    for (std::uint64_t number = 10; number > 0; --number)
        rows.push_back(row(1, number));
    const Selection window = select_window(rows, query("", ""), 3, 4);
    BOOST_TEST(window.matched == 10U);
    BOOST_REQUIRE(window.rows.size() == 4U);
    BOOST_TEST(window.rows[0]->row.number == 4U);
    BOOST_TEST(window.rows[3]->row.number == 7U);
    BOOST_TEST(select_window(rows, query("", ""), 10, 4).rows.empty());
}

BOOST_AUTO_TEST_CASE(a_wrong_filter_carries_its_column) {
    const auto refused = ConnectionQuery::parse("state = flying", "");
    BOOST_REQUIRE(!refused);
    BOOST_TEST(refused.error().reason == "BAD_FILTER");
    BOOST_TEST((refused.error().metadata.at(0).second == "9"));
    BOOST_TEST(ConnectionQuery::parse("", "nothing").error().reason == "BAD_ORDER");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(peer_table)

BOOST_AUTO_TEST_CASE(a_number_is_not_given_again_before_it_has_rested) {
    PeerTable table({500, 503}, 100, 100);
    const Socket socket;
    const int first = table.place(socket.fd.get(), peer(1)).value();
    const int second = table.place(socket.fd.get(), peer(2)).value();
    const int third = table.place(socket.fd.get(), peer(3)).value();
    BOOST_TEST(!table.place(socket.fd.get(), peer(4)));

    ::close(second);  // as gRPC does when the connection ends
    table.retire(second, kStart);
    table.sweep(kStart + milliseconds(900));
    BOOST_TEST(!table.place(socket.fd.get(), peer(4)));
    BOOST_TEST(table.find("fd:" + std::to_string(second))->uid == 2U);

    table.sweep(kStart + PeerTable::kRest);
    BOOST_TEST(table.find("fd:" + std::to_string(second)) == nullptr);
    BOOST_TEST(table.place(socket.fd.get(), peer(4)).value() == second);
    BOOST_TEST(table.find("fd:" + std::to_string(second))->uid == 4U);
    for (const int fd : {first, second, third})
        ::close(fd);
}

BOOST_AUTO_TEST_CASE(a_number_that_somebody_else_has_is_left_alone) {
    const Socket socket;
    const os::UniqueFd other(::fcntl(socket.fd.get(), F_DUPFD_CLOEXEC, 600));
    BOOST_REQUIRE(other.get() == 600);
    PeerTable table({600, 602}, 100, 100);
    const int placed = table.place(socket.fd.get(), peer(1)).value();
    BOOST_TEST(placed == 601);
    ::close(placed);
}

BOOST_AUTO_TEST_CASE(what_is_no_number_of_ours_is_nobody) {
    const PeerTable table({500, 503}, 100, 100);
    for (const char* name :
         {"", "fd:", "fd:500", "fd:-1", "unix:", "ipv4:1.2.3.4:5", "fd:99999999999"})
        BOOST_TEST(table.find(name) == nullptr, name);
}

BOOST_AUTO_TEST_CASE(one_user_cannot_take_all_places_but_root_may) {
    PeerTable table({700, 720}, 5, 2);
    const Socket socket;
    std::vector<os::UniqueFd> placed;
    const auto try_place = [&](std::uint32_t uid) {
        const auto number = table.place(socket.fd.get(), peer(uid));
        if (number) placed.emplace_back(*number);
        return number.has_value();
    };
    BOOST_TEST(try_place(1000));
    BOOST_TEST(try_place(1000));
    BOOST_TEST(!try_place(1000));
    BOOST_TEST(try_place(0));
    BOOST_TEST(try_place(0));
    BOOST_TEST(try_place(0));
    BOOST_TEST(!try_place(0));
}

BOOST_AUTO_TEST_CASE(the_kernel_says_who_is_at_the_other_end) {
    int ends[2];
    BOOST_REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const os::UniqueFd a(ends[0]);
    const os::UniqueFd b(ends[1]);
    const auto who = read_peer(a.get());
    BOOST_REQUIRE(who);
    BOOST_TEST(who->uid == ::getuid());
    BOOST_TEST(who->gid == ::getgid());
    BOOST_TEST(who->pid == static_cast<std::uint32_t>(::getpid()));
    BOOST_TEST(who->command.starts_with("test_control"));
    BOOST_TEST(std::count(who->groups.begin(), who->groups.end(), ::getgid()) >= 1);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(roles)

BOOST_AUTO_TEST_CASE(of_the_configuration_become_numbers_and_nonsense_is_named) {
    ipc::HelloReply hello;
    hello.supervisor_uid = 0;
    hello.children_uid = 33;
    ipc::cut_text(hello.roles, "operator uid:1000\nviewer user:root\nadmin user:nobody-knows-me\n");
    std::vector<std::string> problems;
    const RoleRules rules = resolve_roles(hello, problems);
    BOOST_REQUIRE(problems.size() == 1U);
    BOOST_TEST(problems[0].find("nobody-knows-me") != std::string::npos);
    RoleBook book;
    BOOST_TEST((book.role(peer(0)) == Role::None));  // before HELLO nobody is anybody
    book.set(rules);
    BOOST_TEST((book.role(peer(0)) == Role::Admin));
    BOOST_TEST((book.role(peer(1000)) == Role::Operator));
    BOOST_TEST((book.role(peer(33)) == Role::None));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(commands)

BOOST_AUTO_TEST_CASE(a_request_id_is_a_uuid_or_nothing) {
    BOOST_TEST((read_request_id("").value() == RequestId{}));
    const auto id = read_request_id("7b1f5c1e-3d5a-4f0e-9c1b-0a6a4f0d2c11");
    BOOST_REQUIRE(id);
    BOOST_TEST(id->front() == 0x7b);
    BOOST_TEST(id->back() == 0x11);
    for (const char* wrong :
         {"x", "7b1f", "7b1f5c1e-3d5a-4f0e-9c1b-0a6a4f0d2c1", "----",
          "7b1f5c1e-3d5a-4f0e-9c1b-0a6a4f0d2c111", "00000000-0000-0000-0000-000000000000"})
        BOOST_TEST(read_request_id(wrong).error().reason == "BAD_REQUEST_ID", wrong);
}

BOOST_AUTO_TEST_CASE(an_etag_that_is_not_ours_matches_nothing) {
    BOOST_TEST(read_etag("").value() == 0U);
    BOOST_TEST(read_etag("41").value() == 41U);
    for (const char* wrong : {"0", "x41", "41 ", "-1", "99999999999999999999"})
        BOOST_TEST(read_etag(wrong).error().reason == "REVISION_CHANGED", wrong);
}

BOOST_AUTO_TEST_CASE(the_same_id_for_another_request_is_refused) {
    RequestIds ids;
    const RequestId id{1, 2, 3};
    BOOST_TEST(ids.check(id, "UpdateDirectives", "a").has_value());
    BOOST_TEST(ids.check(id, "UpdateDirectives", "a").has_value());
    BOOST_TEST(ids.check(id, "UpdateDirectives", "b").error().reason == "REQUEST_ID_REUSED");
    BOOST_TEST(ids.check(id, "RestartChildren", "a").error().reason == "REQUEST_ID_REUSED");
    BOOST_TEST(ids.check(RequestId{}, "UpdateDirectives", "a").has_value());
    BOOST_TEST(ids.check(RequestId{}, "UpdateDirectives", "b").has_value());
}

BOOST_AUTO_TEST_CASE(a_refusal_keeps_every_number_the_supervisor_gave) {
    ipc::Reply reply;
    reply.header.outcome = ipc::Outcome::Refused;
    reply.header.refusal = ipc::Refusal::LimitsConflict;
    reply.header.revision = 41;
    ipc::cut_text(reply.header.message, "610 is not a multiple of ThreadsPerChild (25)");
    ipc::cut_text(reply.header.metadata,
                  "directive=MaxRequestWorkers\nnearest=600,625\nsuggestion=600\n");
    const Failure failure = failure_of(reply);
    BOOST_TEST((failure.code == Code::FailedPrecondition));
    BOOST_TEST(failure.reason == "LIMITS_CONFLICT");
    BOOST_TEST(failure.metadata.size() == 3U);
    BOOST_REQUIRE(failure.violations.size() == 1U);
    BOOST_TEST(failure.violations[0].field == "MaxRequestWorkers");
    reply.header.refusal = ipc::Refusal::RevisionChanged;
    BOOST_TEST((failure_of(reply).metadata.back() ==
                std::make_pair(std::string("revision"), std::string("41"))));
    reply.header.refusal = static_cast<ipc::Refusal>(77);
    BOOST_TEST(failure_of(reply).reason == "BUG");
}

BOOST_AUTO_TEST_CASE(every_refusal_has_a_reason_of_its_own) {
    std::set<std::string> reasons;
    for (std::uint32_t refusal = 1;
         refusal <= static_cast<std::uint32_t>(ipc::Refusal::StateNotSaved); ++refusal) {
        ipc::Reply reply;
        reply.header.refusal = static_cast<ipc::Refusal>(refusal);
        BOOST_TEST(reasons.insert(failure_of(reply).reason).second);
        BOOST_TEST(failure_of(reply).reason != "BUG");
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(watchers)

BOOST_AUTO_TEST_CASE(are_limited_together_and_for_each_user) {
    Watchers watchers(4);
    std::vector<std::unique_ptr<Watchers::Pass>> passes;
    const auto enter = [&](std::uint32_t uid) {
        auto pass = watchers.enter(uid);
        if (pass) passes.push_back(std::move(*pass));
        return pass.has_value() || (pass.error().reason != "WATCHER_LIMIT");
    };
    BOOST_TEST(enter(1));
    BOOST_TEST(!enter(1));  // a quarter of four
    BOOST_TEST(enter(2));
    BOOST_TEST(enter(3));
    BOOST_TEST(enter(4));
    BOOST_TEST(!enter(5));
    passes.clear();
    BOOST_TEST(watchers.count() == 0U);
    BOOST_TEST(enter(1));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(directive_book)

// N13: only a hard restart changes the number of buckets, so what the settings ask for is not what
// holds.
BOOST_AUTO_TEST_CASE(adjustments_are_those_of_the_buckets_in_use) {
    DirectiveStates states;
    const auto add = [&states](std::string_view name, std::string_view value) {
        ipc::DirectiveState state;
        ipc::cut_text(state.name, name);
        ipc::cut_text(state.value, value);
        states.states.push_back(state);
    };
    add("StartServers", "2");
    add("ListenCoresBucketsRatio", "1");
    const auto of_start_servers = [&states] {
        std::int64_t effective = 0;
        for (const mpm::Adjustment& made : adjustments_of(states))
            if (made.directive == "StartServers") effective = made.effective;
        return effective;
    };
    states.buckets = 1;
    BOOST_TEST(of_start_servers() == 0);  // none
    states.buckets = 6;
    BOOST_TEST(of_start_servers() == 6);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::control
