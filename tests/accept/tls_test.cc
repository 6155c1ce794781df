// What needs TLS, which this release does not have: left out, visibly.

#include <boost/test/unit_test.hpp>

#include "tests/support/skip.h"

namespace mpmd::test {
namespace {

BOOST_AUTO_TEST_CASE(A_63_connection_fallback_tls_holds_a_worker_per_connection) {
    skip("A-63 needs TLS, which this release does not have");
}

}  // namespace
}  // namespace mpmd::test
