#pragma once

// What the scoreboard says of a child, as the API's message: the part that a snapshot alone knows.
// mpmd-control adds what needs two looks, a clock or its own records; `mpmctl board --local`, which
// asks nobody, shows it as it is.
//
// No I/O. Any thread.

#include "daemon/scoreboard/snapshot.h"
#include "proto/messages.h"

namespace mpmd::api {

void set_connections(v1::Connections& out, const scoreboard::ConnectionCounts& counts);
// Overwrites nothing but what it knows.
void set_child(v1::Child& out, const scoreboard::Child& child);

}  // namespace mpmd::api
