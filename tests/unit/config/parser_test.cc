#include "daemon/config/parser.h"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/config/diagnostic.h"
#include "daemon/config/normalise.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

BOOST_AUTO_TEST_SUITE(parser)

BOOST_AUTO_TEST_CASE(names_are_known_in_any_case_and_the_last_occurrence_wins) {  // D-1, D-3
    const FileLayer file = parse_lines("minsparethreads 10\nMINSPARETHREADS 20\n");
    BOOST_REQUIRE(file.ok());
    BOOST_TEST(file.settings.limits.min_spare_threads == 20);
    BOOST_TEST(file.values.at("MinSpareThreads").text == "20");
    BOOST_TEST(file.values.at("MinSpareThreads").position.line == 3);
}

BOOST_AUTO_TEST_CASE(listen_accumulates_and_refuses_a_second_time) {  // D-3, A-9
    const FileLayer good = parse("Listen 80\nListen [::1]:81 http\nListen *:82\n", "t.conf");
    BOOST_REQUIRE(good.ok());
    BOOST_TEST(good.settings.listen.size() == 3U);
    BOOST_TEST(good.settings.listen[1].text() == "[::1]:81");
    BOOST_TEST(good.settings.listen[2].host.empty());
    BOOST_TEST(contains(only_error(parse("Listen 80\nListen *:80\n", "t.conf")), "there already"));
}

BOOST_AUTO_TEST_CASE(a_file_without_listen_is_refused) {  // A-9
    BOOST_TEST(contains(only_error(parse("StartServers 2\n", "t.conf")), "no Listen"));
}

BOOST_AUTO_TEST_CASE(comments_and_blank_lines_mean_nothing) {
    const FileLayer file = parse_lines("\n  # Listen 81 \\\n StartServers 9\n\nTimeOut 7\n");
    BOOST_REQUIRE(file.ok());
    // As in httpd a backslash joins before the comment is seen.
    BOOST_TEST(file.settings.limits.start_servers == 3);
    BOOST_TEST(file.settings.live.timeout_ms == 7000);
}

BOOST_AUTO_TEST_CASE(every_error_is_found_in_one_run_with_its_place) {
    const FileLayer file = parse(
        "Listen 80\n"
        "MinSpareThreads   x\n"
        "MinSpareThread 5\n"
        "\tKeepAlive Maybe\n"
        "TimeOut 1 2\n",
        "/etc/mpmd/mpmd.conf");
    std::string all;
    for (const Diagnostic& entry : file.diagnostics)
        all += entry.text() + "\n";
    BOOST_TEST(all ==
               "/etc/mpmd/mpmd.conf:2:19: MinSpareThreads must be a whole number from 1 to "
               "2000000000, not \"x\"\n"
               "     2 | MinSpareThreads   x\n"
               "       |                   ^\n"
               "/etc/mpmd/mpmd.conf:3:1: unknown directive \"MinSpareThread\"; did you mean "
               "MinSpareThreads?\n"
               "     3 | MinSpareThread 5\n"
               "       | ^\n"
               "/etc/mpmd/mpmd.conf:4:12: KeepAlive must be On or Off, not \"Maybe\"\n"
               "     4 |  KeepAlive Maybe\n"
               "       |            ^\n"
               "/etc/mpmd/mpmd.conf:5:11: TimeOut takes 1 argument: TimeOut time\n"
               "     5 | TimeOut 1 2\n"
               "       |           ^\n");
}

BOOST_AUTO_TEST_CASE(a_hostile_line_cannot_write_to_the_terminal) {
    const FileLayer file = parse_lines("TimeOut \x1b[2J\x9b\xC2\x9b\n");
    BOOST_REQUIRE(file.diagnostics.size() == 1U);
    const std::string text = file.diagnostics.front().text();
    BOOST_TEST(!contains(text, "\x1b"));
    BOOST_TEST(!contains(text, "\x9b"));
}

