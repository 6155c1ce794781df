#pragma once

// Replaces files through a short-lived process, so that a slow disk never stops the loop
// (decisions.md 6). One at a time, in order. Supervisor's thread.

#include <deque>
#include <functional>
#include <string>

#include "daemon/os/process.h"

namespace mpmd::supervisor {

class FileWriter {
public:
    using Done = std::function<void(bool written)>;
    // `done` is called from exited(), or at once when not even a process can be started.
    void write(std::string path, std::string content, Done done);
    [[nodiscard]] bool busy() const { return pid_ > 0; }
    // True when that process was ours.
    bool exited(const os::Ended& ended);
    [[nodiscard]] bool is(pid_t pid) const { return pid_ > 0 && pid == pid_; }

private:
    struct Job {
        std::string path;
        std::string content;
        Done done;
    };
    void start_next();
    std::deque<Job> jobs_;  // the first one runs while pid_ > 0
    pid_t pid_ = 0;
};

}  // namespace mpmd::supervisor
