#include "daemon/config/override.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/config/texts.h"

using namespace mpmd::config;  // NOLINT(google-build-using-namespace): a test of this namespace

namespace {

const Surroundings kHere{};

std::int64_t min_spare(const Composed& composed) {
    return composed.config.effective.limits.min_spare_threads;
}
Source source_of(const Composed& composed, const char* name) {
    return composed.config.origins.at(name).source;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(overrides)

BOOST_AUTO_TEST_CASE(a_higher_layer_wins_and_says_where_it_came_from) {
    const FileLayer file = parse_lines("MinSpareThreads 60\n");
    Layers layers;
    BOOST_TEST(min_spare(compose(file, layers, kHere)) == 60);
    BOOST_TEST((source_of(compose(file, layers, kHere), "MinSpareThreads") == Source::File));
    BOOST_TEST((source_of(compose(file, layers, kHere), "MaxSpareThreads") == Source::Default));

    layers.saved = {{"MinSpareThreads", "61", "60", false}};
    BOOST_TEST(min_spare(compose(file, layers, kHere)) == 61);
    layers.runtime = {{"MinSpareThreads", "62", "60", false}};
    BOOST_TEST(min_spare(compose(file, layers, kHere)) == 62);
    layers.pending = {{"MinSpareThreads", "63", "60", false}};
    const Composed all = compose(file, layers, kHere);
    BOOST_TEST(min_spare(all) == 63);
    BOOST_TEST((source_of(all, "MinSpareThreads") == Source::Pending));
    BOOST_TEST(all.config.origins.at("MinSpareThreads").file_text == "60");
    BOOST_TEST((all.layers == layers));
}

BOOST_AUTO_TEST_CASE(a_pending_change_goes_or_stays_as_decided) {
    const FileLayer file = parse_lines("MinSpareThreads 60\n");
    Layers layers;
    layers.saved = {{"MinSpareThreads", "61", "60", false}};
    layers.pending = {{"MinSpareThreads", "63", "60", false}};

    BOOST_TEST(min_spare(compose(file, cancelled(layers), kHere)) == 61);

    const Layers until_restart = confirmed(layers, Lifetime::UntilRestart);
    BOOST_TEST(until_restart.pending.empty());
    BOOST_TEST(until_restart.saved.front().text == "61");
    BOOST_TEST(min_spare(compose(file, until_restart, kHere)) == 63);

    const Layers saved = confirmed(layers, Lifetime::Saved);
    BOOST_TEST(saved.runtime.empty());
    BOOST_TEST(saved.saved.front().text == "63");
}

BOOST_AUTO_TEST_CASE(a_pending_reset_shows_the_file_below_the_saved_layer) {
    const FileLayer file = parse_lines("MinSpareThreads 60\n");
    Layers layers;
    layers.saved = {{"MinSpareThreads", "61", "60", false}};
    layers.pending = {{"MinSpareThreads", "", "60", true}};
    const Composed composed = compose(file, layers, kHere);
    BOOST_TEST(min_spare(composed) == 60);
    BOOST_TEST((source_of(composed, "MinSpareThreads") == Source::File));
    BOOST_TEST(confirmed(layers, Lifetime::Saved).saved.empty());
}

BOOST_AUTO_TEST_CASE(an_edited_file_wins_over_an_older_override) {
    Layers layers;
    layers.saved = {{"MinSpareThreads", "61", "60", false}, {"TimeOut", "9", "", false}};
    layers.runtime = {{"MaxSpareThreads", "300", "", false}};

    const Composed composed = compose(parse_lines("MinSpareThreads 80\n"), layers, kHere);

    BOOST_TEST(min_spare(composed) == 80);
    BOOST_REQUIRE(composed.dropped.size() == 1U);
    BOOST_TEST(composed.dropped.front().because == "the file now says 80");
    BOOST_TEST(composed.layers.saved.size() == 1U);
    BOOST_TEST(composed.config.effective.live.timeout_ms == 9000);

    const Composed removed = compose(parse_lines(""), layers, kHere);
    BOOST_REQUIRE(removed.dropped.size() == 1U);
    BOOST_TEST(removed.dropped.front().because == "the file no longer sets it");
}

BOOST_AUTO_TEST_CASE(an_override_that_means_nothing_any_more_is_dropped) {
    Layers layers;
    layers.saved = {{"MinSpareThreads", "many", "", false},
                    {"Gone", "1", "", false},
                    {"User", "nobody", "", false},
                    {"TimeOut", "9", "", false}};
    const Composed composed = compose(parse_lines(""), layers, kHere);
    BOOST_TEST(composed.dropped.size() == 3U);
    BOOST_TEST(min_spare(composed) == 75);
    BOOST_TEST(composed.config.effective.user == "www-data");
    BOOST_TEST(composed.config.effective.live.timeout_ms == 9000);
}

BOOST_AUTO_TEST_CASE(a_set_that_no_longer_fits_is_clamped_like_the_file) {
    Layers layers;
    layers.saved = {{"MaxRequestWorkers", "500", "", false}};
    const Composed composed = compose(parse_lines(""), layers, kHere);
    BOOST_TEST(composed.dropped.empty());
    BOOST_TEST(composed.config.effective.limits.max_request_workers == 400);
    BOOST_TEST(composed.config.adjustments.size() == 1U);
}

BOOST_AUTO_TEST_CASE(overrides_conf_is_read_as_written) {
    const std::vector<Override> overrides{{"MinSpareThreads", "60", "75", false},
                                          {"KeepAliveTimeout", "1500ms", "", false}};
    const std::string text = write_overrides(42, overrides);
    BOOST_TEST(text ==
               "# mpmd overrides, revision 42\n"
               "# file: 75\nMinSpareThreads 60\n"
               "KeepAliveTimeout 1500ms\n");
    const SavedOverrides back = read_overrides(text);
    BOOST_TEST(back.revision == 42U);
    BOOST_TEST(back.problems.empty());
    BOOST_TEST((back.overrides == overrides));
    BOOST_TEST(read_overrides("").problems.empty());
}

BOOST_AUTO_TEST_CASE(a_damaged_overrides_conf_loses_the_damage_only) {
    const SavedOverrides back =
        read_overrides("nonsense here\n# file: 1\nTimeOut\nMinSpareThreads 60\n");
    BOOST_TEST(back.problems.size() == 3U);
    BOOST_REQUIRE(back.overrides.size() == 1U);
    BOOST_TEST(back.overrides.front().text == "60");
    BOOST_TEST(back.overrides.front().file_text.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(differences)

BOOST_AUTO_TEST_CASE(what_changed_is_listed_with_the_strongest_need) {
    const Settings before = normalise(parse_lines("").settings, kHere).settings;
    const Settings after =
        normalise(parse_lines("KeepAliveTimeout 7\nThreadsPerChild 50\nStartServers 4\n").settings,
                  kHere)
            .settings;
    const auto differences = difference(before, after);
    std::vector<std::string> names;
    for (const Difference& entry : differences)
        names.emplace_back(entry.directive->name);
    BOOST_TEST(
        names == (std::vector<std::string>{"StartServers", "ThreadsPerChild", "KeepAliveTimeout"}),
        boost::test_tools::per_element());
    BOOST_TEST(differences.back().before == "5");
    BOOST_TEST(differences.back().after == "7");
    BOOST_TEST((needed_by_reload(differences) == Apply::Rolling));
    BOOST_TEST(difference(before, before).empty());
}

BOOST_AUTO_TEST_CASE(a_reload_replaces_children_only_for_what_they_took_at_birth) {
    const Settings before = normalise(parse_lines("").settings, kHere).settings;
    const auto need = [&](const char* lines) {
        return apply_name(needed_by_reload(
            difference(before, normalise(parse_lines(lines).settings, kHere).settings)));
    };
    BOOST_TEST(need("MaxRequestWorkers 300\nTimeOut 9\n") == "IMMEDIATE");
    BOOST_TEST(need("DocumentRoot /srv\n") == "ROLLING");
    BOOST_TEST(need("Listen 81\n") == "ROLLING");
    BOOST_TEST(need("StateDir /srv/state\n") == "NEXT_START");
}

BOOST_AUTO_TEST_SUITE_END()
