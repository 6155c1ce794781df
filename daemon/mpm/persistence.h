#pragma once

// Pure. Does the connection outlive this response (E-21), and how does it end if not (decisions.md
// 9)?

#include <cstdint>
#include <optional>

#include "daemon/base/time.h"

namespace mpmd::mpm {

// What is known when a response head is written.
struct ResponseFacts {
    bool marked_close = false;   // somebody decided to close already (error, handler, shed)
    bool continue_owed = false;  // the client still waits for a 100-continue decision
    bool delimited =
        true;  // HEAD, 204, 304, Content-Length, chunked, or HTTP/1.1 so chunking applies
    bool status_forces_close = false;  // 400, 408, 411, 413, 414, 431, 500, 503, 501
    bool client_sent_close = false;
    bool server_sent_close = false;
    bool http_1_1 = true;
    bool client_sent_keep_alive = false;
    bool child_stopping = false;
    std::int64_t responses = 1;  // on this connection, this one included
};

struct KeepAliveLimits {
    bool enabled = true;              // KeepAlive
    Milliseconds timeout{5000};       // KeepAliveTimeout
    std::int64_t max_requests = 100;  // MaxKeepAliveRequests: 0 = unlimited, negative = none
};

struct Persistence {
    bool persistent = false;
    // Client sent the keep-alive token: answer `Connection: Keep-Alive` and `Keep-Alive:
    // timeout=T[, max=M]`.
    bool announce = false;
    std::int64_t timeout_seconds = 0;  // truncated, as advertised
    std::optional<std::int64_t> left;  // responses that may still follow; nothing = unlimited
    bool operator==(const Persistence&) const = default;
};

// Not persistent: send `Connection: close`. Exactly MaxKeepAliveRequests responses are served
//
[[nodiscard]] Persistence decide_persistence(const ResponseFacts& facts,
                                             const KeepAliveLimits& limits);
[[nodiscard]] bool status_forces_close(int status);

// After the last byte is flushed: close at once only when nothing can be lost. Everything else
// lingers, because closing a socket with unread input resets it and may destroy the response on its
// way.
struct ClosingFacts {
    bool client_asked = false;  // Connection: close from the client, or HTTP/1.0 without keep-alive
    bool request_read_whole = false;  // body included
    bool unread_input = true;         // in our buffer or in the kernel's (SIOCINQ)
};
[[nodiscard]] constexpr bool may_close_at_once(const ClosingFacts& facts) {
    return facts.client_asked && facts.request_read_whole && !facts.unread_input;
}

}  // namespace mpmd::mpm
