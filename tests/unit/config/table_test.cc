#include <set>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "daemon/base/text.h"
#include "daemon/config/directives.h"
#include "daemon/config/lexer.h"
#include "daemon/config/value.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace
namespace data = boost::unit_test::data;

namespace {

struct Entry {
    const Directive* directive;
    friend std::ostream& operator<<(std::ostream& out, const Entry& entry) {
        return out << entry.directive->name;
    }
};

template <class Want>
std::vector<Entry> entries(Want want) {
    std::vector<Entry> out;
    for (const Directive& directive : directives())
        if (want(directive)) out.push_back({&directive});
    return out;
}

bool is_bounded(const Directive& directive) {
    return directive.support == Support::Yes && directive.kind <= Kind::Size;
}

Outcome assign_text(const Directive& directive, Settings& settings, const std::string& text) {
    std::vector<std::string> arguments{text};
    if (directive.max_arguments > 1) {
        arguments.clear();
        for (const Word& word : split_words(text).value_or(std::vector<Word>()))
            arguments.push_back(word.text);
    }
    return assign(directive, settings, arguments, Strictness::Api);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(table)

BOOST_AUTO_TEST_CASE(defaults_of_the_table_and_of_settings_are_the_same) {
    const Settings table = default_settings();
    Settings fields;
    fields.limits.model = table.limits.model;  // chosen by the build
    for (const Directive& directive : directives())
        if (directive.support == Support::Yes) BOOST_TEST_CONTEXT(directive.name) {
                BOOST_TEST(value_text(directive, table) == value_text(directive, fields));
            }
}

BOOST_DATA_TEST_CASE(a_default_means_itself, data::make(entries([](const Directive& d) {
                         return d.support == Support::Yes && !d.fallback.empty();
                     }))) {
    const Directive& directive = *sample.directive;
    Settings settings;
    if (directive.accumulates) directive.binding.clear(settings);
    BOOST_REQUIRE(assign_text(directive, settings, std::string(directive.fallback)).has_value());
    BOOST_TEST(value_text(directive, settings) == value_text(directive, default_settings()));
}

BOOST_DATA_TEST_CASE(both_ends_of_a_range_are_taken_and_read_back,
                     data::make(entries(is_bounded))) {
    const Directive& directive = *sample.directive;
    for (const std::int64_t value : {directive.min, directive.max}) {
        Settings settings;
        const std::string text = number_text(directive, value);
        BOOST_TEST_CONTEXT(text) {
            BOOST_TEST(assign_text(directive, settings, text).has_value());
            BOOST_TEST(directive.binding.number(settings) == value);
            BOOST_TEST(value_text(directive, settings) == text);
        }
    }
}

BOOST_DATA_TEST_CASE(beyond_a_range_is_refused_with_the_range, data::make(entries(is_bounded))) {
    const Directive& directive = *sample.directive;
    const bool zero_is_below = directive.min == 1 && !directive.zero.empty();
    const std::int64_t below = zero_is_below ? -1 : directive.min - 1;
    for (const std::int64_t value : {below, directive.max + 1}) {
        Settings settings;
        const std::string before = value_text(directive, settings);
        const auto outcome = assign_text(directive, settings, number_text(directive, value));
        BOOST_TEST_CONTEXT(value) {
            BOOST_REQUIRE(!outcome.has_value());
            BOOST_TEST(contains(outcome.error().message, range_text(directive)));
            BOOST_TEST(contains(outcome.error().message, std::string(directive.name)));
            BOOST_TEST(value_text(directive, settings) == before);
            BOOST_TEST(assign_text(directive, settings, outcome.error().suggestion).has_value());
        }
    }
}

BOOST_DATA_TEST_CASE(every_choice_is_taken, data::make(entries([](const Directive& d) {
                         return d.support == Support::Yes && d.kind == Kind::Choice;
                     }))) {
    const Directive& directive = *sample.directive;
    for (const std::string_view word : mpmd::text::split(directive.choices, '|')) {
        Settings settings;
        BOOST_TEST(assign_text(directive, settings, std::string(word)).has_value());
        BOOST_TEST(value_text(directive, settings) == word);
    }
}

BOOST_DATA_TEST_CASE(every_text_is_taken_and_read_back, data::make(entries([](const Directive& d) {
                         return d.support == Support::Yes &&
                                (d.kind == Kind::Text || d.kind == Kind::Path);
                     }))) {
    const Directive& directive = *sample.directive;
    for (const std::string text : {"plain-name", "two words"}) {
        const bool one_word = directive.name == "Instance" || directive.name == "ServerName";
        if (one_word && text == "two words") continue;
        Settings settings;
        BOOST_TEST(assign_text(directive, settings, text).has_value());
        BOOST_TEST(directive.binding.text(settings) == text);
        const auto back = split_words(value_text(directive, settings));
        BOOST_REQUIRE((back.has_value() && back->size() == 1U));
        BOOST_TEST(back->front().text == text);
    }
}

BOOST_DATA_TEST_CASE(an_entry_is_complete,
                     data::make(entries([](const Directive&) { return true; }))) {
    const Directive& d = *sample.directive;
    BOOST_TEST(!d.help.empty());
    BOOST_TEST(d.help.back() == '.');
    BOOST_TEST(!d.syntax.empty());
    BOOST_TEST(d.min_arguments <= d.max_arguments);
    if (d.kind <= Kind::Size && d.support == Support::Yes) BOOST_TEST(d.min < d.max);
    const bool bound =
        d.binding.number != nullptr || d.binding.text != nullptr || d.binding.add != nullptr;
    BOOST_TEST(bound == (d.support == Support::Yes));
    BOOST_TEST((find_directive(mpmd::text::lower(d.name)) == &d));
    BOOST_TEST((find_old_name(d.name) == nullptr));
    // What may be tuned waits for the same in a file, or the file would be the slower way.
    if (d.overridable()) BOOST_TEST((d.apply == d.reload));
}

BOOST_AUTO_TEST_CASE(names_are_unique) {
    std::set<std::string> names;
    for (const Directive& directive : directives())
        BOOST_TEST(names.insert(mpmd::text::lower(directive.name)).second);
}

struct Group {
    Apply apply;
    std::vector<const char*> names;
};

// Contract, section 4; what this release does not do yet is in the table all the same.
const Group kContract[] = {
    {Apply::Immediate,
     {"MinSpareThreads",
      "MaxSpareThreads",
      "MaxRequestWorkers",
      "ServerLimit",
      "AsyncRequestWorkerFactor",
      "MaxConnectionsPerChild",
      "MaxRequestsServedPerChild",
      "MaxChildRSS",
      "KeepAlive",
      "KeepAliveTimeout",
      "MaxKeepAliveRequests",
      "TimeOut",
      "RequestReadTimeout",
      "KeepAliveShedAge",
      "HeadShedAge",
      "ChildDrainTimeout",
      "DrainKeepAliveGrace",
      "StopTimeout",
      "RetiringLimit",
      "RequestQueueTimeout",
      "ListenerAnswers",
      "GracefulShutdownTimeout",
      "MaxMemFree",
      "ExtendedStatus",
      "SeeRequestTail",
      "LogLevel",
      "ListenBacklog",
      "SendBufferSize",
      "ReceiveBufferSize"}},
    {Apply::Rolling,
     {"ThreadsPerChild", "ThreadLimit", "ThreadStackSize", "CoreDumpDirectory",
      "EnableExceptionHook"}},
    {Apply::NextStart, {"StartServers"}},
    {Apply::Never,
     {"User",
      "Group",
      "Listen",
      "PidFile",
      "ScoreBoardFile",
      "ServerRoot",
      "ErrorLog",
      "CustomLog",
      "Mutex",
      "MPM",
      "ControlSocket",
      "ControlUser",
      "ControlRole",
      "ControlProgram",
      "ControlReflection",
      "ControlMaxWatchers",
      "StateDir",
      "TestHandlers",
      "SSLCertificateFile",
      "SSLCertificateKeyFile"}},
};

BOOST_AUTO_TEST_CASE(apply_classes_are_those_of_the_contract) {
    std::set<std::string> tunable;
    for (const Group& group : kContract)
        for (const char* name : group.names) {
            const Directive* directive = find_directive(name);
            BOOST_TEST_CONTEXT(name) {
                BOOST_REQUIRE((directive != nullptr));
                BOOST_TEST(apply_name(directive->apply) == apply_name(group.apply));
            }
            if (group.apply != Apply::Never) tunable.insert(name);
        }
    for (const Directive& directive : directives())
        if (directive.apply != Apply::Never) BOOST_TEST_CONTEXT(directive.name) {
                BOOST_TEST(tunable.count(std::string(directive.name)) == 1U);
            }
}

BOOST_AUTO_TEST_CASE(all_process_directives_of_the_three_seeds_are_there) {
    for (const char* name : {"CoreDumpDirectory",
                             "EnableExceptionHook",
                             "Group",
                             "Listen",
                             "ListenBacklog",
                             "SendBufferSize",
                             "ReceiveBufferSize",
                             "MaxMemFree",
                             "MaxSpareThreads",
                             "MinSpareThreads",
                             "PidFile",
                             "ScoreBoardFile",
                             "ServerLimit",
                             "StartServers",
                             "ThreadLimit",
                             "ThreadsPerChild",
                             "ThreadStackSize",
                             "User",
                             "AsyncRequestWorkerFactor",
                             "MaxConnectionsPerChild",
                             "MaxRequestWorkers",
                             "Mutex",
                             "GracefulShutdownTimeout",
                             "AcceptFilter",
                             "ListenCoresBucketsRatio"})
        BOOST_TEST((find_directive(name) != nullptr), name);
    for (const char* name : {"MaxClients", "MaxRequestsPerChild", "AcceptMutex", "LockFile"})
        BOOST_TEST((find_old_name(name) != nullptr), name);
}

BOOST_AUTO_TEST_CASE(a_slip_of_the_finger_finds_its_name_and_nonsense_finds_none) {
    BOOST_TEST(suggest_directive("KeepaliveTimout") == "KeepAliveTimeout");
    BOOST_TEST(suggest_directive("MaxRequestWorker") == "MaxRequestWorkers");
    BOOST_TEST(suggest_directive("xyz") == "");
    BOOST_TEST(suggest_directive(std::string(100000, 'a')) == "");
}

BOOST_AUTO_TEST_SUITE_END()
