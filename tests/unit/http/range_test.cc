#include "daemon/http/range.h"

#include <ostream>
#include <string>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace http = mpmd::http;
namespace bdata = boost::unit_test::data;
using Kind = http::RangeChoice::Kind;

namespace {

struct Sample {
    std::string value;
    std::uint64_t size = 0;
    Kind kind = Kind::Whole;
    std::uint64_t first = 0;
    std::uint64_t length = 0;
};

std::ostream& operator<<(std::ostream& out, const Sample& sample) {
    return out << sample.value << " of " << sample.size;
}

const Sample kSamples[] = {
    {"bytes=0-0", 10, Kind::Part, 0, 1},
    {"bytes=2-5", 10, Kind::Part, 2, 4},
    {"Bytes=2-5", 10, Kind::Part, 2, 4},
    {"bytes= 2-5 ", 10, Kind::Part, 2, 4},
    {"bytes=5-", 10, Kind::Part, 5, 5},
    {"bytes=5-99", 10, Kind::Part, 5, 5},
    {"bytes=0-9", 10, Kind::Part, 0, 10},
    {"bytes=-3", 10, Kind::Part, 7, 3},
    {"bytes=-30", 10, Kind::Part, 0, 10},
    {"bytes=5-99999999999999999999999", 10, Kind::Part, 5, 5},
    {"bytes=0-18446744073709551615", 10, Kind::Part, 0, 10},
    {"bytes=10-", 10, Kind::Unsatisfiable, 0, 0},
    {"bytes=99999999999999999999999-", 10, Kind::Unsatisfiable, 0, 0},
    {"bytes=-0", 10, Kind::Unsatisfiable, 0, 0},
    {"bytes=0-", 0, Kind::Unsatisfiable, 0, 0},
    {"bytes=-5", 0, Kind::Whole, 0, 0},
    {"bytes=5-2", 10, Kind::Whole, 0, 0},
    {"bytes=0-0,2-3", 10, Kind::Whole, 0, 0},
    {"bytes=0-0,-1", 10, Kind::Whole, 0, 0},
    {"bytes=0-,0-,0-,0-", 10, Kind::Whole, 0, 0},
    {"bytes=", 10, Kind::Whole, 0, 0},
    {"bytes=-", 10, Kind::Whole, 0, 0},
    {"bytes=a-b", 10, Kind::Whole, 0, 0},
    {"bytes=1-2x", 10, Kind::Whole, 0, 0},
    {"bytes=+1-2", 10, Kind::Whole, 0, 0},
    {"bytes=--1", 10, Kind::Whole, 0, 0},
    {"bytes 1-2", 10, Kind::Whole, 0, 0},
    {"lines=1-2", 10, Kind::Whole, 0, 0},
    {"", 10, Kind::Whole, 0, 0},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(range)

BOOST_DATA_TEST_CASE(one_range_is_a_part_and_nonsense_is_the_whole, bdata::make(kSamples), sample) {
    const http::RangeChoice choice = http::choose_range(sample.value, sample.size);
    BOOST_TEST((choice.kind == sample.kind));
    BOOST_TEST(choice.first == sample.first);
    BOOST_TEST(choice.length == sample.length);
}

BOOST_AUTO_TEST_SUITE_END()
