#pragma once

// CHECK(condition): a broken invariant is a bug; the process ends with one clear line and the
// supervisor goes on.

#include <cstdio>
#include <cstdlib>

namespace mpmd {
[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "mpmd: bug: %s at %s:%d\n", condition, file, line);
    std::abort();
}
}  // namespace mpmd

#define CHECK(condition) \
    (static_cast<bool>(condition) ? void(0) : ::mpmd::check_failed(#condition, __FILE__, __LINE__))