BOOST_AUTO_TEST_CASE(a_long_line_is_shown_around_the_caret) {
    const FileLayer file = parse_lines("ServerName " + std::string(300, 'a') + " more\n");
    BOOST_REQUIRE(file.diagnostics.size() == 1U);
    const std::string text = file.diagnostics.front().text();
    const auto lines = text.find('\n');
    BOOST_TEST(text.size() < 400U);
    const std::size_t caret = text.find('^') - text.rfind('\n');
    const std::size_t shown = text.find(" more") + 1 - (text.find('\n', 0));
    BOOST_TEST(lines > 0U);
    BOOST_TEST(caret == shown);
}

BOOST_AUTO_TEST_CASE(a_line_too_long_and_a_nul_byte_are_errors) {
    BOOST_TEST(contains(only_error(parse_lines("ServerName " + std::string(9000, 'a') + "\n")),
                        "longer than"));
    BOOST_TEST(contains(only_error(parse(std::string("Listen 80\n\0", 11), "t.conf")), "NUL byte"));
}

BOOST_AUTO_TEST_CASE(errors_end_with_one_line_when_there_are_too_many) {
    std::string text;
    for (int i = 0; i < 500; ++i)
        text += "Nonsense\n";
    const FileLayer file = parse_lines(text);
    BOOST_TEST(file.diagnostics.size() == kMaxErrors + 1);
    BOOST_TEST(contains(file.diagnostics.back().message, "the rest is not read"));
}

BOOST_AUTO_TEST_CASE(process_directives_are_not_allowed_in_a_virtual_host) {  // D-2, A-9
    const FileLayer file =
        parse_lines("<VirtualHost *:80>\nMaxRequestWorkers 50\nTimeOut 3\n</VirtualHost>\n");
    const auto errors = messages(file, Severity::Error);
    BOOST_REQUIRE(errors.size() == 2U);
    BOOST_TEST(contains(errors[0], "<VirtualHost> is known, not supported"));
    BOOST_TEST(contains(errors[1], "MaxRequestWorkers is for the whole server"));
}

BOOST_AUTO_TEST_CASE(sections_must_close_in_order) {
    BOOST_TEST(
        contains(messages(parse_lines("<IfModule x>\n"), Severity::Error).back(), "never closed"));
    BOOST_TEST(contains(only_error(parse_lines("</IfModule>\n")), "closes nothing"));
    BOOST_TEST(
        contains(messages(parse_lines("<IfModule x>\n</Directory>\n"), Severity::Error).back(),
                 "where </IfModule> is due"));
    BOOST_TEST(
        contains(messages(parse_lines("<>\n</>\n"), Severity::Error).front(), "unknown section"));
}

BOOST_AUTO_TEST_CASE(old_names_are_taken_with_one_warning_each) {  // 2.4, A-8
    const FileLayer file = parse_lines(
        "MaxClients 200\nMaxRequestsPerChild 9\nAcceptMutex flock\nLockFile /var/lock/a\n");
    BOOST_REQUIRE(file.ok());
    BOOST_TEST(file.settings.limits.max_request_workers == 200);
    BOOST_TEST(file.settings.live.max_connections_per_child == 9);
    const auto warnings = messages(file, Severity::Warning);
    BOOST_REQUIRE(warnings.size() == 4U);
    BOOST_TEST(contains(warnings[0], "MaxRequestWorkers"));
    BOOST_TEST(contains(warnings[1], "it counts connections, not requests"));
    BOOST_TEST(contains(warnings[2], "not needed, ignored"));
    BOOST_TEST(contains(warnings[3], "not needed, ignored"));
    BOOST_TEST(contains(warnings[3], "Mutex flock:/var/lock mpm-accept"));
}

