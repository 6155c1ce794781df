#pragma once

// Are these bytes of a file in memory, so that sendfile will not wait for the disk? (decisions.md
// 3)
//
// Listener: pages_present() before each window; false = hand the connection to a worker, which
// calls read_ahead() and sends. Never opens or allocates.

#include <cstdint>

#include "daemon/base/time.h"
#include "daemon/http/response.h"

namespace mpmd::handlers {

// One byte at both ends of the window, without waiting. A file of one window that was present is
// believed for 1 s.
[[nodiscard]] bool pages_present(const http::FileBody& file,
                                 std::uint64_t offset,
                                 std::uint64_t length,
                                 MonoTime now);

// Worker: waits until the window is in memory; the file being shorter is no error.
void read_ahead(const http::FileBody& file, std::uint64_t offset, std::uint64_t length);

}  // namespace mpmd::handlers
