#include "daemon/handlers/location.h"

#include <ostream>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/handlers/router.h"
#include "daemon/os/clock.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/handlers/asked.h"

namespace config = mpmd::config;
namespace handlers = mpmd::handlers;
namespace http = mpmd::http;
namespace data = boost::unit_test::data;
using config::Access;
using config::SetHandler;
using mpmd::net::Address;
using mpmd::test::Asked;
using mpmd::test::TempDir;

namespace {

config::Location section(std::string path,
                         std::optional<SetHandler> handler,
                         std::optional<Access> access = std::nullopt) {
    config::Location location;
    location.path = std::move(path);
    location.handler = handler;
    location.access = access;
    return location;
}

struct Match {
    const char* section;
    const char* raw_path;
    bool matches;
};
std::ostream& operator<<(std::ostream& out, const Match& match) {
    return out << match.section << " against " << match.raw_path;
}

const Match kMatches[] = {
    {"/a", "/a", true},
    {"/a", "/a/", true},
    {"/a", "/a/b", true},
    {"/a", "/ab", false},
    {"/a", "/", false},
    {"/a", "/b/a", false},
    {"/a/", "/a/", true},
    {"/a/", "/a/b", true},
    {"/a/", "/a", false},
    {"/", "/", true},
    {"/", "/anything", true},
    // No spelling goes around a section.
    {"/a", "//a", true},
    {"/a", "/%61", true},
    {"/a", "/b/../a", true},
    {"/a", "/./a/b", true},
    {"/a", "/a/../b", false},
    {"/a", "/A", false},
    {"/a b", "/a%20b", true},
    {"/", "*", false},
};

struct Ends {
    const char* client;
    const char* server;
    bool local;
};
std::ostream& operator<<(std::ostream& out, const Ends& ends) {
    return out << ends.client << " at " << ends.server;
}
const Ends kEnds[] = {
    {"127.0.0.1", "192.0.2.1", true},
    {"127.9.9.9", "127.0.0.1", true},
    {"::1", "::1", true},
    {"192.0.2.7", "192.0.2.7", true},
    {"2001:db8::5", "2001:db8::5", true},
    {"192.0.2.7", "192.0.2.1", false},
    {"2001:db8::5", "2001:db8::6", false},
    {"192.0.2.7", "0.0.0.0", false},
    // The same sixteen bytes of another family.
    {"32.1.13.184", "2001:db8::", false},
};

void comes_from(Asked& asked, const char* address) {
    const auto peer = Address::parse(address, 4711);
    asked.request.peer = {peer->bytes(), peer->port(), peer->family() == AF_INET6};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(locations)

BOOST_DATA_TEST_CASE(a_section_matches_whole_segments_of_the_decoded_path,
                     data::make(kMatches),
                     match) {
    const std::vector sections = {section(match.section, SetHandler::ServerStatus)};
    const handlers::Locations locations(sections);
    const bool found = locations.find(match.raw_path).handler == SetHandler::ServerStatus;
    BOOST_TEST(found == match.matches);
}

BOOST_AUTO_TEST_CASE(later_sections_win_in_what_they_set_and_leave_the_rest) {
    std::vector sections = {section("/", SetHandler::CgiScript, Access::Denied),
                            section("/a", std::nullopt, Access::Local),
                            section("/a/b", SetHandler::None)};
    sections[0].exec_cgi = true;
    sections[2].exec_cgi = false;
    const auto top = handlers::merge_locations(sections, "/x");
    BOOST_TEST((top.handler == SetHandler::CgiScript && top.access == Access::Denied));
    BOOST_TEST(top.exec_cgi);
    const auto below = handlers::merge_locations(sections, "/a/c");
    BOOST_TEST((below.handler == SetHandler::CgiScript && below.access == Access::Local));
    BOOST_TEST(below.exec_cgi);
    const auto deepest = handlers::merge_locations(sections, "/a/b");
    BOOST_TEST((deepest.handler == SetHandler::None && deepest.access == Access::Local));
    BOOST_TEST(!deepest.exec_cgi);
    // The order of the file counts, not the length of the path.
    std::swap(sections[0], sections[1]);
    BOOST_TEST((handlers::merge_locations(sections, "/a/c").access == Access::Denied));
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_be_decoded_is_refused_where_there_are_sections) {
    const std::vector sections = {section("/a", SetHandler::ServerStatus)};
    BOOST_TEST(handlers::Locations(sections).find("/a/%zz").status == 400);
    BOOST_TEST(handlers::Locations(sections).find("/a%2fb").status == 404);
    const std::vector<config::Location> none;
    BOOST_TEST(handlers::Locations(none).find("/a/%zz").status == 0);
}

BOOST_DATA_TEST_CASE(local_is_the_loopback_or_the_servers_own_address, data::make(kEnds), ends) {
    const bool local =
        handlers::is_local(*Address::parse(ends.client, 1), *Address::parse(ends.server, 2));
    BOOST_TEST(local == ends.local);
}

BOOST_AUTO_TEST_CASE(every_request_is_checked_files_too) {
    TempDir dir;
    dir.write("site/a.txt", "hello");
    dir.write("site/secret/b.txt", "secret");
    config::Settings settings;
    settings.document_root = dir / "site";
    settings.locations = {section("/secret", std::nullopt, Access::Denied),
                          section("/mpmd-test", std::nullopt, Access::Local)};
    handlers::Router router(settings, true);
    http::Response response;
    const auto now = mpmd::os::mono_now();

    Asked open("/a.txt");
    http::Runner open_runner;
    router.run(open.request, open_runner, response);
    BOOST_TEST(response.status == 200);
    for (const char* spelling : {"/secret/b.txt", "/%73ecret/b.txt", "/a/..//secret/b.txt"}) {
        Asked denied(spelling);
        http::Runner denied_runner;
        router.run(denied.request, denied_runner, response);
        BOOST_TEST(response.status == 403);
        BOOST_TEST((router.answer(denied.request, now, response) == http::Where::Answered));
        BOOST_TEST(response.status == 403);
    }
    Asked near("/mpmd-test/status?204");
    comes_from(near, "127.0.0.1");
    BOOST_TEST((router.answer(near.request, now, response) == http::Where::NeedsWorker));
    http::Runner near_runner;
    router.run(near.request, near_runner, response);
    BOOST_TEST(response.status == 204);
    Asked far("/mpmd-test/status?204");
    comes_from(far, "192.0.2.9");
    BOOST_TEST((router.answer(far.request, now, response) == http::Where::Answered));
    BOOST_TEST(response.status == 403);
    Asked unknown("/mpmd-test/status?204");  // nobody said who it is
    http::Runner unknown_runner;
    router.run(unknown.request, unknown_runner, response);
    BOOST_TEST(response.status == 403);
}

BOOST_AUTO_TEST_SUITE_END()
