#pragma once

// A TCP port for one test: nobody else takes it as long as this object lives, also between two
// starts of a server. It lies outside the range from which the system serves clients and bind() to
// port 0, and other tests on this machine, whoever runs them, see by the name of an abstract unix
// socket that it is in use (tests/pty/free_port.py knows the same name).

#include <cstdint>

#include "daemon/os/unique_fd.h"

namespace mpmd::test {

class FreePort {
public:
    FreePort();  // throws when there is none
    [[nodiscard]] std::uint16_t number() const { return number_; }

private:
    bool take(std::uint16_t number);

    std::uint16_t number_ = 0;
    os::UniqueFd claim_;
};

}  // namespace mpmd::test
