#pragma once

// skip(why): this case cannot run here (it needs root, say). CTest reports it as skipped, with the
// reason in its output. Every case is a process of its own under CTest, so nothing else is skipped
// with it.

#include <cstdio>
#include <cstdlib>

namespace mpmd::test {

constexpr int kSkipped = 77;

[[noreturn]] inline void skip(const char* why) {
    std::printf("skipped: %s\n", why);
    std::fflush(stdout);
    std::_Exit(kSkipped);
}

}  // namespace mpmd::test
