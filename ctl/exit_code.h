#pragma once

// The exit codes of mpmctl: the same numbers stand in mpmctl(1), and a test compares the two.

namespace mpmd::ctl {

inline constexpr int kExitDone = 0;           // done, and when waiting: finished with success
inline constexpr int kExitFailed = 1;         // the operation finished as FAILED
inline constexpr int kExitUsage = 2;          // wrong usage
inline constexpr int kExitUnreachable = 3;    // daemon not reachable or not running
inline constexpr int kExitPermission = 4;     // permission or identity
inline constexpr int kExitPrecondition = 5;   // revision changed, other operation active
inline constexpr int kExitRejected = 6;       // rejected by validation, also in a dry run
inline constexpr int kExitReverted = 7;       // cancelled or rolled back
inline constexpr int kExitNotFound = 8;       // not found or gone
inline constexpr int kExitNotSupported = 9;   // not supported by this daemon
inline constexpr int kExitBug = 70;           // INTERNAL
inline constexpr int kExitStillRunning = 75;  // gave up waiting, the work goes on
inline constexpr int kExitHangUp = 129;
inline constexpr int kExitInterrupt = 130;
inline constexpr int kExitTerminated = 143;

}  // namespace mpmd::ctl
