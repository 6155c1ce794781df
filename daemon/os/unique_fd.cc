#include "daemon/os/unique_fd.h"

#include <unistd.h>

namespace mpmd::os {

void UniqueFd::reset(int fd) {
    if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
}

}  // namespace mpmd::os
