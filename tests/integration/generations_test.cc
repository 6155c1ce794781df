// The short form of tests/soak/generations.cc.

#include "tests/support/generations.h"

#include <boost/test/unit_test.hpp>

namespace mpmd::test {
namespace {

BOOST_AUTO_TEST_SUITE(generations)

BOOST_AUTO_TEST_CASE(forty_generations_under_load_lose_no_request_and_leave_nothing_behind) {
    const ServerProcess server(ServerOptions{kSteadyLines, true, false, {}});
    const GenerationsResult result = run_generations(server, 10, 40, false);
    BOOST_TEST_MESSAGE(describe(result.early) << "\n" << describe(result.late));
    BOOST_TEST(result.refused == 0);
    BOOST_TEST(result.failed == 0U, result.failures);
    BOOST_TEST(result.answered > 0U);
    BOOST_TEST(!result.grew_more_than(1024),
               describe(result.early) + " | " + describe(result.late));
    BOOST_TEST(result.same_descriptors_and_processes(),
               describe(result.early) + " | " + describe(result.late));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace mpmd::test
