// The programs out there that read ?auto, each by its own rules (in our words): what they need is
// found in our text. tests/integration/status_readers_test.cc runs some of them.

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>

#include <boost/test/unit_test.hpp>

#include "daemon/base/text.h"
#include "daemon/handlers/status_page.h"
#include "tests/unit/handlers/status_board.h"

namespace mpmd::handlers {
namespace {

std::string page(bool extended = true) {
    test::StatusBoard board;
    board.global.extended_status = extended ? 1 : 0;
    board.publish();
    StatusMoment moment;
    moment.wall_us = board.global.restart_wall_us + 90'000'000;
    moment.load = {0.5, 1.25, 10};
    return "www.example.org\n" + status_auto(take_figures(board.view(), moment));
}

std::string found(const std::string& text, const std::string& pattern, std::size_t group = 1) {
    std::smatch match;
    const std::regex regex(pattern, std::regex::ECMAScript | std::regex::multiline);
    return std::regex_search(text, match, regex) ? match[group].str() : "(not found)";
}

double number(const std::string& text) {
    std::size_t used = 0;
    double value = 0;
    BOOST_REQUIRE_NO_THROW(value = std::stod(text, &used));
    BOOST_TEST(used == text.size(), text);
    return value;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(status_readers)

// prometheus apache_exporter: lines cut at the first colon, values as floats, the scoreboard letter
// by letter, and an unknown letter is an error.
BOOST_AUTO_TEST_CASE(the_exporter_reads_every_key_as_a_number) {
    std::map<std::string, std::string> values;
    std::istringstream lines(page());
    for (std::string line; std::getline(lines, line);) {
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos)
            values[line.substr(0, colon)] = text::trim(std::string_view(line).substr(colon + 1));
    }
    for (const char* key : {"ServerUptimeSeconds",
                            "Load1",
                            "Load5",
                            "Load15",
                            "Total Accesses",
                            "Total kBytes",
                            "Total Duration",
                            "CPUUser",
                            "CPUSystem",
                            "CPUChildrenUser",
                            "CPUChildrenSystem",
                            "CPULoad",
                            "Uptime",
                            "BusyWorkers",
                            "IdleWorkers",
                            "Processes",
                            "Stopping",
                            "ConnsTotal",
                            "ConnsAsyncWriting",
                            "ConnsAsyncKeepAlive",
                            "ConnsAsyncClosing",
                            "ParentServerConfigGeneration",
                            "ParentServerMPMGeneration"}) {
        BOOST_REQUIRE_MESSAGE(values.count(key) == 1, key);
        (void)number(values[key]);
    }
    BOOST_TEST(values["Total Accesses"] == "6076");
    BOOST_TEST(values["BusyWorkers"] == "5");
    BOOST_TEST(!values["Scoreboard"].empty());
    BOOST_TEST(values["Scoreboard"].find_first_not_of("_SRWKDCLGI.") == std::string::npos);
    // Its version is the first d.d.d after a slash.
    BOOST_TEST(found(values["ServerVersion"], "/(\\d+\\.\\d+\\.\\d+)") == "0.2.0");
}

// munin's three apache plugins: the first line that begins with the key, without regard to case.
BOOST_AUTO_TEST_CASE(munin_finds_accesses_volume_and_processes) {
    const std::string text = page();
    BOOST_TEST(found(text, "^Total Accesses:\\s+(.+)$") == "6076");
    BOOST_TEST(number(found(text, "^Total kBytes:\\s+(.+)$")) > 0);
    BOOST_TEST(found(text, "^Busy(?:Servers|Workers):\\s+(.+)$") == "5");
    BOOST_TEST(found(text, "^Idle(?:Servers|Workers):\\s+(.+)$") == "2");
    const std::string board = found(text, "^Scoreboard: (.+)$");
    BOOST_TEST(std::count(board.begin(), board.end(), '.') == 12);  // "free"
}

// collectd: words between blanks. Two words: value by its key; three: "Total Accesses:".
BOOST_AUTO_TEST_CASE(collectd_finds_its_five_values) {
    std::map<std::string, std::string> values;
    std::istringstream lines(page());
    for (std::string line; std::getline(lines, line);) {
        const auto words = text::split(line, ' ');
        if (words.size() == 3 && words[0] == "Total")
            values[std::string(words[1])] = words[2];
        else if (words.size() == 2)
            values[std::string(words[0])] = words[1];
    }
    BOOST_TEST(values["Accesses:"] == "6076");
    BOOST_TEST(number(values["kBytes:"]) > 0);
    BOOST_TEST(values["BusyWorkers:"] == "5");
    BOOST_TEST(values["IdleWorkers:"] == "2");
    BOOST_TEST(values["Scoreboard:"] == "W__S....GWK_....C....L");
}

// check_httpd_status: at least two of six patterns; the uptime is whole seconds up to the line's
// end; free workers are dots plus idle ones.
BOOST_AUTO_TEST_CASE(check_httpd_status_finds_its_six_patterns) {
    const std::string text = page();
    BOOST_TEST(found(text, "\\b(ServerUptimeSeconds|Uptime): (\\d+)\\n", 2) == "90");
    BOOST_TEST(found(text, "Total Accesses: (.*?)\\n") == "6076");
    BOOST_TEST(number(found(text, "Total kBytes: (.*?)\\n")) > 0);
    BOOST_TEST(found(text, "Scoreboard: (.*?)\\n").size() == 22U);
    BOOST_TEST(found(text, "(BusyWorkers|BusyServers): (.*?)\\n", 2) == "5");
    BOOST_TEST(found(text, "(IdleWorkers|IdleServers): (.*?)\\n", 2) == "2");
    // Also without ExtendedStatus there are enough of them.
    BOOST_TEST(found(page(false), "\\b(ServerUptimeSeconds|Uptime): (\\d+)\\n", 2) == "90");
}

// monit: the letters behind "Scoreboard: ", each one known; the share of each state among the
// threads that exist.
BOOST_AUTO_TEST_CASE(monit_computes_shares_of_the_scoreboard) {
    std::istringstream lines(page());
    std::string board;
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("Scoreboard: ")) board = line.substr(12);
    std::map<char, int> counts;
    for (const char letter : board)
        ++counts[letter];
    const int present = static_cast<int>(board.size()) - counts['.'];
    BOOST_TEST(present == 10);
    BOOST_TEST(100 * counts['W'] / present == 20);
    BOOST_TEST(100 * counts['_'] / present == 30);
    BOOST_TEST(100 * counts['L'] / present == 10);
    BOOST_TEST(board.find(' ') == std::string::npos);  // it reads one word
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace mpmd::handlers
