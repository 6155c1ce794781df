// the vectors of mpm-behaviour 2.2 through a file, with the errata of decisions.md 10.

#include <optional>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/config/normalise.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

namespace {

struct Vector {
    const char* lines;
    std::vector<std::string> rules;  // that fire, in order
    std::vector<std::pair<const char*, std::int64_t>> effective;
    friend std::ostream& operator<<(std::ostream& out, const Vector& vector) {
        for (const char* c = vector.lines; *c != '\0'; ++c)
            out << (*c == '\n' ? ';' : *c);
        return out;
    }
};

const Vector kVectors[] = {
    {"ServerLimit 20001", {"N1"}, {{"ServerLimit", 20000}}},
    {"ServerLimit 0", {"N1b", "N9"}, {{"ServerLimit", 1}, {"MaxRequestWorkers", 25}}},
    {"ServerLimit -5", {"N1b", "N9"}, {{"ServerLimit", 1}, {"MaxRequestWorkers", 25}}},
    {"ThreadLimit 100001", {"N3"}, {{"ThreadLimit", 100000}}},
    {"ThreadLimit 0",
     {"N3b", "N5", "N9"},
     {{"ThreadLimit", 1}, {"ThreadsPerChild", 1}, {"MaxRequestWorkers", 16}}},
    {"ThreadsPerChild 65", {"N5", "N8"}, {{"ThreadsPerChild", 64}, {"MaxRequestWorkers", 384}}},
    {"ThreadsPerChild 0", {"N5b", "N9"}, {{"ThreadsPerChild", 1}, {"MaxRequestWorkers", 16}}},
    {"ThreadLimit 10\nThreadsPerChild 25",
     {"N5", "N9"},
     {{"ThreadsPerChild", 10}, {"MaxRequestWorkers", 160}}},
    {"MaxRequestWorkers 10", {"N6"}, {{"MaxRequestWorkers", 25}}},
    {"MaxRequestWorkers 0", {"N6"}, {{"MaxRequestWorkers", 25}}},
    {"MaxRequestWorkers 401", {"N8"}, {{"MaxRequestWorkers", 400}}},
    {"MaxRequestWorkers 410", {"N8"}, {{"MaxRequestWorkers", 400}}},
    {"MaxRequestWorkers 430", {"N8", "N9"}, {{"MaxRequestWorkers", 400}}},
    {"StartServers 0", {"N10"}, {{"StartServers", 1}}},
    {"MinSpareThreads 0", {"N11"}, {{"MinSpareThreads", 1}}},
    {"MinSpareThreads -3", {"N11"}, {{"MinSpareThreads", 1}}},
    {"MaxSpareThreads 1", {"N15"}, {{"MaxSpareThreads", 101}}},
    {"ServerLimit 16\nStartServers 2\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads "
     "75\n"
     "ThreadsPerChild 25",
     {},
     {{"MaxRequestWorkers", 150},
      {"ThreadsPerChild", 25},
      {"MinSpareThreads", 25},
      {"MaxSpareThreads", 75}}},
    {"ServerLimit 9\nThreadLimit 16\nThreadsPerChild 10\nMaxRequestWorkers 81\nStartServers 1",
     {"N8"},
     {{"ServerLimit", 9}, {"ThreadLimit", 16}, {"ThreadsPerChild", 10}, {"MaxRequestWorkers", 80}}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_DATA_TEST_CASE(what_a_file_asks_for_becomes_what_holds,
                     boost::unit_test::data::make(kVectors)) {
    const FileLayer file = parse_lines(std::string(sample.lines) + "\n");
    BOOST_REQUIRE(file.ok());
    const Effective effective = normalise(file.settings, {});
    std::vector<std::string> rules;
    for (const auto& adjustment : effective.adjustments)
        if (adjustment.rule != "N16")
            rules.push_back(adjustment.rule);  // StartServers beyond A, in small sets
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

BOOST_AUTO_TEST_SUITE_END()
