#pragma once

// How much processor the calling thread asked for: the time it ran plus the time it was ready and
// waited for a processor. On a full machine the second part is what makes a thread slow, and no
// clock around its own calls sees it. Belongs to the thread that made it.

#include <optional>

#include "daemon/base/time.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class ThreadDemand {
public:
    ThreadDemand();  // of the calling thread
    // Since the thread began; nothing where the kernel does not count it
    // (/proc/thread-self/schedstat).
    [[nodiscard]] std::optional<Nanoseconds> total() const;

private:
    UniqueFd file_;
};

}  // namespace mpmd::os
