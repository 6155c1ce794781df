#include <algorithm>

#include <boost/test/unit_test.hpp>

#include "daemon/config/override.h"
#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

namespace {

Validated ask(const std::string& file_lines,
              std::vector<Change> changes,
              Apply allow = Apply::Immediate,
              const Layers& layers = {}) {
    ChangeRequest request;
    request.changes = std::move(changes);
    request.allow = allow;
    return validate_changes(parse_lines(file_lines), layers, request, {});
}

const Violation& only(const Validated& validated) {
    BOOST_REQUIRE(validated.violations.size() == 1U);
    return validated.violations.front();
}

std::string value_of(const Metadata& metadata, const std::string& key) {
    for (const auto& [name, value] : metadata)
        if (name == key) return value;
    return "(absent)";
}

constexpr const char* kSeed004 =
    "ServerLimit 16\nStartServers 2\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads "
    "75\n"
    "ThreadsPerChild 25\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(changes)

BOOST_AUTO_TEST_CASE(spare_threads_are_raised_together_in_any_order) {  // issue 2, bar "Workers"
    for (const bool swapped : {false, true}) {
        std::vector<Change> changes{{"MinSpareThreads", "60"}, {"MaxSpareThreads", "120"}};
        if (swapped) std::swap(changes[0], changes[1]);
        const Validated validated = ask(kSeed004, changes);
        BOOST_REQUIRE(validated.ok());
        BOOST_TEST(validated.config.effective.limits.min_spare_threads == 60);
        BOOST_TEST(validated.config.effective.limits.max_spare_threads == 120);
        BOOST_TEST(apply_name(validated.apply) == "IMMEDIATE");
        BOOST_TEST(validated.differences.size() == 2U);
        BOOST_TEST(validated.layers.runtime.size() == 2U);
        BOOST_TEST((validated.layers.runtime.front().file_text == (swapped ? "75" : "25")));
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_directive_is_answered_with_a_near_one) {
    const Validated validated = ask("", {{"MinSpareThread", "60"}});
    BOOST_TEST(reason_name(only(validated).reason) == "UNKNOWN_DIRECTIVE");
    BOOST_TEST(only(validated).suggestion == "MinSpareThreads");
}

BOOST_AUTO_TEST_CASE(old_names_are_understood) {
    const Validated validated = ask("", {{"maxclients", "300"}});
    BOOST_REQUIRE(validated.ok());
    BOOST_TEST(validated.layers.runtime.front().directive == "MaxRequestWorkers");
}

BOOST_AUTO_TEST_CASE(a_value_out_of_range_is_answered_with_range_and_suggestion) {
    const Violation zero =
        only(ask("", {{"MinSpareThreads", "0"}}));  // the file may, the API may not
    BOOST_TEST(reason_name(zero.reason) == "VALUE_OUT_OF_RANGE");
    BOOST_TEST(zero.allowed == "1 to 2000000000");
    BOOST_TEST(zero.suggestion == "1");
    BOOST_TEST(value_of(zero.metadata, "minimum") == "1");
    BOOST_TEST(value_of(zero.metadata, "value") == "0");
    BOOST_TEST(contains(zero.message, "MinSpareThreads must be from 1 to 2000000000, not \"0\""));
    const Violation garbage = only(ask("", {{"MinSpareThreads", "many"}}));
    BOOST_TEST(garbage.suggestion == "75");
    BOOST_TEST(reason_name(only(ask("", {{"TimeOut", "1 2"}})).reason) == "VALUE_OUT_OF_RANGE");
    BOOST_TEST(reason_name(only(ask("", {{"TimeOut", "\"1"}})).reason) == "VALUE_OUT_OF_RANGE");
    BOOST_TEST(reason_name(only(ask("", {{"TimeOut", ""}})).reason) == "VALUE_OUT_OF_RANGE");
}

BOOST_AUTO_TEST_CASE(what_the_control_plane_may_not_touch_is_refused) {
    for (const char* name :
         {"User", "Listen", "ErrorLog", "ControlRole", "TestHandlers", "StateDir"})
        BOOST_TEST(reason_name(only(ask("", {{name, "x"}})).reason) == "NOT_OVERRIDABLE");
    BOOST_TEST(reason_name(only(ask("", {{"HistoryInterval", "1"}})).reason) == "NOT_SUPPORTED");
    BOOST_TEST(reason_name(only(ask("", {{"AcceptMutex", "flock"}})).reason) == "NOT_OVERRIDABLE");
}

BOOST_AUTO_TEST_CASE(what_would_be_clamped_is_refused_with_the_nearest_set) {
    const Violation multiple = only(ask("ServerLimit 40\n", {{"MaxRequestWorkers", "610"}}));
    BOOST_TEST(reason_name(multiple.reason) == "LIMITS_CONFLICT");
    BOOST_TEST(contains(multiple.message,
                        "610 is not a multiple of ThreadsPerChild (25); nearest: 600 or 625"));
    BOOST_TEST(value_of(multiple.metadata, "nearest") == "600,625");
    BOOST_TEST(value_of(multiple.metadata, "threads_per_child") == "25");

    const Violation spare = only(ask("", {{"MinSpareThreads", "240"}}));
    BOOST_TEST(reason_name(spare.reason) == "LIMITS_CONFLICT");
    BOOST_TEST(spare.directive == "MaxSpareThreads");
    BOOST_TEST(value_of(spare.nearest, "MaxSpareThreads") == "266");
    BOOST_TEST(value_of(spare.nearest, "MinSpareThreads") == "240");

    const Violation servers = only(ask("", {{"MaxRequestWorkers", "500"}}));
    BOOST_TEST(value_of(servers.nearest, "MaxRequestWorkers") == "400");
}

BOOST_AUTO_TEST_CASE(a_clamp_that_the_file_already_had_does_not_stop_another_change) {
    BOOST_TEST(ask("MaxRequestWorkers 410\n", {{"KeepAliveTimeout", "7"}}).ok());
}

BOOST_AUTO_TEST_CASE(replacing_children_needs_leave) {
    const Violation refused = only(ask("", {{"ThreadsPerChild", "50"}}));
    BOOST_TEST(reason_name(refused.reason) == "NEEDS_RESTART");
    BOOST_TEST(value_of(refused.metadata, "apply_class") == "ROLLING");
    BOOST_TEST(contains(refused.message, "--allow rolling"));
    const Validated allowed = ask("", {{"ThreadsPerChild", "50"}}, Apply::Rolling);
    BOOST_REQUIRE(allowed.ok());
    BOOST_TEST(apply_name(allowed.apply) == "ROLLING");
    BOOST_TEST(ask("", {{"StartServers", "4"}}).ok());
}

BOOST_AUTO_TEST_CASE(a_scoreboard_that_is_too_small_asks_for_a_start) {
    ChangeRequest request;
    request.changes = {{"ServerLimit", "200"}};
    Surroundings small;
    small.hard_children = 100;
    const Validated validated = validate_changes(parse_lines(""), {}, request, small);
    BOOST_TEST(reason_name(only(validated).reason) == "NEEDS_RESTART");
}

BOOST_AUTO_TEST_CASE(all_violations_are_named_and_nothing_is_half_done) {
    const Validated validated =
        ask("", {{"User", "x"}, {"Nonsense", "1"}, {"TimeOut", "0"}, {"KeepAlive", "Off"}});
    BOOST_TEST(validated.violations.size() == 3U);
    BOOST_TEST(!validated.ok());
    BOOST_TEST(reason_name(only(ask("", {{"TimeOut", "1"}, {"timeout", "2"}})).reason) ==
               "DUPLICATE_DIRECTIVE");
}

BOOST_AUTO_TEST_CASE(a_new_value_is_never_hidden_by_an_older_override) {
    Layers layers;
    layers.runtime = {{"TimeOut", "5", "", false}};
    ChangeRequest request;
    request.changes = {{"TimeOut", "6"}};
    request.lifetime = Lifetime::Saved;
    const Validated validated = validate_changes(parse_lines(""), layers, request, {});
    BOOST_REQUIRE(validated.ok());
    BOOST_TEST(validated.config.effective.live.timeout_ms == 6000);
    BOOST_TEST(validated.layers.runtime.empty());
    BOOST_TEST(validated.layers.saved.size() == 1U);
}

BOOST_AUTO_TEST_CASE(reset_goes_back_to_the_file) {
    Layers layers;
    layers.saved = {{"TimeOut", "5", "30", false}};
    layers.runtime = {{"TimeOut", "6", "30", false}};
    const Validated validated =
        ask("TimeOut 30\n", {{"TimeOut", std::nullopt}}, Apply::Immediate, layers);
    BOOST_REQUIRE(validated.ok());
    BOOST_TEST(validated.config.effective.live.timeout_ms == 30000);
    BOOST_TEST(validated.layers.saved.empty());
    BOOST_TEST(validated.layers.runtime.empty());
}

BOOST_AUTO_TEST_CASE(a_pending_change_leaves_the_other_layers_alone) {
    Layers layers;
    layers.saved = {{"TimeOut", "5", "", false}};
    ChangeRequest request;
    request.changes = {{"TimeOut", "6"}, {"KeepAlive", "Off"}};
    request.pending = true;
    const Validated validated = validate_changes(parse_lines(""), layers, request, {});
    BOOST_REQUIRE(validated.ok());
    BOOST_TEST((validated.layers.saved == layers.saved));
    BOOST_TEST(validated.layers.pending.size() == 2U);
    BOOST_TEST(validated.config.effective.live.timeout_ms == 6000);
}

BOOST_AUTO_TEST_SUITE_END()
