#pragma once

// Opens what a path names beneath a directory, and nothing outside it, whatever symbolic links say.
// Any thread.

#include <string>

#include "daemon/os/unique_fd.h"

namespace mpmd::handlers {

struct Opened {
    os::UniqueFd file;
    int error = 0;  // errno when `file` is empty: EXDEV and ELOOP mean that a link leads out
};

// `path` is relative, without dot segments ("" is the directory itself); `flags` as for open(2),
// O_CLOEXEC is added.
[[nodiscard]] Opened open_beneath(int directory, const std::string& path, int flags);

}  // namespace mpmd::handlers
