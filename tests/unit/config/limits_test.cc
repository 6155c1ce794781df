// the vectors of mpm-behaviour 2.2 through a file, with the errata of decisions.md 10.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/config/explain.h"
#include "daemon/config/override.h"
#include "tests/unit/config/limit_vectors.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_DATA_TEST_CASE(what_a_file_asks_for_becomes_what_holds,
                     boost::unit_test::data::make(kLimitVectors)) {
    const FileLayer file = parse_lines(std::string(sample.lines) + "\n");
    BOOST_REQUIRE(file.ok());
    const Effective effective = normalise(file.settings, {});
    std::vector<std::string> rules;
    for (const auto& adjustment : effective.adjustments)
        if (adjustment.severity == mpmd::mpm::Adjustment::Severity::Warning)
            rules.push_back(adjustment.rule);
    BOOST_TEST(rules == sample.rules, boost::test_tools::per_element());
    for (const auto& [name, value] : sample.effective)
        BOOST_TEST(find_directive(name)->binding.number(effective.settings) == value, name);
}

BOOST_AUTO_TEST_CASE(derived_values_are_filled_in) {
    FileLayer file = parse_lines(
        "ServerRoot /srv\nErrorLog e.log\nCustomLog /var/a common\nAsyncRequestWorkerFactor 3\n");
    BOOST_REQUIRE(file.ok());
    Surroundings user{false, "/run/user/7"};
    const Settings settings = normalise(file.settings, user).settings;
    BOOST_TEST(settings.error_log == "/srv/e.log");
    BOOST_TEST(settings.custom_log.front().path == "/var/a");
    BOOST_TEST(settings.pid_file == "/srv/logs/mpmd.pid");
    BOOST_TEST(settings.state_dir == "/var/lib/mpmd/main");
    BOOST_TEST(settings.control_socket == "/run/user/7/mpmd/main/control.sock");
    BOOST_TEST(settings.live.async_factor_micro == 3000000);
    BOOST_TEST(normalise(file.settings, {true, ""}).settings.control_socket ==
               "/run/mpmd/main/control.sock");
    BOOST_TEST(normalise(file.settings, {false, ""}).settings.control_socket ==
               "/var/lib/mpmd/main/control.sock");
}

BOOST_AUTO_TEST_CASE(an_adjustment_is_told_in_one_sentence) {  // D-5
    const Effective effective = normalise(parse_lines("MaxRequestWorkers 410\n").settings, {});
    BOOST_REQUIRE(effective.adjustments.size() == 1U);
    const std::string text = adjustment_text(effective.adjustments.front());
    BOOST_TEST(contains(text, "MaxRequestWorkers: requested 410, effective 400, because "));
}

BOOST_AUTO_TEST_CASE(what_the_lines_said_is_gone_with_the_lines) {  // D-30
    std::string all = "Listen 127.0.0.1:80\n";
    for (const char* line :
         {"SendBufferSize 4096", "ReceiveBufferSize 4096", "MaxMemFree 7", "ListenBacklog 9",
          "KeepAlive Off", "MaxClients 50", "Mutex flock mpm-accept", "ScriptAlias /c/ /srv/c",
          "RLimitCPU 9", "LogFormat %h a", "CustomLog l %h", "DirectoryIndex a b",
          "RequestReadTimeout body=9", "CoreDumpDirectory /tmp", "ExtendedStatus Off",
          "<Location /x>\nRequire local\nSetHandler none\nOptions None\n</Location>", "Define A b"})
        all += std::string(line) + "\n";
    const FileLayer before = parse(all, "t.conf");
    BOOST_REQUIRE_MESSAGE(before.ok(), only_error(before));
    const FileLayer after = parse_lines("TypesConfig ${A}\n");
    Settings plain = default_settings();
    plain.listen = after.settings.listen;
    plain.types_config = "${A}";
    BOOST_TEST((after.settings == plain));
    BOOST_TEST(!(before.settings == plain));
}

BOOST_AUTO_TEST_CASE(buckets_raise_the_spare_limits) {  // N12 to N14
    Surroundings four;
    four.cores = 4;
    const Effective effective = normalise(
        parse_lines("ListenCoresBucketsRatio 1\nStartServers 1\nMinSpareThreads 1\n").settings,
        four);
    BOOST_TEST(effective.settings.limits.start_servers == 4);
    BOOST_TEST(effective.settings.limits.min_spare_threads == 25 * 3 + 4);
    std::string rules;
    for (const auto& adjustment : effective.adjustments)
        rules += adjustment.rule + " ";
    BOOST_TEST(rules == "N13 N14 ");
}

BOOST_AUTO_TEST_CASE(the_explanation_says_what_holds_and_why) {  // U-3, U-5, U-23
    const FileLayer file =
        parse_lines("MaxClients 410\nThreadsPerChild 20\nThreadLimit 20\nErrorLog e\n");
    const std::string text = explain(compose(file, {}, {}).config);
    for (const char* part :
         {"  MaxRequestWorkers: requested 410, effective 400, because it is not a multiple of "
          "ThreadsPerChild (20); 20 servers (N8)\n",
          "  MaxRequestWorkers: requested 400, effective 320, because it exceeds ServerLimit x "
          "ThreadsPerChild (16 x 20) (N9)\n",
          "Old names:\n  t.conf:2: MaxClients is an old name: write MaxRequestWorkers 410\n",
          "  320 requests at a time, by at most 16 children of 20 threads; 3 to begin with\n",
          "  960 connections at most\n",
          "GracefulShutdownTimeout 0 (wait for ever), then StopTimeout 3 s",
          "  MaxRequestWorkers 320  (t.conf:2 asks for 410; default 400)\n",
          "  ErrorLog /etc/mpmd/e  (t.conf:5 asks for e; default logs/error_log)\n"})
        BOOST_TEST(contains(text, part), part << "is not in\n" << text);
}

BOOST_AUTO_TEST_SUITE_END()
