#pragma once

// Pure. What the supervisor hands to each mpmd-control that it executes: descriptors by number,
// nothing in the environment. argv[0] is "mpmd-control"; the working directory is /.

namespace mpmd::ipc {

inline constexpr int kControlSocketFd = 3;  // listening unix socket, belongs to the supervisor
inline constexpr int kScoreboardFd = 4;     // to be mapped read-only
inline constexpr int kCommandFd = 5;        // command channel: control sends Hello first
inline constexpr int kMonitorSocketFd = 6;  // second listening socket; closed when not configured
inline constexpr int kErrorLogFd = 7;       // appended to, whole lines

// Exit status of control that the supervisor understands: of another release; not restarted at
// once.
inline constexpr int kExitOtherRelease = 78;

}  // namespace mpmd::ipc
