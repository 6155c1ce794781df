#pragma once

// Finding the daemon (control-plane.md 5.6): -s, MPMCTL_ADDR, the only control.sock in /run/mpmd/*/
// and $XDG_RUNTIME_DIR/mpmd/*/. Several: an error that prints the choices.

#include <string>

#include <tl/expected.hpp>

#include "ctl/failure.h"

namespace mpmd::ctl {

struct Endpoint {
    std::string path;  // of the unix socket
    [[nodiscard]] std::string target() const { return "unix:" + path; }
};

// `address`: what -s said, "" = find it; `instance`: what -i said, "" = any.
[[nodiscard]] tl::expected<Endpoint, Failure> find_endpoint(const std::string& address,
                                                            const std::string& instance);

// Why nobody answers there, in a sentence; called after a call failed with UNAVAILABLE or ran out
// of time. Tries to connect: missing socket, stale socket, no right to open it, a daemon that
// closes on us (no role), a hung daemon.
[[nodiscard]] Failure explain_unreachable(const Endpoint& endpoint, const Failure& failure);

}  // namespace mpmd::ctl
