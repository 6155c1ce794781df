#include "daemon/mpm/persistence.h"

#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
namespace data = boost::unit_test::data;
using mpm::KeepAliveLimits;
using mpm::ResponseFacts;
using mpmd::Milliseconds;

namespace {

struct Ends {
    const char* name;
    ResponseFacts facts;
    KeepAliveLimits limits;
};
std::ostream& operator<<(std::ostream& out, const Ends& e) {
    return out << e.name;
}

ResponseFacts with(bool ResponseFacts::*member, bool value) {
    ResponseFacts facts;
    facts.*member = value;
    return facts;
}

// E-21: one broken condition is enough.
const Ends kEnds[] = {
    {"already marked close", with(&ResponseFacts::marked_close, true), {}},
    {"100-continue still owed", with(&ResponseFacts::continue_owed, true), {}},
    {"length not delimited", with(&ResponseFacts::delimited, false), {}},
    {"a status that forces a close", with(&ResponseFacts::status_forces_close, true), {}},
    {"client sent close", with(&ResponseFacts::client_sent_close, true), {}},
    {"server sent close", with(&ResponseFacts::server_sent_close, true), {}},
    {"HTTP/1.0 without keep-alive", with(&ResponseFacts::http_1_1, false), {}},
    {"the child is stopping", with(&ResponseFacts::child_stopping, true), {}},
    {"KeepAlive Off", {}, KeepAliveLimits{false, Milliseconds(5000), 100}},
    {"KeepAliveTimeout 0 (A-24)", {}, KeepAliveLimits{true, Milliseconds(0), 100}},
    {"negative MaxKeepAliveRequests", {}, KeepAliveLimits{true, Milliseconds(5000), -1}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(persistence)

BOOST_DATA_TEST_CASE(the_connection_ends, data::make(kEnds), e) {
    BOOST_TEST(!mpm::decide_persistence(e.facts, e.limits).persistent);
}

BOOST_AUTO_TEST_CASE(http_1_1_persists_without_announcing_it) {
    const mpm::Persistence p = mpm::decide_persistence({}, {});
    BOOST_TEST(p.persistent);
    BOOST_TEST(!p.announce);
}

BOOST_AUTO_TEST_CASE(a_client_that_asks_is_told_whole_seconds_and_what_is_left) {
    ResponseFacts facts;
    facts.http_1_1 = false;
    facts.client_sent_keep_alive = true;
    const auto p = mpm::decide_persistence(facts, {true, Milliseconds(1500), 100});
    BOOST_TEST(p.announce);
    BOOST_TEST(p.timeout_seconds == 1);
    BOOST_TEST(p.left.value() == 99);
    BOOST_TEST(!mpm::decide_persistence(facts, {true, Milliseconds(1500), 0}).left);
}

BOOST_AUTO_TEST_CASE(
    exactly_max_keep_alive_requests_are_served) {  // the original serves one more
    KeepAliveLimits limits;
    limits.max_requests = 3;
    ResponseFacts facts;
    facts.responses = 1;
    while (mpm::decide_persistence(facts, limits).persistent)
        ++facts.responses;
    BOOST_TEST(facts.responses == 3);
}

BOOST_AUTO_TEST_CASE(statuses_after_which_the_request_may_be_unread_close) {
    for (const int status : {400, 408, 413, 414, 431, 503})
        BOOST_TEST(mpm::status_forces_close(status));
    for (const int status : {200, 304, 404, 405, 416})
        BOOST_TEST(!mpm::status_forces_close(status));
}

BOOST_AUTO_TEST_CASE(only_a_close_the_client_asked_for_skips_the_lingering) {  // decisions.md 9
    BOOST_TEST(mpm::may_close_at_once({true, true, false}));
    BOOST_TEST(!mpm::may_close_at_once({false, true, false}));  // we decided
    BOOST_TEST(!mpm::may_close_at_once({true, false, false}));  // body not read whole
    BOOST_TEST(!mpm::may_close_at_once({true, true, true}));    // bytes would reset it
}

BOOST_AUTO_TEST_SUITE_END()
