#pragma once

// Accepts on the control socket: who has no role is closed before gRPC reads a byte, everybody else
// is placed in the peer table and handed over. One thread of its own; stop() ends and joins it. The
// listening socket belongs to the supervisor and is never closed or shut down here.
//
// A stranger costs an accept and a close. One who keeps coming is held without an answer for a
// second, a bounded number of them at a time, and is written to the log once in ten seconds.

#include <functional>
#include <memory>
#include <thread>

#include "daemon/base/result.h"
#include "daemon/control/peer_table.h"
#include "daemon/control/role_book.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::control {

class ApiListener {
public:
    struct Parts {
        PeerTable& peers;
        const RoleBook& roles;
        std::function<void(int fd)> hand_over;  // owns `fd` from then on
        std::function<void(const std::string&)> log;
    };

    // `socket`: listening; made non-blocking for this process's accepts.
    [[nodiscard]] static Result<std::unique_ptr<ApiListener>> start(int socket, Parts parts);
    ~ApiListener();
    void stop();

private:
    struct State;
    explicit ApiListener(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
    std::thread thread_;
};

}  // namespace mpmd::control
