#pragma once

// The listener thread of MPM worker: it accepts, and nothing else (W-1). A connection it hands over
// is a worker's until the close; admission is "a worker is idle".
//
// Descriptors are kept back for the workers (E-9); who finds none left waits in the kernel's queue
// until somebody leaves: W-6 closes nobody for a client outside.
//
//   orders, quotas ─► reserve an idle worker ─► [accept mutex] ─► poll ─► accept one ─► hand over
//
// Several listening sockets: they are polled under the accept mutex and served round-robin, one
// connection a hold (W-2). One socket: no mutex, the door is watched as in the event MPM. The
// thread waits for nothing but its poll, so heartbeats and orders are never late: for idle workers
// and for the mutex it waits with its bell in hand.

#include <array>
#include <memory>
#include <optional>
#include <span>

#include "daemon/child/accept_turn.h"
#include "daemon/child/busy_meter.h"
#include "daemon/child/commons.h"
#include "daemon/child/connection_slab.h"
#include "daemon/child/door.h"
#include "daemon/child/drain.h"
#include "daemon/child/quotas.h"
#include "daemon/child/reports.h"
#include "daemon/child/shortage.h"
#include "daemon/child/worker.h"

struct pollfd;

namespace mpmd::child {

class Acceptor {
public:
    struct Parts {
        const Commons& commons;
        Ways& ways;
        Heritage& heritage;
        Reports& reports;
        AcceptTurn* turn = nullptr;           // null: one listening socket
        std::span<const os::EventFd> nudges;  // of the workers
    };
    explicit Acceptor(const Parts& parts);

    // Until the child has drained or is told to stop.
    void run();

private:
    void round();
    void take_back();
    void obey_orders();
    void begin_drain();
    [[nodiscard]] bool finished();
    [[nodiscard]] bool wants_guests();
    [[nodiscard]] bool worker_idle();
    [[nodiscard]] bool descriptors_left();

    void rest();
    void serve_door();
    void answer_door(std::size_t socket);
    void serve_turn();
    void mutex_failed();
    void retire();
    void wait(std::span<pollfd> wanted);
    [[nodiscard]] bool accept_one(std::size_t socket);
    void accept_failed(int os_errno);
    void socket_lost(int os_errno);
    void close_door();
    void close_door_for_good();
    [[nodiscard]] Nanoseconds patience() const;
    void after_wait(MonoTime from);

    const Commons& commons_;
    Ways& ways_;
    Reports& reports_;
    AcceptTurn* const turn_;
    const std::span<const os::EventFd> nudges_;
    scoreboard::ChildStatus& status_;
    ConnectionSlab slab_;
    Door door_;
    BusyMeter busy_;
    std::array<epoll_event, 16> events_{};
    std::vector<pollfd> polled_;  // bell, then the sockets

    config::LiveSettings live_;
    std::uint64_t version_ = 0;
    MonoTime now_{};
    MonoTime next_look_{};
    Shortage shortage_;
    const std::int64_t last_descriptors_;  // for clients
    bool near_last_descriptor_ = false;
    std::size_t next_socket_ = 0;  // W-1: round-robin begins here
    std::uint64_t next_number_ = 1;
    Quotas quotas_;
    Drain drain_;
    std::uint64_t recovered_ = 0;
    bool closed_told_ = false;
    bool failed_ = false;
};

}  // namespace mpmd::child
