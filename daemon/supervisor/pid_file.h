#pragma once

// The pid file: decimal pid and newline, 0644, written beside and renamed over (P-12), locked for
// the life of the supervisor: who holds the lock lives (P-15). Removed by remove(), on every
// orderly path.

#include <optional>
#include <string>
#include <utility>

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

    // The same in two steps, for a reload (6.5): all that can fail, in a file beside, then the
    // rename. Dropped in between, it leaves nothing behind.
    class Prepared;
    [[nodiscard]] Result<Prepared> prepare(const std::string& path) const;
    // Takes the place of this one, which is removed when it stood elsewhere (P-13).
    [[nodiscard]] Result<> move_to(Prepared prepared);
    [[nodiscard]] const std::string& path() const { return path_; }

    struct Owner {
        pid_t pid = 0;
        bool alive = false;  // the lock is held
    };
    // Nothing when there is no file; an error when it is not a pid file of ours.
    [[nodiscard]] static Result<std::optional<Owner>> read(const std::string& path);

private:
    std::string path_;
    os::UniqueFd fd_;
};

class PidFile::Prepared {
public:
    Prepared() = default;
    Prepared(Prepared&& other) noexcept
        : path_(std::move(other.path_)),
          temporary_(std::exchange(other.temporary_, {})),
          fd_(std::move(other.fd_)) {}
    Prepared& operator=(Prepared&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(temporary_, other.temporary_);
        std::swap(fd_, other.fd_);
        return *this;
    }
    Prepared(const Prepared&) = delete;
    Prepared& operator=(const Prepared&) = delete;
    ~Prepared();

private:
    friend class PidFile;
    std::string path_;
    std::string temporary_;
    os::UniqueFd fd_;
};

struct PidFile::Written {
    PidFile file;
    bool left_over = false;
};

// Of an open file: another process has locked it.
[[nodiscard]] bool locked_by_another(int fd);
// The process id that an open file begins with; nothing when it is none, or init's.
[[nodiscard]] std::optional<pid_t> pid_in(int fd);

}  // namespace mpmd::supervisor
