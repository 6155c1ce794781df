#pragma once

// Result<T>: a value, or an Error that says what happened. The vocabulary of every function whose
// environment may refuse; expected outcomes (would-block, end of stream, a bad request) are values,
// not errors. Thread rule: plain values.

#include <tl/expected.hpp>

#include "daemon/base/error.h"

namespace mpmd {

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

}  // namespace mpmd

// TRY(expression): the value of a Result, or return its error from the enclosing function.
#define MPMD_TRY_JOIN2(a, b) a##b
#define MPMD_TRY_JOIN(a, b) MPMD_TRY_JOIN2(a, b)
#define TRY(expression)                                                                   \
    __extension__({                                                                       \
        auto MPMD_TRY_JOIN(try_result_, __LINE__) = (expression);                         \
        if (!MPMD_TRY_JOIN(try_result_, __LINE__))                                        \
            return ::mpmd::fail(std::move(MPMD_TRY_JOIN(try_result_, __LINE__)).error()); \
        std::move(MPMD_TRY_JOIN(try_result_, __LINE__)).value();                          \
    })
// TRY_VOID(expression): the same for Result<void>.
#define TRY_VOID(expression)                                                              \
    do {                                                                                  \
        if (auto MPMD_TRY_JOIN(try_result_, __LINE__) = (expression);                     \
            !MPMD_TRY_JOIN(try_result_, __LINE__))                                        \
            return ::mpmd::fail(std::move(MPMD_TRY_JOIN(try_result_, __LINE__)).error()); \
    } while (false)
