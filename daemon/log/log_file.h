#pragma once

// A log file: opened for appending, one write per append, so that lines of several processes never
// mix (each append is whole lines). Thread rule: append() from any thread; open and adopt by the
// owner.

#include <string>
#include <string_view>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::log {

// Where finished lines go.
class Sink {
public:
    virtual ~Sink() = default;
    // Whole lines, each with its newline. Lost lines are no error: nobody is left to tell.
    virtual void append(std::string_view lines) = 0;
};

class LogFile final : public Sink {
public:
    LogFile() = default;  // swallows everything
    explicit LogFile(os::UniqueFd fd) : fd_(std::move(fd)) {}
    // 0644, created if missing, close-on-exec.
    [[nodiscard]] static Result<LogFile> open(const std::string& path);

    void append(std::string_view lines) override;
    [[nodiscard]] int fd() const { return fd_.get(); }
    // A reopened file takes the place of the old one.
    void adopt(os::UniqueFd fd) { fd_ = std::move(fd); }

private:
    os::UniqueFd fd_;
};

}  // namespace mpmd::log
