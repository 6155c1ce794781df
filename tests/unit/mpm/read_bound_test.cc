#include "daemon/mpm/read_bound.h"

#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace mpm = mpmd::mpm;
namespace data = boost::unit_test::data;
using mpm::ReadBound;
using mpmd::Milliseconds;
using mpmd::MonoTime;
using mpmd::Seconds;

namespace {

struct Given {
    const char* name;
    ReadBound bound;
    std::uint64_t received;
    int allowed_ms;
};
std::ostream& operator<<(std::ostream& out, const Given& g) {
    return out << g.name;
}

// RequestReadTimeout header=20-40,MinRate=500 and its simpler forms.
const Given kGiven[] = {
    {"header=20, whatever comes", {Seconds(20), Seconds(0), 0}, 100'000, 20'000},
    {"nothing has come", {Seconds(20), Seconds(40), 500}, 0, 20'000},
    {"a second for each 500 bytes", {Seconds(20), Seconds(40), 500}, 1250, 22'500},
    {"at most the second time", {Seconds(20), Seconds(40), 500}, 1'000'000, 40'000},
    {"no second time, no end", {Seconds(20), Seconds(0), 500}, 1'000'000, 2'020'000},
    {"a second time below the first", {Seconds(20), Seconds(5), 500}, 5000, 20'000},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(read_bound)

BOOST_DATA_TEST_CASE(a_request_has_this_long_to_arrive, data::make(kGiven), g) {  // U-12
    const MonoTime since{Seconds(1000)};
    BOOST_TEST(
        (mpm::read_deadline(g.bound, since, g.received) == since + Milliseconds(g.allowed_ms)));
}

BOOST_AUTO_TEST_CASE(without_a_time_there_is_no_bound) {
    BOOST_TEST(!mpm::read_deadline({Seconds(0), Seconds(40), 500}, MonoTime{}, 10));
}

BOOST_AUTO_TEST_CASE(an_endless_body_overflows_nothing) {
    const MonoTime since{Seconds(1000)};
    BOOST_TEST((mpm::read_deadline({Seconds(20), Seconds(0), 1}, since, UINT64_MAX) > since));
}

BOOST_AUTO_TEST_SUITE_END()
