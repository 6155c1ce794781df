#include "ctl/failure.h"

#include <ostream>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "ctl/exit_code.h"

namespace ctl = mpmd::ctl;
using mpmd::api::CallError;

namespace {

struct Sample {
    int code;
    const char* reason;
    int exit_code;
};
std::ostream& operator<<(std::ostream& out, const Sample& s) {
    return out << s.code << "/" << s.reason << " -> " << s.exit_code;
}

const Sample kSamples[] = {
    {3, "VALUE_OUT_OF_RANGE", ctl::kExitRejected},
    {3, "UNKNOWN_DIRECTIVE", ctl::kExitRejected},
    {3, "BAD_FILTER", ctl::kExitRejected},
    {9, "LIMITS_CONFLICT", ctl::kExitRejected},
    {9, "NOT_OVERRIDABLE", ctl::kExitRejected},
    {9, "NEEDS_RESTART", ctl::kExitPrecondition},
    {10, "REVISION_CHANGED", ctl::kExitPrecondition},
    {10, "OPERATION_ACTIVE", ctl::kExitPrecondition},
    {5, "GONE", ctl::kExitNotFound},
    {7, "ROLE_REQUIRED", ctl::kExitPermission},
    {16, "NO_IDENTITY", ctl::kExitPermission},
    {14, "PARENT_UNREACHABLE", ctl::kExitUnreachable},
    {14, "", ctl::kExitUnreachable},
    {4, "", ctl::kExitUnreachable},
    {4, "STILL_RUNNING", ctl::kExitStillRunning},
    {12, "NOT_SUPPORTED", ctl::kExitNotSupported},
    {13, "BUG", ctl::kExitBug},
    {1, "", ctl::kExitReverted},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(failure)

BOOST_DATA_TEST_CASE(every_refusal_has_its_exit_code,
                     boost::unit_test::data::make(kSamples),
                     sample) {
    CallError error;
    error.code = sample.code;
    error.reason = sample.reason;
    BOOST_TEST(ctl::exit_code_of(error) == sample.exit_code);
}

BOOST_AUTO_TEST_CASE(json_of_a_failure_is_one_document_with_the_fields_of_the_contract) {
    const ctl::Failure failure{
        6, "INVALID_ARGUMENT", "VALUE_OUT_OF_RANGE", "610 is \"wrong\"\n", {{"max", "400"}}};
    BOOST_TEST(ctl::failure_json(failure) ==
               "{\"error\": {\"code\": \"INVALID_ARGUMENT\", \"reason\": \"VALUE_OUT_OF_RANGE\", "
               "\"message\": "
               "\"610 is \\\"wrong\\\"\\u000a\", \"details\": {\"max\": \"400\"}}}\n");
}

BOOST_AUTO_TEST_CASE(only_a_server_that_is_not_there_is_worth_asking_again) {
    for (const Sample& sample : kSamples) {
        CallError error;
        error.code = sample.code;
        error.reason = sample.reason;
        BOOST_TEST(ctl::is_unavailable(error) == (error.code_name() == "UNAVAILABLE"));
    }
}

BOOST_AUTO_TEST_SUITE_END()
