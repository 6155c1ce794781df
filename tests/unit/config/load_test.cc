#include "daemon/config/load.h"

#include <filesystem>
#include <fstream>

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace
namespace fs = std::filesystem;

namespace {

class Directory {
public:
    Directory() {
        std::string pattern = (fs::temp_directory_path() / "mpmd-load-XXXXXX").string();
        BOOST_REQUIRE((::mkdtemp(pattern.data()) != nullptr));
        path_ = pattern;
        fs::create_directory(path_ / "docs");
    }
    ~Directory() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;

    [[nodiscard]] std::string operator/(const std::string& name) const {
        return (path_ / name).string();
    }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return *this / name;
    }
    // A file that loads, and what a test adds.
    std::string conf(const std::string& more) const {
        return write("mpmd.conf", "ServerRoot " + path_.string() +
                                      "\nListen 127.0.0.1:0\nDocumentRoot docs\n" + more);
    }

private:
    fs::path path_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(load_suite)

BOOST_AUTO_TEST_CASE(a_good_file_becomes_a_configuration) {
    const Directory directory;
    const Loaded loaded = load(directory.conf("MinSpareThreads 50\n"), {});
    BOOST_TEST_CONTEXT(
        (loaded.file.diagnostics.empty() ? "" : loaded.file.diagnostics.front().text())) {
        BOOST_REQUIRE((loaded.config != nullptr));
    }
    BOOST_TEST(loaded.config->effective.limits.min_spare_threads == 50);
    BOOST_TEST(loaded.config->effective.document_root == directory / "docs");
}

BOOST_AUTO_TEST_CASE(the_installed_file_is_good_and_adjusts_nothing) {
    const auto text = read_text(MPMD_SOURCE_DIR "/daemon/packaging/mpmd.conf");
    BOOST_REQUIRE(text.has_value());
    const FileLayer file = parse(*text, "mpmd.conf");
    BOOST_TEST(file.diagnostics.empty());
    BOOST_TEST(normalise(file.settings, {}).adjustments.empty());
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_read_says_why) {
    const Directory directory;
    BOOST_TEST(contains(only_error(load_file(directory / "absent")), "No such file"));
    BOOST_TEST(contains(only_error(load_file(directory / "docs")), "not a regular file"));
    BOOST_REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
    BOOST_TEST(contains(only_error(load_file(directory / "pipe")), "not a regular file"));
    BOOST_TEST(
        contains(only_error(load_file(directory.write("big", std::string(kMaxFileBytes + 1, '#')))),
                 "larger than"));
    BOOST_TEST((load(directory / "absent", {}).config == nullptr));
}

BOOST_AUTO_TEST_CASE(what_the_file_names_must_exist) {
    const Directory directory;
    const auto error = [&](const char* line) {
        return only_error(load_file(directory.conf(line)));
    };
    BOOST_TEST(contains(error("DocumentRoot nowhere\n"), "is not a directory"));
    BOOST_TEST(contains(error("TypesConfig nowhere\n"), "No such file"));
    BOOST_TEST(contains(error("User no-such-user-here\n"), "there is no user"));
    BOOST_TEST(contains(error("Group no-such-group-here\n"), "there is no group"));
    BOOST_TEST(load_file(directory.conf("User #12345\nGroup #12345\n")).ok());
}

BOOST_AUTO_TEST_CASE(a_role_for_nobody_is_a_warning) {
    const Directory directory;
    const FileLayer file = load_file(directory.conf("ControlRole viewer user:no-such-user-here\n"));
    BOOST_TEST(file.ok());
    BOOST_TEST(contains(messages(file, Severity::Warning).front(), "nobody has this role"));
}

BOOST_AUTO_TEST_CASE(control_never_runs_as_the_user_of_the_children) {
    if (::geteuid() != 0) return;  // without root both are the invoking user
    const Directory directory;
    BOOST_TEST(contains(only_error(load_file(directory.conf("User nobody\nControlUser nobody\n"))),
                        "must not run as"));
    BOOST_TEST(load_file(directory.conf("User www-data\nControlUser nobody\n")).ok());
}

BOOST_AUTO_TEST_CASE(an_error_of_the_whole_points_at_its_line) {
    const Directory directory;
    const FileLayer file =
        load_file(directory.conf("ControlSocket /" + std::string(120, 'x') + "\n"));
    BOOST_TEST(contains(only_error(file), "107 is the system's limit"));
    BOOST_TEST(file.diagnostics.front().position.line == 4);
    BOOST_TEST(contains(file.diagnostics.front().text(), "     4 | ControlSocket /xxx"));
}

BOOST_AUTO_TEST_CASE(test_handlers_are_for_loopback_only) {
    const Directory directory;
    const Loaded open = load(directory.conf("TestHandlers On\nListen 0.0.0.0:0\n"), {});
    BOOST_REQUIRE((open.config != nullptr));
    BOOST_TEST(!open.config->effective.test_handlers);
    BOOST_REQUIRE(open.config->warnings.size() == 1U);
    BOOST_TEST(contains(open.config->warnings.front(), ": TestHandlers is left Off"));
    BOOST_TEST(load(directory.conf("TestHandlers On\n"), {}).config->effective.test_handlers);
}

BOOST_AUTO_TEST_SUITE_END()
