#pragma once

// The listener thread: accepts, parks idle connections, fires deadlines, answers what cannot block.
//
// Owns every parked connection. A worker owns the ones it runs; ownership moves through ReadyQueue
// (out) and ParkedStack (back), so a Connection is never touched by two threads. Never blocks
// except in Poller::wait. One wake-up is:
//
//   accept ─► take back parked ones ─► events ─► run list ─► deadlines ─► door, shedding ─► log
//
// Listening sockets come first, because a client for whom we were woken and whom we do not accept
// would wait for the next one (decisions.md 2).

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/child/commons.h"
#include "daemon/child/connection_slab.h"
#include "daemon/child/door.h"
#include "daemon/child/drain.h"
#include "daemon/child/driver.h"
#include "daemon/child/parked.h"
#include "daemon/child/quotas.h"
#include "daemon/child/reports.h"
#include "daemon/child/shortage.h"
#include "daemon/child/worker.h"
#include "daemon/handlers/router.h"
#include "daemon/mpm/admission.h"
#include "daemon/mpm/shedding.h"

namespace mpmd::child {

class Listener {
public:
    Listener(const Commons& commons,
             Ways& ways,
             handlers::Router& router,
             Heritage& heritage,
             Reports& reports);

    // Until the child has drained or is told to stop. Connections that are left then are closed by
    // the end of the process.
    void run();

private:
    // The loop.
    void wake_up(std::span<const epoll_event> events);
    [[nodiscard]] MonoTime sleep_until() const;
    void obey_orders();
    void apply_live();
    [[nodiscard]] bool finished();

    // Connections.
    void welcome(Guest guest, std::size_t socket);
    void on_event(Connection& connection, std::uint32_t events);
    void step(Connection& connection);
    void settle_turn(Connection& connection, Exchange& exchange, Turn turn);
    void keep_exchange(Connection& connection, Exchange& exchange);
    void release_exchange(Connection& connection);
    void keep_spare(std::unique_ptr<Exchange> exchange);
    std::unique_ptr<Exchange> fresh_exchange();
    void hand_over(Connection& connection);
    void take_back();
    void settle(Connection& connection, const Exchange* request);
    void watch(Connection& connection, bool output);
    void close(Connection& connection);
    void on_deadline(Connection& connection);
    void run_listed();
    [[nodiscard]] bool still_readable(Connection& connection);
    void part(Connection& connection, mpm::Event event);

    // The door.
    void answer_door(std::size_t socket);
    void let_in(Guest guest, std::size_t socket);
    void close_door_for_good();
    void tend_door();
    [[nodiscard]] mpm::AdmissionCounts counts() const;
    [[nodiscard]] std::int64_t reserved() const;
    [[nodiscard]] std::int64_t room();
    void shed(mpm::Admission why);
    [[nodiscard]] std::size_t waiting_for_us();
    void make_room(std::size_t clients, const mpm::ShedAges& ages);
    [[nodiscard]] std::size_t shed_heads(std::size_t most, Nanoseconds min_age);
    [[nodiscard]] std::size_t shed_keep_alives(std::size_t most, Nanoseconds min_age);
    void make_row();
    void accept_failed(int os_errno);
    void keep_descriptors_back();
    [[nodiscard]] std::size_t free_descriptors(std::size_t wanted);
    std::size_t end_lingering(std::size_t most);
    void retire();
    void begin_drain();

    const Commons& commons_;
    Ways& ways_;
    handlers::Router& router_;
    Reports& reports_;
    scoreboard::ChildStatus& status_;
    Driver driver_;
    ConnectionSlab slab_;
    Parked parked_;
    Door door_;

    std::unique_ptr<Exchange> scratch_;
    std::vector<std::unique_ptr<Exchange>> spare_;
    std::vector<Connection*> run_list_;
    std::array<epoll_event, 256> events_{};
    std::int64_t lingering_ = 0;  // of the open connections
    std::uint64_t next_number_ = 1;
    std::uint64_t applied_version_ = 0;
    int awaited_ = 0;  // events that came for connections which a worker is just giving back

    Quotas quotas_;
    Drain drain_;
    bool door_told_closed_ = false;
    Shortage shortage_;
    const std::int64_t last_descriptors_;  // for clients
    std::int64_t other_descriptors_ = 0;   // in use beside connections; 0 = it has not mattered yet
    MonoTime next_door_look_{};
    MonoTime next_shed_{};
    MonoTime next_look_{};  // at the kernel's queue
    int looks_ = 0;         // in a row that found somebody there
    std::size_t fewest_waiting_ = 0;
    MonoTime crowd_until_{};  // half heads were shed: those behind them need fewer looks
};

inline constexpr std::uint64_t kBellKey = 1;       // keys of connections are pointers: even, large
inline constexpr std::uint64_t kFirstDoorKey = 2;  // to kFirstDoorKey + sockets

}  // namespace mpmd::child
