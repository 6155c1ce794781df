#pragma once

// Pure. What the supervisor and one child say to each other: a SOCK_SEQPACKET pair per child (L-6),
// one message a datagram, read for the child's whole life (E-19). End-of-file means the other side
// is gone: a child drains.
//
// Orders (supervisor -> child) and reports (child -> supervisor) start with the same header; bodies
// are fixed-size, trivially copyable structs that follow it.

#include <cstdint>

namespace mpmd::ipc {

inline constexpr std::size_t kMaxChildMessage = 4096;

enum class Order : std::uint32_t {
    Release = 1,   // held successor: start accepting
    Drain = 2,     // DrainOrder: stop accepting, finish, exit 0
    Stop = 3,      // close everything within 100 ms and exit 0
    Live = 4,      // body: config::LiveSettings
    LogFiles = 5,  // descriptors by SCM_RIGHTS: error log, then the custom logs in order
    Pause = 6,     // stop accepting, keep the process
    Resume = 7,
};

enum class Report : std::uint32_t {
    Ready = 101,             // all threads are up (accepting, or held)
    StoppedAccepting = 102,  // listening sockets are no longer polled, by order or quota
    NearQuota =
        103,  // 90 % of MaxConnectionsPerChild or MaxRequestsServedPerChild: start the successor
    Draining = 104,
    Failed = 105,    // body: FailedReport; the child exits SICK or FATAL next
    Shortage = 106,  // body: ShortageReport; an episode of E-9 begins or is over
};

struct ChildMessageHeader {
    std::uint32_t kind = 0;  // Order or Report
    std::uint32_t size = 0;  // of the body
};

// Given more than once, the earliest deadline holds, unless `revised`.
struct DrainOrder {
    std::int64_t deadline_ms = 0;  // from now until what is left is closed; 0 = unlimited
    std::int64_t keep_alive_grace_ms = 0;
    std::uint64_t revised = 0;  // ChildDrainTimeout or DrainKeepAliveGrace was changed: these hold
};

struct FailedReport {
    char text[256] = {};
};

struct ShortageReport {
    std::int32_t os_errno = 0;  // EMFILE, ENFILE, ENOMEM ...
    std::uint32_t over = 0;
};

inline constexpr int kExitSick = 7;    // could not create threads, out of descriptors or memory
inline constexpr int kExitFatal = 15;  // will never work: do not try again

}  // namespace mpmd::ipc
