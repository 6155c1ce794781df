#pragma once

// A child process: the main thread (this function), one listener thread, the workers.
//
//   main      channel to the supervisor for the whole life; writes the logs; order -> mailbox
//   listener  accepts, parks, fires deadlines, answers what cannot block
//   workers   run what can block; give the connection back to be parked, never wait for a client
//
// Runs after fork, unprivileged, from a single-threaded process.

#include "daemon/child/heritage.h"

namespace mpmd::child {

// Serves until told to leave (Drain, Stop), a quota is used up, or the channel ends. Returns the
// exit status (mpm-behaviour 6.7): 0, ipc::kExitSick or ipc::kExitFatal. The caller leaves with
// _exit.
[[nodiscard]] int child_main(Heritage heritage);

}  // namespace mpmd::child
