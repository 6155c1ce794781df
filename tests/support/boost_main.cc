// The main of every Boost.Test program of the tree. Exit status 77 tells CTest "skipped": a case
// that cannot run here (needs root, say) calls mpmd::test::skip() from support/skip.h, which prints
// why.
#define BOOST_TEST_MODULE mpmd
#include <boost/test/unit_test.hpp>
