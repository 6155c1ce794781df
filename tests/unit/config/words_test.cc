// Mutex with its old names, log formats, bounds: what the words become.

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/config/normalise.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

namespace {

using Choices = std::vector<MutexChoice>;

std::vector<std::string> warnings(const FileLayer& file) {
    return messages(file, Severity::Warning);
}

struct Old {
    const char* lines;
    MutexMechanism mechanism;
    const char* directory;
    const char* today;  // of the last line
    friend std::ostream& operator<<(std::ostream& out, const Old& old) { return out << old.lines; }
};

const Old kOld[] = {
    {"AcceptMutex flock", MutexMechanism::Flock, "", "Mutex flock mpm-accept"},
    {"AcceptMutex fcntl", MutexMechanism::Fcntl, "", "Mutex fcntl mpm-accept"},
    {"AcceptMutex pthread", MutexMechanism::Pthread, "", "Mutex pthread mpm-accept"},
    {"AcceptMutex sysvsem", MutexMechanism::Pthread, "", "Mutex pthread mpm-accept"},
    {"AcceptMutex posixsem", MutexMechanism::Pthread, "", "Mutex pthread mpm-accept"},
    {"AcceptMutex default", MutexMechanism::Default, "", "Mutex default mpm-accept"},
    {"LockFile /var/lock/accept.lock", MutexMechanism::Flock, "/var/lock",
     "Mutex flock:/var/lock mpm-accept"},
    {"LockFile logs/accept.lock\nAcceptMutex fcntl", MutexMechanism::Fcntl, "logs",
     "Mutex fcntl:logs mpm-accept"},
    {"AcceptMutex fcntl\nLockFile logs/accept.lock", MutexMechanism::Fcntl, "logs",
     "Mutex fcntl:logs mpm-accept"},
    {"LockFile /a/b\nAcceptMutex default", MutexMechanism::Flock, "/a",
     "Mutex flock:/a mpm-accept"},
    {"AcceptMutex sem\nLockFile \"/a b/c\"", MutexMechanism::Pthread, "/a b",
     "Mutex pthread mpm-accept"},
    {"LockFile \"/a b/c\"", MutexMechanism::Flock, "/a b", "Mutex \"flock:/a b\" mpm-accept"},
    {"AcceptMutex flock\nLockFile accept.lock", MutexMechanism::Flock, ".",
     "Mutex flock:. mpm-accept"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(words_suite)

BOOST_AUTO_TEST_CASE(mutex_names_what_it_is_for) {  // D-40, D-42
    const FileLayer file = parse_lines(
        "MPM worker\nMutex fcntl:/run/x default\nMutex flock mpm-accept OmitPID\n"
        "Mutex FILE:/run/y MPM-Accept\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST(
        (file.settings.mutexes == Choices{{"default", MutexMechanism::Fcntl, "/run/x", false},
                                          {"mpm-accept", MutexMechanism::Flock, "/run/y", false}}));
    BOOST_TEST(warnings(file).empty());
    BOOST_TEST(value_text(*find_directive("Mutex"), file.settings) ==
               "fcntl:/run/x default, flock:/run/y mpm-accept");
    BOOST_TEST((parse_lines("Mutex pthread OmitPID\n").settings.mutexes ==
                Choices{{"default", MutexMechanism::Pthread, "", true}}));
}

BOOST_AUTO_TEST_CASE(a_mechanism_that_does_not_recover_is_mapped_with_a_warning) {  // D-44
    for (const char* word : {"posixsem", "sysvsem", "sem"}) {
        const FileLayer file = parse_lines("MPM worker\nMutex " + std::string(word) + "\n");
        BOOST_TEST((file.settings.mutexes.at(0).mechanism == MutexMechanism::Pthread));
        BOOST_REQUIRE(warnings(file).size() == 1U);
        BOOST_TEST(contains(warnings(file)[0], std::string(word) + " is taken as pthread"));
    }
}

BOOST_AUTO_TEST_CASE(mutexes_that_we_do_not_have_are_named_and_ignored) {
    const FileLayer file = parse_lines("Mutex file:/tmp ssl-cache rewrite-map\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST(file.settings.mutexes.empty());
    BOOST_TEST(contains(warnings(file).at(0), "no mutex ssl-cache"));
}

BOOST_AUTO_TEST_CASE(naming_mpm_accept_under_event_is_ignored_with_a_warning) {  // D-43
    const FileLayer file = parse_lines("Mutex flock mpm-accept\n");
    BOOST_TEST(file.ok());
    BOOST_REQUIRE(warnings(file).size() == 1U);
    BOOST_TEST(contains(warnings(file)[0], "not needed, ignored"));
    BOOST_TEST(warnings(parse_lines("Mutex flock mpm-accept\nMPM worker\n")).empty());
}

BOOST_AUTO_TEST_CASE(no_mutex_at_all_is_refused_for_accepting) {  // D-43
    BOOST_TEST(contains(only_error(parse_lines("MPM worker\nMutex none\n")), "not allowed"));
    BOOST_TEST(parse_lines("MPM worker\nMutex none\nMutex flock mpm-accept\n").ok());
    BOOST_TEST(parse_lines("MPM event\nMutex none\n").ok());
}

BOOST_DATA_TEST_CASE(the_words_of_2_2_become_a_mutex,
                     boost::unit_test::data::make(kOld)) {  // 2.4, A-8
    const FileLayer file = parse_lines("MPM worker\n" + std::string(sample.lines) + "\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    BOOST_TEST((file.settings.mutexes ==
                Choices{{"mpm-accept", sample.mechanism, sample.directory, false}}));
    BOOST_TEST(file.old_lines.back().today == sample.today);
    for (const std::string& warning : warnings(file))
        BOOST_TEST(contains(warning, "write " + std::string(sample.today) + ";"));
    // Who follows the advice has what held before.
    const FileLayer advised = parse_lines("MPM worker\n" + std::string(sample.today) + "\n");
    BOOST_REQUIRE(advised.settings.mutexes.size() == 1U);
    const MutexChoice& choice = advised.settings.mutexes.front();
    BOOST_TEST((choice.mechanism == sample.mechanism));
    const bool in_files =
        sample.mechanism == MutexMechanism::Flock || sample.mechanism == MutexMechanism::Fcntl;
    BOOST_TEST(choice.directory == (in_files ? sample.directory : ""));
    BOOST_TEST(choice.name == "mpm-accept");
}

BOOST_AUTO_TEST_CASE(what_an_old_mechanism_is_taken_as_is_said) {  // D-44
    for (const char* word : {"sysvsem", "posixsem"}) {
        const FileLayer file = parse_lines("MPM worker\nAcceptMutex " + std::string(word) + "\n");
        BOOST_REQUIRE(warnings(file).size() == 1U);
        BOOST_TEST(contains(warnings(file)[0],
                            std::string(word) + " is taken as pthread, which recovers"));
    }
    BOOST_TEST(!contains(warnings(parse_lines("MPM worker\nAcceptMutex fcntl\n"))[0], "taken as"));
}

BOOST_AUTO_TEST_CASE(old_lines_are_listed_with_what_to_write_today) {  // U-23
    const FileLayer file =
        parse_lines("MaxClients 150\nMaxRequestsPerChild 0\nAcceptMutex fcntl\n");
    BOOST_REQUIRE(file.old_lines.size() == 3U);
    BOOST_TEST(file.old_lines[0].written == "MaxClients");
    BOOST_TEST(file.old_lines[0].today == "MaxRequestWorkers 150");
    BOOST_TEST(file.old_lines[0].position.line == 2);
    BOOST_TEST(file.old_lines[1].today == "MaxConnectionsPerChild 0");
    BOOST_TEST(file.old_lines[2].directive == "Mutex");
    BOOST_TEST(file.old_lines[2].today.empty());  // not needed under event
}

BOOST_AUTO_TEST_CASE(the_factor_has_no_effect_under_worker) {
    const FileLayer file = parse_lines("AsyncRequestWorkerFactor 2\nMPM worker\n");
    BOOST_TEST(file.ok());
    BOOST_REQUIRE(warnings(file).size() == 1U);
    BOOST_TEST(contains(warnings(file)[0], "AsyncRequestWorkerFactor has no effect"));
    BOOST_TEST(warnings(parse_lines("AsyncRequestWorkerFactor 2\n")).empty());
}

BOOST_AUTO_TEST_CASE(a_log_has_a_format_of_its_own_or_a_named_one) {
    const FileLayer file = parse_lines(
        "CustomLog logs/a short\nLogFormat \"%h %U\" short\nLogFormat \"%m\" short\n"
        "CustomLog logs/b \"%h \\\"%r\\\" %>s\"\nCustomLog logs/c common\n"
        "LogFormat %U common\nTransferLog logs/d\nLogFormat %X\n");
    BOOST_REQUIRE_MESSAGE(file.ok(), only_error(file));
    const auto logs = normalise(file.settings, {}).settings.custom_log;
    BOOST_REQUIRE(logs.size() == 4U);
    BOOST_TEST(logs[0].format == "%m");
    BOOST_TEST(logs[1].format == "%h \"%r\" %>s");
    BOOST_TEST(logs[2].format == "%U");
    BOOST_TEST(logs[3].format == "%X");
    BOOST_TEST(normalise(parse_lines("TransferLog logs/d\n").settings, {})
                   .settings.custom_log.at(0)
                   .format == "common");
    BOOST_TEST(value_text(*find_directive("TransferLog"), file.settings) == "logs/d");
}

BOOST_AUTO_TEST_CASE(bounds_of_scripts_have_two_halves) {
    const Settings settings =
        parse_lines("RLimitCPU 5\nRLimitMEM 1000000 max\nRLimitNPROC max 20\n").settings;
    BOOST_TEST((settings.rlimit_cpu == ResourceLimit{5, -1}));
    BOOST_TEST((settings.rlimit_mem == ResourceLimit{1000000, -1}));
    BOOST_TEST(!settings.rlimit_nproc.has_value());
    BOOST_TEST((parse_lines("RLimitNPROC 10 20\n").settings.rlimit_nproc == ResourceLimit{10, 20}));
}

BOOST_AUTO_TEST_CASE(reading_a_request_has_a_time_that_may_grow) {
    const LiveSettings live =
        parse_lines("RequestReadTimeout header=20-40,minrate=500 Body=10,MinRate=7\n")
            .settings.live;
    BOOST_TEST(live.request_read_timeout_ms == 20000);
    BOOST_TEST(live.request_head_max_ms == 40000);
    BOOST_TEST(live.request_head_min_rate == 500);
    BOOST_TEST(live.request_body_timeout_ms == 10000);
    BOOST_TEST(live.request_body_max_ms == 0);
    BOOST_TEST(live.request_body_min_rate == 7);
    const auto& directive = *find_directive("RequestReadTimeout");
    BOOST_TEST(value_text(directive, default_settings()) == "header=0 body=0");
}

BOOST_AUTO_TEST_CASE(buckets_follow_the_processors) {
    Surroundings eight;
    eight.cores = 8;
    const auto buckets = [&](const char* line) {
        return listen_buckets(parse_lines(line).settings, eight);
    };
    BOOST_TEST(buckets("") == 1);
    BOOST_TEST(buckets("ListenCoresBucketsRatio 2\n") == 4);
    BOOST_TEST(buckets("ListenCoresBucketsRatio 5\n") == 1);
    BOOST_TEST(buckets("ListenCoresBucketsRatio 9\n") == 1);
}

BOOST_AUTO_TEST_SUITE_END()
