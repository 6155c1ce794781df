#include "daemon/mpm/admission.h"

#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
namespace data = boost::unit_test::data;

namespace {

constexpr std::int64_t kThreads = 4;

mpm::AdmissionCounts counts(double factor, std::int64_t idle, std::int64_t open) {
    mpm::AdmissionCounts c;
    c.idle_workers = idle;
    c.open = open;
    c.threads = kThreads;
    c.factor_micro = static_cast<std::int64_t>(factor * 1e6);
    return c;
}

struct Factor {
    double factor;
    std::int64_t accepted;  // with all workers idle
};
std::ostream& operator<<(std::ostream& out, const Factor& f) {
    return out << "factor " << f.factor;
}

// 4.6, one child with 4 threads; 1.5 and 2.5 are exact where the original truncates.
const Factor kFactors[] = {{2, 12}, {1, 8}, {0.5, 8}, {1.5, 10}, {2.5, 14}, {10, 44}};

}  // namespace

BOOST_AUTO_TEST_SUITE(admission)

BOOST_DATA_TEST_CASE(keep_alives_fill_a_child_up_to_the_exact_factor, data::make(kFactors), f) {
    std::int64_t open = 0;
    while (mpm::may_accept(counts(f.factor, kThreads, open)))
        ++open;
    BOOST_TEST(open == f.accepted);
    BOOST_TEST(mpm::room(counts(f.factor, kThreads, 0)) == f.accepted);
    const auto full = mpm::admit(counts(f.factor, kThreads, open));
    BOOST_TEST((full == mpm::Admission::ConnectionLimit));
}

BOOST_AUTO_TEST_CASE(an_idle_worker_is_not_enough_when_connections_are) {
    // 4 keep-alive and 3 at work: i = 1, limit 6, C = 7
    BOOST_TEST((mpm::admit(counts(2, 1, 7)) == mpm::Admission::ConnectionLimit));
    BOOST_TEST(mpm::connection_limit(counts(2, 1, 7)) == 6);
}

BOOST_AUTO_TEST_CASE(nobody_is_accepted_without_an_idle_worker) {  // E-11
    BOOST_TEST((mpm::admit(counts(10, 0, 8)) == mpm::Admission::NoIdleWorker));
    BOOST_TEST((mpm::admit(counts(10, 0, 0)) == mpm::Admission::NoIdleWorker));
    BOOST_TEST(mpm::room(counts(10, 0, 0)) == 0);
}

BOOST_AUTO_TEST_CASE(closing_connections_do_not_count) {
    mpm::AdmissionCounts c = counts(2, 4, 30);
    BOOST_TEST(!mpm::may_accept(c));
    c.lingering = 19;
    BOOST_TEST(mpm::may_accept(c));
    BOOST_TEST(mpm::room(c) == 1);
    c.lingering = 30;
    c.threads = 0;  // C <= G accepts whatever the limit is
    BOOST_TEST(mpm::may_accept(c));
}

BOOST_AUTO_TEST_CASE(a_child_that_stopped_accepting_starts_again_only_with_a_worker_to_spare) {
    mpm::AdmissionCounts c = counts(2, 4, 11);
    BOOST_TEST(mpm::may_accept(c));
    c.listeners_disabled = true;  // limit 4 + 3 x 2 = 10
    BOOST_TEST(!mpm::may_accept(c));
    c.open = 9;
    BOOST_TEST(mpm::may_accept(c));
}

BOOST_AUTO_TEST_CASE(only_the_product_is_floored) {
    BOOST_TEST(mpm::connection_limit(counts(1.5, 3, 0)) == 8);  // 4 + floor(4.5)
    BOOST_TEST(mpm::connection_limit(counts(1.999999, 1, 0)) == 5);
}

BOOST_AUTO_TEST_CASE(the_whole_server_takes_factor_plus_one_times_its_workers) {  // E-12
    BOOST_TEST(mpm::most_connections(400, 2'000'000) == 1200);
    BOOST_TEST(mpm::most_connections(3, 1'500'000) == 7);
}

BOOST_AUTO_TEST_SUITE_END()
