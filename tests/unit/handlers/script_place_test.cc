// Which file a path means, and what is left of it for the script.

#include "daemon/handlers/script_place.h"

#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "tests/support/temp_dir.h"

namespace handlers = mpmd::handlers;
namespace fs = std::filesystem;

namespace {

struct Site {
    mpmd::test::TempDir dir;

    Site() {
        for (const char* name : {"cgi/a.cgi", "cgi/sub/b", "cgi/.htsecret", "outside/evil"}) {
            const std::string file = dir.write(name, "#!/bin/sh\n");
            fs::permissions(file, fs::perms(0755));
        }
        dir.write("cgi/plain", "no script\n");
        fs::create_symlink("sub/b", dir / "cgi/inside");
        fs::create_symlink("../outside/evil", dir / "cgi/out");
        fs::create_directory_symlink("../outside", dir / "cgi/dir-out");
    }
    [[nodiscard]] handlers::ScriptPlace find(const std::string& path) const {
        return handlers::find_script("/cgi-bin/", dir / "cgi", path);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(script_place)

BOOST_AUTO_TEST_CASE(is_the_first_file_on_the_way_and_the_rest_is_path_info) {
    const Site site;
    handlers::ScriptPlace place = site.find("/cgi-bin/a.cgi");
    BOOST_TEST(place.status == 0);
    BOOST_TEST(place.script_name == "/cgi-bin/a.cgi");
    BOOST_TEST(place.path_info == "");
    BOOST_TEST(place.file == site.dir / "cgi/a.cgi");
    place = site.find("/cgi-bin/a.cgi/");
    BOOST_TEST(place.path_info == "/");
    place = site.find("/cgi-bin/sub/b/x/y");
    BOOST_TEST(place.script_name == "/cgi-bin/sub/b");
    BOOST_TEST(place.path_info == "/x/y");
    BOOST_TEST(place.directory == fs::canonical(site.dir / "cgi/sub").string());
}

BOOST_AUTO_TEST_CASE(may_be_a_link_within_the_directory_and_none_that_leads_out) {
    const Site site;
    const handlers::ScriptPlace inside = site.find("/cgi-bin/inside");
    BOOST_TEST(inside.status == 0);
    BOOST_TEST(inside.file == site.dir / "cgi/inside");
    BOOST_TEST(inside.executable == fs::canonical(site.dir / "cgi/sub/b").string());
    BOOST_TEST(site.find("/cgi-bin/out").status == 403);
    BOOST_TEST(site.find("/cgi-bin/dir-out/evil").status == 403);
}

BOOST_AUTO_TEST_CASE(is_refused_with_a_reason) {
    const Site site;
    BOOST_TEST(site.find("/cgi-bin/missing").status == 404);
    BOOST_TEST(site.find("/cgi-bin/sub/missing/x").status == 404);
    BOOST_TEST(site.find("/cgi-bin/").status == 403);
    BOOST_TEST(site.find("/cgi-bin/sub").status == 403);
    BOOST_TEST(site.find("/cgi-bin/sub/").status == 403);
    BOOST_TEST(site.find("/cgi-bin/plain").status == 403);
    BOOST_TEST(site.find("/cgi-bin/plain").reason.find("cannot be executed") != std::string::npos);
    BOOST_TEST(site.find("/cgi-bin/.htsecret").status == 403);
    BOOST_TEST(handlers::find_script("/c/", site.dir / "none", "/c/a").status == 404);
}

BOOST_AUTO_TEST_CASE(may_be_a_single_script_and_the_whole_site) {
    const Site site;
    const handlers::ScriptPlace one =
        handlers::find_script("/run", site.dir / "cgi/a.cgi", "/run/x");
    BOOST_TEST(one.status == 0);
    BOOST_TEST(one.script_name == "/run");
    BOOST_TEST(one.path_info == "/x");
    const handlers::ScriptPlace whole = handlers::find_script("/", site.dir / "cgi", "/sub/b/1");
    BOOST_TEST(whole.script_name == "/sub/b");
    BOOST_TEST(whole.path_info == "/1");
}

BOOST_AUTO_TEST_SUITE_END()
