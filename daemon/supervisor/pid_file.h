#pragma once

// The pid file: decimal pid and newline, 0644, written beside and renamed over (P-12), locked for
// the life of the supervisor: who holds the lock lives (P-15). Removed by remove(), on every
// orderly path.

#include <optional>
#include <string>

#include <sys/types.h>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::supervisor {

class PidFile {
public:
    PidFile() = default;
    struct Written;
    // Refused when the file is locked: that server runs. `left_over`: a file of an unclean end was
    // replaced (P-13).
    [[nodiscard]] static Result<Written> write(const std::string& path);
    void remove();

    struct Owner {
        pid_t pid = 0;
        bool alive = false;  // the lock is held
    };
    // Nothing when there is no file; an error when it is not a pid file of ours.
    [[nodiscard]] static Result<std::optional<Owner>> read(const std::string& path);

private:
    PidFile(std::string path, os::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    std::string path_;
    os::UniqueFd fd_;
};

struct PidFile::Written {
    PidFile file;
    bool left_over = false;
};

}  // namespace mpmd::supervisor
