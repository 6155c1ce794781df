#pragma once

// What a test does to the system around a program, before it becomes one (ProgramOptions):
// async-signal-safe calls only. And terminals.

#include <string>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

// From now on this system call fails with `error` for this process and all it starts. Ends the
// process when the kernel has no such filters.
void forbid_call(long number, int error);

// A terminal of one's own. The program's side is `slave`; opened by name.
struct Terminal {
    os::UniqueFd master;
    std::string slave;
    Terminal();
    void resize(unsigned short rows, unsigned short columns) const;
};
// The calling process leads a session of its own, with that terminal or with none.
void lead_session(const char* slave = nullptr);

}  // namespace mpmd::test
