#pragma once

// -X, for a debugger: the supervisor forks nobody and becomes its only child itself (P-5). No
// control process, no regulation, no detaching; TERM and INT end it, QUIT lets what runs finish,
// HUP and USR1 do nothing.

#include "daemon/supervisor/core.h"

namespace mpmd::supervisor {

// Never forks. Returns only what prevented it: after serving the process ends in here, for threads
// may still run and what they write to must stay.
[[nodiscard]] Error serve_in_one_process(Core& core);

}  // namespace mpmd::supervisor
