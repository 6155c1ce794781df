#pragma once

// The unix sockets of the control plane: made, owned and kept by the supervisor over every restart
// of mpmd-control, removed at the end (decisions.md 7). Their modes are no guard; control decides
// by peer credentials.

#include <string>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::supervisor {

class ControlSocket {
public:
    ControlSocket() = default;
    // Missing directories are made 0755; a socket that a dead server left is replaced, anything
    // else in the way is an error. `group` empty: as created.
    [[nodiscard]] static Result<ControlSocket> open(const std::string& path,
                                                    unsigned mode,
                                                    const std::string& group = "");
    ControlSocket(ControlSocket&&) = default;
    ControlSocket& operator=(ControlSocket&&) = default;
    ~ControlSocket() = default;

    [[nodiscard]] int fd() const { return fd_.get(); }
    void remove();

private:
    ControlSocket(std::string path, os::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
    std::string path_;
    os::UniqueFd fd_;
};

}  // namespace mpmd::supervisor
