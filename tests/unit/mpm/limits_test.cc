#include "daemon/mpm/limits.h"

#include <algorithm>
#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
namespace data = boost::unit_test::data;
using mpm::Limits;

namespace {

std::string rules(const std::vector<mpm::Adjustment>& adjustments, bool notices_too = false) {
    std::string text;
    for (const mpm::Adjustment& a : adjustments)
        if (notices_too || a.severity == mpm::Adjustment::Severity::Warning)
            text += (text.empty() ? "" : " ") + a.rule;
    return text;
}

// A row of 2.2: what is asked for beyond the defaults, what must come out, which rules warn.
struct Vector {
    const char* name;
    Limits asked;
    Limits effective;
    std::int64_t active;
    const char* warnings;
};
std::ostream& operator<<(std::ostream& out, const Vector& v) {
    return out << v.name;
}

Limits with(std::int64_t Limits::*member, std::int64_t value, Limits base = {}) {
    base.*member = value;
    return base;
}

// Defaults with ServerLimit, ThreadLimit, ThreadsPerChild and MaxRequestWorkers replaced.
Limits sized(
    std::int64_t sl, std::int64_t tl, std::int64_t tpc, std::int64_t mrw, Limits base = {}) {
    base.server_limit = sl;
    base.thread_limit = tl;
    base.threads_per_child = tpc;
    base.max_request_workers = mrw;
    return base;
}

Limits worker_model() {
    Limits limits;
    limits.model = mpm::Model::Worker;
    return limits;
}

Limits seed_004(std::int64_t max_request_workers) {
    Limits limits = sized(16, 64, 25, max_request_workers);
    limits.start_servers = 2;
    limits.min_spare_threads = 25;
    limits.max_spare_threads = 75;
    return limits;
}

// Table 2.2 with the errata of decisions.md 10 (N9 lowers MaxRequestWorkers too; N15 is told).
const Vector kVectors[] = {
    {"the defaults hold", {}, {}, 16, ""},
    {"ServerLimit 20001", with(&Limits::server_limit, 20001), with(&Limits::server_limit, 20000),
     16, "N1"},
    {"ServerLimit 0", with(&Limits::server_limit, 0), sized(1, 64, 25, 25), 1, "N1b N9"},
    {"ServerLimit -5", with(&Limits::server_limit, -5), sized(1, 64, 25, 25), 1, "N1b N9"},
    {"ThreadLimit 100001, event", with(&Limits::thread_limit, 100001),
     with(&Limits::thread_limit, 100000), 16, "N3"},
    {"ThreadLimit 20001, worker", with(&Limits::thread_limit, 20001, worker_model()),
     with(&Limits::thread_limit, 20000, worker_model()), 16, "N3"},
    {"ThreadLimit 0", with(&Limits::thread_limit, 0), sized(16, 1, 1, 16), 16, "N3b N5 N9"},
    {"ThreadsPerChild 65", with(&Limits::threads_per_child, 65), sized(16, 64, 64, 384), 6,
     "N5 N8"},
    {"ThreadsPerChild 0", with(&Limits::threads_per_child, 0), sized(16, 64, 1, 16), 16, "N5b N9"},
    {"ThreadLimit 10, ThreadsPerChild 25", with(&Limits::thread_limit, 10), sized(16, 10, 10, 160),
     16, "N5 N9"},
    {"MaxRequestWorkers 10", with(&Limits::max_request_workers, 10), sized(16, 64, 25, 25), 1,
     "N6"},
    {"MaxRequestWorkers 0", with(&Limits::max_request_workers, 0), sized(16, 64, 25, 25), 1, "N6"},
    {"MaxRequestWorkers 401", with(&Limits::max_request_workers, 401), {}, 16, "N8"},
    {"MaxRequestWorkers 410", with(&Limits::max_request_workers, 410), {}, 16, "N8"},
    {"MaxRequestWorkers 430", with(&Limits::max_request_workers, 430), {}, 16, "N8 N9"},
    {"StartServers 0", with(&Limits::start_servers, 0), with(&Limits::start_servers, 1), 16, "N10"},
    {"MinSpareThreads 0", with(&Limits::min_spare_threads, 0), with(&Limits::min_spare_threads, 1),
     16, "N11"},
    {"MinSpareThreads -3", with(&Limits::min_spare_threads, -3),
     with(&Limits::min_spare_threads, 1), 16, "N11"},
    {"MaxSpareThreads 1", with(&Limits::max_spare_threads, 1),
     with(&Limits::max_spare_threads, 101), 16, "N15"},
    {"seed 004", seed_004(150), seed_004(150), 6, ""},
    {"restart: SL 6->9, TL 8->16, TPC 4->10, MRW 16->81", sized(9, 16, 10, 81),
     sized(9, 16, 10, 80), 8, "N8"},
};

// What a set of one directive leaves of StartServers is said as a notice only.
Limits started(Limits limits) {
    limits.start_servers = mpm::initial_children(limits);
    return limits;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_DATA_TEST_CASE(values_are_made_to_fit_in_the_order_of_the_rules, data::make(kVectors), v) {
    const mpm::Normalised result = mpm::normalise(v.asked);

    const Limits want = started(v.effective);
    BOOST_TEST(result.limits.server_limit == want.server_limit);
    BOOST_TEST(result.limits.thread_limit == want.thread_limit);
    BOOST_TEST(result.limits.threads_per_child == want.threads_per_child);
    BOOST_TEST(result.limits.max_request_workers == want.max_request_workers);
    BOOST_TEST(result.limits.start_servers == want.start_servers);
    BOOST_TEST(result.limits.min_spare_threads == want.min_spare_threads);
    BOOST_TEST(result.limits.max_spare_threads == want.max_spare_threads);
    BOOST_TEST(result.limits.active_limit() == v.active);  // N7
    BOOST_TEST(rules(result.adjustments) == v.warnings);
}

BOOST_DATA_TEST_CASE(a_normalised_set_needs_nothing_more, data::make(kVectors), v) {
    const mpm::Normalised once = mpm::normalise(v.asked);
    const mpm::Normalised twice = mpm::normalise(once.limits);
    BOOST_TEST((twice.limits == once.limits));
    BOOST_TEST(twice.adjustments.empty());
}

BOOST_AUTO_TEST_CASE(a_restart_is_bound_only_by_the_capacity_of_the_scoreboard) {  // N2, N4
    Limits asked = sized(9, 16, 10, 80);
    const mpm::Normalised result = mpm::normalise(asked, 6, 8);
    BOOST_TEST(rules(result.adjustments) == "N2 N4 N5 N9");
    BOOST_TEST(result.limits.server_limit == 6);
    BOOST_TEST(result.limits.max_request_workers == 48);
}

BOOST_AUTO_TEST_CASE(each_adjustment_says_what_and_why) {  // D-5
    const auto adjustments = mpm::normalise(with(&Limits::max_request_workers, 410)).adjustments;
    BOOST_REQUIRE(adjustments.size() == 1U);
    BOOST_TEST(mpm::describe(adjustments[0]) ==
               "MaxRequestWorkers 410: effective 400, because it is not a multiple of "
               "ThreadsPerChild (25); 16 servers (N8)");
}

BOOST_AUTO_TEST_CASE(more_start_servers_than_may_be_active_is_only_a_notice) {  // N16, A-55
    const auto result = mpm::normalise(sized(6, 8, 4, 16, with(&Limits::start_servers, 5)));
    BOOST_TEST(rules(result.adjustments).empty());
    BOOST_TEST(rules(result.adjustments, true) == "N16");
    BOOST_TEST(mpm::initial_children(result.limits) == 4);
}

BOOST_AUTO_TEST_CASE(a_factor_below_one_counts_as_one) {  // E-10
    const auto result = mpm::normalise(with(&Limits::async_factor_micro, 500'000));
    BOOST_TEST(result.limits.async_factor_micro == mpm::kFactorUnit);
    BOOST_TEST(mpm::describe(result.adjustments.at(0)) ==
               "AsyncRequestWorkerFactor 0.5: effective 1, because it cannot be below 1 (E-10)");
}

BOOST_AUTO_TEST_CASE(each_bucket_gets_a_child_and_spare_threads) {  // N12 to N15
    Limits asked = sized(1, 8, 4, 4);
    asked.start_servers = 1;
    asked.min_spare_threads = 1;
    asked.max_spare_threads = 1;
    const auto result = mpm::normalise(asked, mpm::kMaxServerLimit, mpm::kMaxThreadLimitEvent, 2);
    BOOST_TEST(result.limits.active_limit() == 2);
    BOOST_TEST(result.limits.start_servers == 2);
    BOOST_TEST(result.limits.min_spare_threads == 6);   // 4 x 1 + 2
    BOOST_TEST(result.limits.max_spare_threads == 16);  // 6 + 5 x 2
    BOOST_TEST(rules(result.adjustments) == "N15");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(limits_change)

namespace {
struct Refusal {
    Limits wanted;
    const char* directive;
    const char* message;
};
std::ostream& operator<<(std::ostream& out, const Refusal& r) {
    return out << r.message;
}

const Refusal kRefusals[] = {
    {sized(32, 64, 25, 610), "MaxRequestWorkers",
     "610 is not a multiple of ThreadsPerChild (25); nearest: 600 or 625"},
    {sized(16, 64, 25, 390), "MaxRequestWorkers",
     "390 is not a multiple of ThreadsPerChild (25); nearest: 375 or 400"},
    {sized(16, 64, 25, 401), "MaxRequestWorkers",
     "401 is not a multiple of ThreadsPerChild (25); nearest: 400"},
    {sized(16, 64, 25, 500), "MaxRequestWorkers",
     "500 exceeds ServerLimit x ThreadsPerChild (16 x 25); nearest: 400, or ServerLimit 20"},
    {sized(16, 64, 25, 610), "MaxRequestWorkers",
     "610 exceeds ServerLimit x ThreadsPerChild (16 x 25); nearest: 400, or ServerLimit 25"},
    {with(&Limits::threads_per_child, 100, sized(16, 64, 100, 400)), "ThreadsPerChild",
     "100 exceeds ThreadLimit (64); nearest: 64, or ThreadLimit 100"},
    {with(&Limits::min_spare_threads, 300), "MaxSpareThreads",
     "250 is below MinSpareThreads (300) + ThreadsPerChild (25) + 1; nearest: 326, or "
     "MinSpareThreads 224"},
    {with(&Limits::max_spare_threads, 1), "MaxSpareThreads",
     "1 is below MinSpareThreads (75) + ThreadsPerChild (25) + 1; nearest: 101"},
    {with(&Limits::max_request_workers, 10), "MaxRequestWorkers",
     "10 is below ThreadsPerChild (25); nearest: 25"},
    {with(&Limits::server_limit, 0), "ServerLimit", "0 is below 1; nearest: 1"},
    {with(&Limits::server_limit, 20001), "ServerLimit", "20001 is above 20000; nearest: 20000"},
    {with(&Limits::threads_per_child, 30), "MaxRequestWorkers",
     "400 is not a multiple of ThreadsPerChild (30); nearest: 390 or 420"},
};
}  // namespace

BOOST_DATA_TEST_CASE(a_change_that_would_be_clamped_is_refused, data::make(kRefusals), r) {
    const mpm::ChangeCheck check = mpm::check_change(Limits{}, r.wanted);

    BOOST_TEST(!check.accepted());
    const auto found =
        std::find_if(check.violations.begin(), check.violations.end(),
                     [&](const mpm::Violation& v) { return v.directive == r.directive; });
    BOOST_REQUIRE(found != check.violations.end());
    BOOST_TEST(found->message == r.message);
    BOOST_TEST(mpm::check_change(Limits{}, check.nearest).accepted());
}

BOOST_DATA_TEST_CASE(each_value_named_as_nearest_would_be_accepted,
                     data::make(std::vector<std::int64_t>{1, 26, 390, 399, 401, 777, 1'000'000}),
                     asked) {
    const Limits before = sized(32, 64, 25, 400);
    const auto check = mpm::check_change(before, with(&Limits::max_request_workers, asked, before));
    BOOST_REQUIRE(check.violations.size() == 1U);
    for (const std::int64_t value : check.violations[0].nearest) {
        const Limits again = with(&Limits::max_request_workers, value, before);
        BOOST_TEST(mpm::check_change(before, again).accepted());
    }
}

BOOST_AUTO_TEST_CASE(the_nearest_set_takes_the_closer_multiple) {
    const Limits before = sized(32, 64, 25, 400);
    const auto nearest = [&](std::int64_t asked) {
        const auto wanted = with(&Limits::max_request_workers, asked, before);
        return mpm::check_change(before, wanted).nearest.max_request_workers;
    };
    BOOST_TEST(nearest(610) == 600);
    BOOST_TEST(nearest(620) == 625);
}

BOOST_AUTO_TEST_CASE(what_the_file_has_clamped_already_is_not_held_against_another_change) {
    const Limits before = with(&Limits::max_request_workers, 410);
    const Limits wanted = with(&Limits::min_spare_threads, 50, before);
    BOOST_TEST(mpm::check_change(before, wanted).accepted());
}

BOOST_AUTO_TEST_CASE(a_change_that_fits_is_accepted_as_it_is) {
    const Limits wanted = sized(32, 64, 25, 800);
    const auto check = mpm::check_change(Limits{}, wanted);
    BOOST_TEST(check.accepted());
    BOOST_TEST((check.nearest == wanted));
}

BOOST_AUTO_TEST_SUITE_END()
