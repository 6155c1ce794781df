// Include and IncludeOptional: in memory for the grammar, on disk for what a path names.

#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "daemon/config/load.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace
namespace fs = std::filesystem;

namespace {

// Files by path; a pattern is not understood.
Sources memory(std::map<std::string, std::string> files) {
    return {{}, {}, [files = std::move(files)](const std::string& path) {
                std::vector<SourceFile> out;
                const auto found = files.find(path);
                if (found != files.end()) out.push_back({path, found->second});
                return out;
            }};
}

std::vector<std::string> names(const std::vector<SourceFile>& files, const fs::path& below) {
    std::vector<std::string> out;
    for (const SourceFile& file : files)
        out.push_back(fs::path(file.path).lexically_relative(below).string());
    return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(include)

BOOST_AUTO_TEST_CASE(a_file_is_read_in_its_place) {
    const FileLayer file =
        parse("ServerRoot /etc/m\nListen 80\nStartServers 4\nInclude more.conf\nTimeOut 8\n",
              "/etc/m/main.conf",
              memory({{"/etc/m/more.conf", "StartServers 5\nTimeOut 9\nListen 81\n"}}));
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST(file.settings.limits.start_servers == 5);
    BOOST_TEST(file.settings.live.timeout_ms == 8000);
    BOOST_TEST(file.settings.listen.size() == 2U);
    BOOST_TEST(file.values.at("StartServers").position.file == "/etc/m/more.conf");
    BOOST_TEST(file.values.at("StartServers").position.line == 1);
    BOOST_TEST(file.files == (std::vector<std::string>{"/etc/m/main.conf", "/etc/m/more.conf"}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_names_the_file_that_has_it_and_the_line_after_is_read_on) {
    const FileLayer file = parse("Listen 80\nInclude /a\nTimeOut x\n", "/m",
                                 memory({{"/a", "# one\n  StartServerz 5\n"}}));
    BOOST_REQUIRE(file.diagnostics.size() == 2U);
    BOOST_TEST(contains(file.diagnostics[0].text(),
                        "/a:2:3: unknown directive \"StartServerz\"; did you mean StartServers?\n"
                        "     2 |   StartServerz 5\n"));
    BOOST_TEST(contains(file.diagnostics[1].headline(), "/m:3:9: TimeOut must be"));
}

BOOST_AUTO_TEST_CASE(definitions_and_conditions_reach_into_included_files) {
    const FileLayer file = parse(
        "Listen 80\nDefine N 6\n<Location /x>\nInclude /a\n</Location>\n<IfDefine NO>\nInclude "
        "/absent\n</IfDefine>\nStartServers ${M}\n",
        "/m", memory({{"/a", "Require local\nDefine M ${N}1\n"}}));
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST((file.settings.locations.at(0).access == Access::Local));
    BOOST_TEST(file.settings.limits.start_servers == 61);
}

BOOST_AUTO_TEST_CASE(a_section_closes_in_the_file_that_opens_it) {
    const FileLayer open =
        parse("Listen 80\nInclude /a\n", "/m", memory({{"/a", "<Location /x>\n"}}));
    BOOST_TEST(contains(open.diagnostics.front().headline(), "/a:1:1: <Location> is never closed"));
    const FileLayer close = parse("Listen 80\n<Location /x>\nInclude /a\n</Location>\n", "/m",
                                  memory({{"/a", "</Location>\n"}}));
    BOOST_TEST(contains(only_error(close), "</Location> closes nothing"));
}

BOOST_AUTO_TEST_CASE(files_that_include_one_another_are_found_out) {
    const FileLayer file =
        parse("Listen 80\nInclude /a\n", "/m",
              memory({{"/a", "Include /b\n"}, {"/b", "TimeOut 3\nInclude /a\n"}}));
    BOOST_TEST(contains(file.diagnostics.front().headline(),
                        "/b:2:9: Include goes round: /m -> /a -> /b -> /a"));
    BOOST_TEST(contains(only_error(parse("Listen 80\nInclude /m\n", "/m", memory({{"/m", ""}}))),
                        "/m -> /m"));
}

BOOST_AUTO_TEST_CASE(depth_and_number_of_files_have_an_end) {
    std::map<std::string, std::string> chain;
    for (int i = 0; i < 40; ++i)
        chain["/" + std::to_string(i)] = "Include /" + std::to_string(i + 1) + "\n";
    BOOST_TEST(contains(only_error(parse("Listen 80\nInclude /0\n", "/m", memory(chain))),
                        "20 files deep"));

    std::map<std::string, std::string> tree{{"/9", "TimeOut 3\n"}};
    for (int i = 0; i < 9; ++i) {
        std::string& text = tree["/" + std::to_string(i)];
        for (int k = 0; k < 5; ++k)
            text += "Include /" + std::to_string(i + 1) + "\n";
    }
    const FileLayer wide = parse("Listen 80\nInclude /0\n", "/m", memory(tree));
    BOOST_TEST(contains(messages(wide, Severity::Error).front(), "one file too many"));
    BOOST_TEST(wide.files.size() == kMaxFiles);
}

BOOST_AUTO_TEST_CASE(only_include_optional_may_find_nothing) {
    BOOST_TEST(contains(only_error(parse("Listen 80\nInclude a*\n", "/m", memory({}))),
                        "Include \"/etc/mpmd/a*\": there is no such file below ServerRoot"));
    BOOST_TEST(parse("Listen 80\nIncludeOptional a*\n", "/m", memory({})).ok());
}

BOOST_AUTO_TEST_CASE(a_path_names_a_file_a_directory_or_what_matches) {
    const mpmd::test::TempDir dir;
    for (const char* name : {"b.conf", "a.conf", "a.bak", "d/2.conf", "d/1.conf", "d/e/x", "z"})
        dir.write(name, name);
    const auto read = [&](const std::string& path) {
        const auto files = read_included(dir / path);
        BOOST_REQUIRE(files.has_value());
        return names(*files, dir.path());
    };
    using Names = std::vector<std::string>;
    BOOST_TEST(read("z") == Names{"z"}, boost::test_tools::per_element());
    BOOST_TEST(read("*.conf") == (Names{"a.conf", "b.conf"}), boost::test_tools::per_element());
    BOOST_TEST(read("d") == (Names{"d/1.conf", "d/2.conf", "d/e/x"}),
               boost::test_tools::per_element());
    BOOST_TEST(read("[d]/?.conf") == (Names{"d/1.conf", "d/2.conf"}),
               boost::test_tools::per_element());
    BOOST_TEST(read("*/*.conf") == (Names{"d/1.conf", "d/2.conf"}),
               boost::test_tools::per_element());
    BOOST_TEST(read("absent").empty());
    BOOST_TEST(read("*.absent").empty());

    fs::create_symlink("nowhere", dir.path() / "dangling");
    BOOST_TEST(!read_included(dir / "dangling").has_value());
    fs::create_directory_symlink(".", dir.path() / "d" / "loop");
    BOOST_TEST(contains(read_included(dir / "d").error().message, "20 deep"));
}

BOOST_AUTO_TEST_CASE(links_in_circles_are_given_up_after_a_thousand_directories) {
    const mpmd::test::TempDir dir;
    fs::create_directory(dir.path() / "d");
    dir.write("d/z.conf", "");
    fs::create_directory(dir.path() / "d" / "in");
    // Deeper than 20 is refused first; so wide it has to be.
    for (int i = 0; i < 40; ++i)
        fs::create_directory(dir.path() / "d" / "in" / std::to_string(i));
    for (int i = 0; i < 40; ++i)
        fs::create_directory_symlink("in", dir.path() / "d" / ("link" + std::to_string(i)));
    BOOST_TEST(contains(read_included(dir / "d").error().message, "1000 directories"));
}

BOOST_AUTO_TEST_CASE(all_files_together_are_bounded_while_they_are_read) {
    const mpmd::test::TempDir dir;
    for (int i = 0; i < 17; ++i)
        dir.write("d/" + std::to_string(i) + ".conf", std::string(1'000'000, '#'));
    fs::create_symlink("gone", dir.path() / "d" / "z");  // would be the error if it came so far
    BOOST_TEST(contains(read_included(dir / "d").error().message, "bytes in all files"));
}

BOOST_AUTO_TEST_CASE(a_load_reads_what_is_included_again) {
    const mpmd::test::TempDir dir;
    fs::create_directory(dir.path() / "docs");
    dir.write("conf.d/10.conf", "MinSpareThreads 31\n");
    const std::string main =
        dir.write("m.conf", "ServerRoot " + dir.path().string() +
                                "\nListen 127.0.0.1:0\nDocumentRoot docs\nIncludeOptional "
                                "conf.d/*.conf\n<IfDefine MORE>\nTimeOut 9\n</IfDefine>\n");
    const auto min_spare = [&] { return load_file(main).settings.limits.min_spare_threads; };
    BOOST_TEST(min_spare() == 31);
    dir.write("conf.d/10.conf", "MinSpareThreads 32\n");
    BOOST_TEST(min_spare() == 32);
    dir.write("conf.d/20.conf", "MinSpareThreads 33\n");
    BOOST_TEST(min_spare() == 33);
    fs::remove_all(dir.path() / "conf.d");
    BOOST_TEST(min_spare() == 75);
    BOOST_TEST(load_file(main, surroundings_here({"MORE"})).settings.live.timeout_ms == 9000);
}

BOOST_AUTO_TEST_SUITE_END()