BOOST_AUTO_TEST_CASE(load_module_is_ignored_with_one_notice) {  // decisions.md 14
    const FileLayer file = parse_lines("LoadModule a b\nLoadModule c d\nAcceptFilter http none\n");
    BOOST_TEST(file.ok());
    BOOST_TEST(messages(file, Severity::Notice).size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_accumulating_directive_replaces_the_default_once) {
    const FileLayer file = parse_lines(
        "DirectoryIndex a.html b.html\nDirectoryIndex c.html\n"
        "CustomLog logs/a common\nCustomLog \"logs/b c\" combined\n");
    BOOST_REQUIRE(file.ok());
    BOOST_TEST(
        file.settings.directory_index == (std::vector<std::string>{"a.html", "b.html", "c.html"}),
        boost::test_tools::per_element());
    BOOST_TEST(file.settings.custom_log.size() == 2U);
    BOOST_TEST(file.values.at("CustomLog").text == "logs/a common, \"logs/b c\" combined");
    BOOST_TEST(parse_lines("DirectoryIndex disabled\n").settings.directory_index.empty());
}

struct Wrong {
    const char* line;
    const char* expected;
    friend std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
        return out << wrong.line;
    }
};

// A-7, A-9, D-4 and the forms of each kind.
const Wrong kWrong[] = {
    {"ThreadsPerChild abc", "whole number from 1 to 100000, not \"abc\""},
    {"ThreadsPerChild 12abc", "not \"12abc\""},
    {"ThreadsPerChild 99999999999999999999", "not \"99999999999999999999\""},
    {"ThreadsPerChild 4294967321", "from 1 to 100000"},  // 25 in 32 bits
    {"TimeOut -1", "from 1s to 86400s, not \"-1\""},
    {"TimeOut 0", "from 1s"},
    {"TimeOut abc", "a time (ms, s, min, h) from 1s"},
    {"KeepAliveTimeout 5x", "a time"},
    {"KeepAliveTimeout 9223372036854775807h", "a time"},
    {"MaxConnectionsPerChild -1", "0 (never) or 1 to 2147483647"},
    {"GracefulShutdownTimeout -1", "0 (wait for ever) or 1ms to 604800s"},
    {"AsyncRequestWorkerFactor 0", "from 1 to 100000"},
    {"AsyncRequestWorkerFactor -2", "from 1 to 100000"},
    {"AsyncRequestWorkerFactor 1.", "a number from 1"},
    {"AsyncRequestWorkerFactor 1.0000001", "a number from 1"},
    {"SendBufferSize 511", "0 (the system's) or 512 to 2147483647"},
    {"ThreadStackSize -1", "0 (the system's)"},
    {"MaxChildRSS 12Q", "a size (K, M, G) of 0 (never)"},
    {"MaxChildRSS 9999999999999G", "a size"},
    {"ListenBacklog 0", "from 1"},
    {"KeepAlive 1", "On or Off"},
    {"LogLevel warnn", "emerg, alert, crit"},
    {"LogLevel trace9", "emerg, alert, crit"},
    {"MPM prefork", "event or worker"},
    {"Listen", "takes 1 to 2 arguments"},
    {"Listen 127.0.0.1", "port"},
    {"Listen 65536", "port from 0"},
    {"Listen ::1:80", "such as"},
    {"Listen [::1]80", "such as"},
    {"Listen a/b:80", "such as"},
    {"Listen 443", "https is known, not supported"},
    {"Listen 81 ftp", "http and https"},
    {"User root", "must not be root"},
    {"User #0", "must not be root"},
    {"Group root", "must not be root"},
    {"ServerName \"a b\"", "name or an address"},
    {"ServerName a:b", "name or an address"},
    {"AsyncRequestWorkerFactor 0", "is raised to that"},
    {"<Locatoin />", "did you mean <Location>?"},
    {"Group #0", "must not be root"},
    {"User #x", "name or #"},
    {"Instance a/b", "letters, digits"},
    {"ErrorLog |prog", "takes a file"},
    {"ErrorLog syslog", "syslog is known, not supported"},
    {"ErrorLog Syslog:local1", "syslog is known, not supported"},
    {"ErrorLog \"\"", "must name"},
    {"ErrorLog \"a\tb\"", "control characters"},
    {"CustomLog logs/a fancy", "there is no LogFormat \"fancy\""},
    {"CustomLog |prog common", "takes a file"},
    {"ControlRole boss user:a", "viewer, operator or admin"},
    {"ControlRole admin a", "user:NAME"},
    {"ControlRole admin user:", "user:NAME"},
    {"ControlRole admin uid:x", "from 0 to"},
    {"ControlRole admin san:x", "not supported"},
    {"DirectoryIndex ../secret", "names of files"},
    {"AcceptMutex nonsense", "flock"},
    {"AcceptMutex none", "AcceptMutex knows"},
    {"AcceptMutex flock fcntl", "AcceptMutex takes 1 argument"},
    {"LockFile \"\"", "must name a file"},
    {"Mutex nonsense", "default, none, pthread, flock[:directory]"},
    {"Mutex none mpm-accept", "not allowed for mpm-accept"},
    {"Mutex pthread:/tmp", "takes no directory"},
    {"Mutex flock:", "a directory is missing"},
    {"Mutex flock mpm-acept", "default and mpm-accept, not \"mpm-acept\""},
    {"ListenCoresBucketsRatio 0", "from 1 to"},  // 2.3
    {"MaxKeepAliveRequests x", "-1 to 2147483647"},
    {"LogLevel info ssl:warn", "LogLevel ssl:warn: levels of single modules are known, not supp"},
    {"LogLevel ssl:warn", "LogLevel ssl:warn: levels of single modules are known, not supported"},
    {"LogLevel info warn", "one level, not also \"warn\""},
    {"ConnectionFallback tls", "must be none: tls is known, not supported"},
    {"Include x", "there is no such file"},
    {"Define a:b c", "the name of a Define"},
    {"RLimitCPU 0", "max or a whole number from 1"},
    {"RLimitMEM 2000 1000", "must not be above the hard one"},
    {"RLimitNPROC max 10", "must not be above the hard one"},
    {"ScriptAlias cgi-bin/ /x", "a path such as /cgi-bin/"},
    {"SetHandler server-status", "must stand in a <Location> or <Directory>"},
    {"Require local", "must stand in a <Location> or <Directory>"},
    {"Options +ExecCGI", "must stand in a <Location> or <Directory>"},
    {"RequestReadTimeout header=5-3,MinRate=500", "RequestReadTimeout takes header="},
    {"RequestReadTimeout header=5-30", "RequestReadTimeout takes header="},
    {"RequestReadTimeout handshake=5", "RequestReadTimeout takes header="},
    {"LogFormat %y bad", "log format"},
    {"CustomLog logs/a %h env=!x", "\"env=!x\" is known, not supported"},
    {"CustomLog logs/a \"%{\"", "log format"},
    {"TransferLog |prog", "takes a file"},
    {"SuexecUserGroup a b", "remove the line, or serve those scripts by a second mpmd"},
    {"ChrootDir x", "known, not supported"},
    {"<VirtualHost *:80>\n</VirtualHost>", "<VirtualHost> is known, not supported"},
    {"<Location status>\n</Location>", "one path that begins with /"},
    {"<Location ~ ^/x>\n</Location>", "regular expression is known, not supported"},
    {"<Directory srv>\n</Directory>", "one path that begins with /: <Directory /srv/www>"},
    {"<Directory /srv/*>\n</Directory>", "a pattern or a regular expression is known"},
    {"<Directory /srv>\nAllowOverride All\n</Directory>", "AllowOverride must be None"},
    {"AllowOverride None", "must stand in a <Location> or <Directory>"},
    {"<Location /x>\nKeepAlive On\n</Location>", "KeepAlive is not allowed inside <Location>"},
    {"<Location /x>\nServerLimit 3\n</Location>", "is for the whole server"},
    {"<Location /x>\nSetHandler fancy\n</Location>", "server-status, cgi-script and none"},
    {"<Location /x>\nRequire ip 10\n</Location>", "local, all granted and all denied"},
    {"<Location /x>\nOptions MultiViews\n</Location>", "Options MultiViews is known, not supp"},
    {"HostnameLookups On", "must be Off: names of clients are known, not supported"},
    {"TraceEnable On", "must be Off"},
    {"RewriteEngine On", "RewriteEngine is known, not supported"},
    {"<FilesMatch \"^x\">\nRequire all granted\n</FilesMatch>", "<FilesMatch> is known, not"},
    {"<Location /x>\nOptions +ExecCGI Indexes\n</Location>", "have + or -"},
    {"<IfModule>\n</IfModule>", "<IfModule> takes: <IfModule [!]module>"},
    {"<IfVersion ~ 2.4>\n</IfVersion>", "knows =, ==, >"},
    {"<IfVersion >= two>\n</IfVersion>", "a version such as"},
    {"Lissen 80", "did you mean Listen?"},
    {"Xyzzy 80", "unknown directive \"Xyzzy\""},
};

