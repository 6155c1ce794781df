#pragma once

// A program that a test starts: its standard output and error are captured, and it dies with the
// test, whatever becomes of that. Start it from the main thread: the kernel ends it when the thread
// that started it ends.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

struct Ended {
    int exit_status = -1;  // of a program that was not killed
    int signal = 0;        // that killed it
    std::string out;
    std::string err;
};

struct ProgramOptions {
    std::optional<uid_t> uid;  // run as this user, without groups; needs root
    std::string output;        // both streams go to this file instead of being captured
    // In the new process, just before it becomes the program: async-signal-safe calls only.
    std::function<void()> before_exec{};
};

class Program {
public:
    explicit Program(std::vector<std::string> words, const ProgramOptions& options = {});
    ~Program();  // kills it when it still runs
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();
    void signal(int number) const;
    // Reads what it says until it ends; killed when it has not ended within `limit` (exit_status
    // stays -1).
    Ended wait(std::chrono::milliseconds limit = std::chrono::seconds(60));

private:
    bool reap(bool block);
    bool read_some(const os::UniqueFd& from, std::string& into, std::chrono::milliseconds patience);

    pid_t pid_ = -1;
    bool reaped_ = false;
    os::UniqueFd out_;
    os::UniqueFd err_;
    Ended ended_;
};

// build/PRESET/bin/NAME: from the environment variable (MPMD, MPMCTL ...) or beside the test.
[[nodiscard]] std::string program_path(const char* variable, const std::string& name);

}  // namespace mpmd::test
