// <Location>, conditions and their nesting, Define and ${NAME}.

#include "daemon/config/sections.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/config/definitions.h"
#include "daemon/config/normalise.h"
#include "tests/unit/config/httpd_files.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

namespace {

// Whether a line within the section is read.
bool reads(const std::string& opening, const Sources& sources = {}) {
    const std::string name = opening.substr(1, opening.find_first_of(" >") - 1);
    const FileLayer file =
        parse("Listen 127.0.0.1:80\n" + opening + "\nStartServers 9\n</" + name + ">\n", "t.conf",
              sources);
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    return file.settings.limits.start_servers == 9;
}

struct Condition {
    const char* opening;
    bool holds;
    friend std::ostream& operator<<(std::ostream& out, const Condition& condition) {
        return out << condition.opening;
    }
};

const Condition kConditions[] = {
    {"<IfModule core_module>", true},
    {"<IfModule core.c>", true},
    {"<IfModule MOD_STATUS.C>", true},
    {"<IfModule status_module>", true},
    {"<IfModule !status_module>", false},
    {"<IfModule mod_cgid.c>", true},
    {"<IfModule cgi_module>", true},
    {"<IfModule log_config_module>", true},
    {"<IfModule mod_mime.c>", true},
    {"<IfModule dir_module>", true},
    {"<IfModule unixd_module>", true},
    {"<IfModule mpm_prefork_module>", false},
    {"<IfModule prefork.c>", false},
    {"<IfModule !mod_ssl.c>", true},
    {"<IfModule mod_ssl.c>", false},
    {"<IfModule \"status_module\">", true},
    {"<IfDefine FOO>", true},
    {"<IfDefine foo>", false},
    {"<IfDefine !FOO>", false},
    {"<IfDefine !BAR>", true},
    {"<IfDefine PATH>", false},  // the environment is not Define
    {"<IfVersion >= 2.4>", true},
    {"<IfVersion < 2.4>", false},
    {"<IfVersion !< 2.4>", true},
    {"<IfVersion > 2.4.1>", true},
    {"<IfVersion 2.2>", false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sections_suite)

BOOST_DATA_TEST_CASE(a_condition_decides_what_is_read, boost::unit_test::data::make(kConditions)) {
    BOOST_TEST(reads(sample.opening, {{"FOO"}, {{"PATH", "/bin"}}, nullptr}) == sample.holds);
}

BOOST_AUTO_TEST_CASE(the_mpm_in_force_is_that_of_the_lines_above) {
    const std::string sections =
        "<IfModule mpm_event_module>\nStartServers 4\n</IfModule>\n"
        "<IfModule mpm_worker_module>\nStartServers 5\n</IfModule>\n";
    BOOST_TEST(parse_lines("MPM event\n" + sections).settings.limits.start_servers == 4);
    BOOST_TEST(parse_lines("MPM worker\n" + sections).settings.limits.start_servers == 5);
    BOOST_TEST(
        parse_lines("MPM event\n" + sections + "MPM worker\n").settings.limits.start_servers == 4);
}

BOOST_AUTO_TEST_CASE(what_is_skipped_is_not_looked_at) {
    const FileLayer file = parse_lines(
        "<IfModule mod_ssl.c>\nSSLCipherSuite \"never closed\nUnknown x\n"
        "<VirtualHost *:443>\nServerLimit 3\n</VirtualHost>\n"
        "<IfModule core.c>\nStartServers 8\n</IfModule>\n<Strange>\n</Strange>\nInclude nothing\n"
        "</IfModule>\nTimeOut 7\n");
    BOOST_TEST(file.diagnostics.empty());
    BOOST_TEST(file.settings.limits.start_servers == 3);
    BOOST_TEST(file.settings.live.timeout_ms == 7000);
}

BOOST_AUTO_TEST_CASE(a_skipped_section_must_still_close_in_order) {
    const FileLayer crossed =
        parse_lines("<IfDefine NO>\n<Location /a>\n</IfDefine>\n</Location>\n");
    BOOST_TEST(contains(crossed.diagnostics.front().message,
                        "</IfDefine> where </Location> is due; <Location> was opened on line 3"));
    BOOST_TEST(contains(only_error(parse_lines("<IfDefine NO>\n")), "never closed"));
}

BOOST_AUTO_TEST_CASE(conditions_nest_around_and_inside_a_location) {
    const FileLayer file = parse_lines(
        "<IfModule status_module>\n<Location /server-status>\nSetHandler server-status\n"
        "<IfModule !mod_authz_core.c>\nOrder allow,deny\n</IfModule>\n"
        "<IfModule mod_authz_core.c>\nRequire local\n</IfModule>\n</Location>\n</IfModule>\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_REQUIRE(file.settings.locations.size() == 1U);
    BOOST_TEST(file.settings.locations[0].path == "/server-status");
    BOOST_TEST((file.settings.locations[0].handler == SetHandler::ServerStatus));
    BOOST_TEST((file.settings.locations[0].access == Access::Local));
    BOOST_TEST(!file.settings.locations[0].exec_cgi.has_value());
}

BOOST_AUTO_TEST_CASE(locations_keep_their_order_and_say_only_what_they_say) {
    const FileLayer file = parse_lines(
        "<Location />\nRequire all denied\n</Location>\n"
        "<Location \"/cgi bin\">\nSetHandler cgi-script\nOptions +ExecCGI -Indexes\n"
        "Require all granted\n</Location>\n<Location /x>\nOptions None\nSetHandler none\n"
        "Require all denied\nRequire local\n</Location>\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    const auto& all = file.settings.locations;
    BOOST_REQUIRE(all.size() == 3U);
    BOOST_TEST((all[0] == Location{"/", {}, Access::Denied, {}}));
    BOOST_TEST((all[1] == Location{"/cgi bin", SetHandler::CgiScript, Access::Granted, true}));
    BOOST_TEST((all[2] == Location{"/x", SetHandler::None, Access::Local, false}));
    BOOST_TEST(value_text(*find_directive("Require"), file.settings) ==
               "all denied in /, all granted in \"/cgi bin\", local in /x");
    BOOST_TEST(value_text(*find_directive("Options"), file.settings) ==
               "+ExecCGI in \"/cgi bin\", -ExecCGI in /x");
}

struct HttpdFile {
    const char* name;
    const char* text;
    std::int64_t max_request_workers;
    std::size_t warnings;
    std::size_t notices;
    friend std::ostream& operator<<(std::ostream& out, const HttpdFile& file) {
        return out << file.name;
    }
};

const HttpdFile kHttpdFiles[] = {
    {"mpm_event.conf", httpd::kDebianMpm, 150, 0, 0},
    {"apache2.conf of 2.2", httpd::kDebianMpm22, 150, 2, 0},
    {"httpd-mpm.conf", httpd::kUpstreamMpm, 400, 0, 0},
    {"status.conf", httpd::kDebianStatus, 400, 0, 0},
    {"serve-cgi-bin.conf", httpd::kDebianCgi, 400, 0, 0},
    {"*.load", httpd::kDebianLoad, 400, 0, 1},
    {"apache2.conf", httpd::kDebianMain, 400, 1, 10},
};

BOOST_DATA_TEST_CASE(a_file_of_httpd_loads_as_it_is,
                     boost::unit_test::data::make(kHttpdFiles) ^
                         boost::unit_test::data::xrange(std::size(kHttpdFiles)),
                     file,
                     index) {
    for (const char* mpm : {"event", "worker"}) {
        const FileLayer layer = parse_lines("MPM " + std::string(mpm) + "\n" + file.text);
        BOOST_TEST_CONTEXT(mpm << " " << index) {
            BOOST_REQUIRE_MESSAGE(layer.ok(), only_error(layer));
            BOOST_TEST(layer.settings.limits.max_request_workers == file.max_request_workers);
            BOOST_TEST(messages(layer, Severity::Warning).size() == file.warnings);
            BOOST_TEST(messages(layer, Severity::Notice).size() == file.notices);
            BOOST_TEST(normalise(layer.settings, {}).adjustments.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(the_whole_server_is_not_configured_in_a_section) {  // D-2, A-9
    for (const char* section : {"VirtualHost *:80", "Location /x", "Directory /x", "Files a"}) {
        const std::string name(section, std::string_view(section).find(' '));
        const FileLayer file =
            parse_lines("<" + std::string(section) + ">\nMaxRequestWorkers 50\n</" + name + ">\n");
        BOOST_TEST_CONTEXT(section) {
            BOOST_TEST(contains(
                messages(file, Severity::Error).back(),
                "MaxRequestWorkers is for the whole server: not allowed inside <" + name + ">"));
            BOOST_TEST(file.settings.limits.max_request_workers == 400);
        }
    }
}

struct Place {
    const char* directory;
    std::vector<std::string> paths;  // that it is seen as, the ScriptAlias below aside
    friend std::ostream& operator<<(std::ostream& out, const Place& place) {
        return out << place.directory;
    }
};

const Place kPlaces[] = {
    {"/", {"/", "/cgi/"}},
    {"/srv", {"/"}},
    {"/srv/www", {"/"}},
    {"/srv/www/", {"/"}},
    {"/srv/www/a/b", {"/a/b"}},
    {"/srv/w", {}},
    {"/srv/www2", {}},
    {"/usr/lib/cgi", {"/cgi/"}},
    {"/usr/lib/cgi/x", {"/cgi/x"}},
    {"/elsewhere", {}},
};

BOOST_DATA_TEST_CASE(a_directory_is_where_paths_lead_to_it, boost::unit_test::data::make(kPlaces)) {
    const FileLayer file =
        parse_lines("DocumentRoot /srv/www\nScriptAlias /cgi/ /usr/lib/cgi/\n<Directory \"" +
                    std::string(sample.directory) + "\">\nRequire local\n</Directory>\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    std::vector<std::string> paths;
    for (const Location& location : normalise(file.settings, {}).settings.locations)
        if (location.access == Access::Local) paths.push_back(location.path);
    BOOST_TEST(paths == sample.paths, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(directories_count_before_locations_and_short_before_long) {
    const FileLayer file = parse_lines(
        "DocumentRoot /srv/www\nScriptAlias /cgi/ /usr/lib/cgi/\n"
        "<Location /a>\nRequire local\n</Location>\n"
        "<Directory /srv/www/a>\nAllowOverride None\nOptions +ExecCGI -MultiViews\n"
        "Require all granted\n</Directory>\n"
        "<Directory />\nOptions FollowSymLinks\nRequire all denied\n</Directory>\n"
        "<Directory /srv/www>\nRequire all granted\n</Directory>\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    const std::vector<Location> expected{
        {"/", {}, Access::Denied, false},
        {"/", {}, Access::Granted, {}},
        {"/a", {}, Access::Granted, true},
        // What was said of DocumentRoot is not said of the scripts.
        {"/cgi/", SetHandler::None, Access::Granted, false},
        {"/cgi/", {}, Access::Denied, false},
        {"/a", {}, Access::Local, {}},
    };
    BOOST_TEST((normalise(file.settings, {}).settings.locations == expected));
    BOOST_TEST(value_text(*find_directive("Require"), file.settings) ==
               "local in /a, all granted in /srv/www/a, all denied in /, all granted in /srv/www");
}

BOOST_AUTO_TEST_CASE(sections_that_are_too_deep_end_the_reading) {
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += "<IfDefine A>\n";
    const FileLayer file = parse_lines(text);
    BOOST_TEST(contains(file.diagnostics.front().message, "more than 100 deep"));
}

BOOST_AUTO_TEST_CASE(define_gives_names_and_values) {
    const FileLayer file = parse_lines(
        "Define ROOT /srv/www\nDefine TLS\nDefine N 7\n"
        "DocumentRoot \"${ROOT}/site ${N}\"\nStartServers ${N}\nServerName ${HOST}:${N}0\n"
        "<IfDefine TLS>\nTimeOut 9\n</IfDefine>\nUnDefine TLS\n<IfDefine TLS>\nTimeOut 8\n"
        "</IfDefine>\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST(file.settings.document_root == "/srv/www/site 7");
    BOOST_TEST(file.settings.limits.start_servers == 7);
    BOOST_TEST(file.settings.live.timeout_ms == 9000);
    BOOST_TEST(file.settings.server_name == "${HOST}:70");
    const auto warnings = messages(file, Severity::Warning);
    BOOST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(contains(warnings[0], "${HOST} is not defined"));
}

BOOST_AUTO_TEST_CASE(the_environment_stands_in_where_nothing_is_defined) {
    const Sources sources{{}, {{"LOGS", "/var/log"}, {"N", "3"}}, nullptr};
    const FileLayer file = parse(
        "Listen 80\nErrorLog ${LOGS}/e\nDefine N 4\nStartServers ${N}\nUnDefine N\n"
        "MinSpareThreads ${N}\n",
        "t.conf", sources);
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST(file.settings.error_log == "/var/log/e");
    BOOST_TEST(file.settings.limits.start_servers == 4);
    BOOST_TEST(file.settings.limits.min_spare_threads == 3);
}

BOOST_AUTO_TEST_CASE(a_value_is_not_split_and_not_looked_at_again) {
    std::string lines = "Define A \"two words\"\nDefine B ${A}${A}\nTypesConfig ${B}\n";
    BOOST_TEST(parse_lines(lines).settings.types_config == "two wordstwo words");
    lines = "Define A aaaaaaaaaaaaaaaa\n";
    for (int i = 0; i < 30; ++i)
        lines += "Define A ${A}${A}${A}${A}\n";
    const auto errors = messages(parse_lines(lines), Severity::Error);
    BOOST_REQUIRE(!errors.empty());
    BOOST_TEST(contains(errors[0], "longer than 8190 bytes"));
}

BOOST_AUTO_TEST_CASE(every_section_and_module_is_named_once) {
    for (const Section& section : sections()) {
        BOOST_TEST((find_section(section.name) == &section), section.name);
        BOOST_TEST(!section.help.empty());
        BOOST_TEST(section.help.back() == '.');
    }
    for (const Module& module : modules()) {
        BOOST_TEST(has_module(module.name, module.model), module.name);
        BOOST_TEST(has_module(module.file, module.model), module.file);
    }
}

BOOST_AUTO_TEST_SUITE_END()