BOOST_DATA_TEST_CASE(a_wrong_line_is_refused_and_says_what_is_allowed,
                     boost::unit_test::data::make(kWrong)) {
    const std::string error = only_error(parse_lines(std::string(sample.line) + "\n"));
    BOOST_TEST_CONTEXT(error) {
        BOOST_TEST(contains(error, sample.expected));
    }
}

BOOST_AUTO_TEST_CASE(times_sizes_and_factors_are_exact) {
    const FileLayer file = parse_lines(
        "KeepAliveTimeout 1500ms\nTimeOut 2min\nChildDrainTimeout 1h\nMaxChildRSS 512m\n"
        "AsyncRequestWorkerFactor 1.5\nLogLevel Trace4\nHeadShedAge 0\nMaxKeepAliveRequests -1\n");
    BOOST_REQUIRE(file.ok());
    BOOST_TEST(file.settings.live.keep_alive_timeout_ms == 1500);
    BOOST_TEST(file.settings.live.timeout_ms == 120000);
    BOOST_TEST(file.settings.live.child_drain_timeout_ms == 3600000);
    BOOST_TEST(file.settings.max_child_rss == 512 * 1024 * 1024);
    BOOST_TEST(file.settings.limits.async_factor_micro == 1500000);
    BOOST_TEST((file.settings.live.log_level == LogLevel::Trace));
    BOOST_TEST(file.settings.live.head_shed_age_ms == 0);
    BOOST_TEST(file.settings.live.max_keep_alive_requests == -1);
}

BOOST_AUTO_TEST_CASE(defaults_may_be_written_too) {
    const FileLayer file = parse_lines("ConnectionFallback none\nErrorLog ./syslog\n");
    BOOST_TEST(file.ok());
    BOOST_TEST(file.diagnostics.empty());
}

BOOST_AUTO_TEST_CASE(every_negative_MaxKeepAliveRequests_is_taken_and_means_the_same) {  // 2.3
    const FileLayer file = parse_lines("MaxKeepAliveRequests -5\n");
    BOOST_REQUIRE(file.ok());
    const Effective held = normalise(file.settings, {});
    BOOST_TEST(held.settings.live.max_keep_alive_requests == -1);
    BOOST_REQUIRE(held.adjustments.size() == 1U);
    BOOST_TEST(adjustment_text(held.adjustments[0]) ==
               "MaxKeepAliveRequests: requested -5, effective -1, because every negative number "
               "closes after each response");
    for (const char* kept : {"-1", "0", "7"}) {
        const FileLayer other = parse_lines(std::string("MaxKeepAliveRequests ") + kept + "\n");
        BOOST_TEST(normalise(other.settings, {}).adjustments.empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()
