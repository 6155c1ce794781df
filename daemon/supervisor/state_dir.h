#pragma once

// StateDir: what the supervisor keeps over its own end (decisions.md 7).
//
//   overrides.conf   saved overrides, revision in its first line
//   state            high-water marks of child and operation numbers, so that none is used twice
//   run-status       run_status.h
//   lock             held while a supervisor uses the directory, and has its pid
//   control/         mpmd-control's own; never opened here
//
// Numbers are handed out below a mark that is on disk already, kBlock ahead; an orderly end writes
// the exact ones.

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/result.h"
#include "daemon/os/credentials.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::supervisor {

struct Marks {
    std::uint64_t next_child = 1;
    std::uint64_t next_operation = 1;
    std::uint64_t revision = 0;  // at least; overrides.conf may know a higher one
};

class StateDir {
public:
    static constexpr std::uint64_t kBlock = 1000;

    // Creates the directory (and its control/, owned by `control` when there is root), refuses one
    // that others may write, takes the lock.
    [[nodiscard]] static Result<StateDir> open(const std::string& path,
                                               const os::Identity* control);
    // Who has the lock; 0: somebody who has not said yet. Nothing when nobody has.
    [[nodiscard]] static Result<std::optional<pid_t>> holder(const std::string& path);
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] const std::string& path() const { return path_; }
    // control/ and the files in it become the new ControlUser's, when they are another's. Requires:
    // no mpmd-control runs.
    [[nodiscard]] Result<> hand_over(const os::Identity& control) const;
    // What was kept; numbers may be used once keep_marks() has reserved them.
    [[nodiscard]] Marks read_marks() const;
    [[nodiscard]] Result<> keep_marks(const Marks& marks) const;
    [[nodiscard]] static std::string marks_text(const Marks& marks);

private:
    StateDir(std::string path, os::UniqueFd lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}
    std::string path_;
    os::UniqueFd lock_;
};

// Every missing directory of `path`, 0755.
[[nodiscard]] Result<> make_directories(const std::string& path);
// write, fsync, rename: the file is the old or the new one, never half of it.
[[nodiscard]] Result<> replace_file(const std::string& path, const std::string& content);

}  // namespace mpmd::supervisor
