#pragma once

// The listening sockets: bound before the first fork, kept over every reload, child restart and
// control restart. A new configuration is prepared (new addresses bound) before anything is
// changed; commit() then drops the sockets of removed addresses. Supervisor's thread.
//
// With ListenCoresBucketsRatio there are several *buckets*: each address has a socket for each of
// them, the kernel divides the clients, and a child serves one bucket (slot mod buckets). When a
// hard restart makes fewer buckets, the sockets that are too many get no new clients and are served
// on until their queues are empty, socket i by bucket i mod buckets; then they are closed. A kernel
// that cannot steer clients away from them leaves them as they are.

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/config/settings.h"
#include "daemon/net/listen_socket.h"

namespace mpmd::supervisor {

class ListenSet {
public:
    struct Entry {
        net::Address asked;  // port 0 stays 0 here, so that a reload finds its socket again
        std::vector<net::ListenSocket> sockets;  // in the order in which they began to listen
        std::optional<MonoTime> steered{};       // since then only the first ones get new clients
        [[nodiscard]] const net::Address& address() const { return sockets.front().address(); }
    };
    // What a configuration needs beyond what is open.
    struct Prepared {
        std::vector<net::Address> wanted;  // in the order of the file
        std::vector<Entry> fresh;          // also further sockets of an address that is open
        std::size_t buckets = 1;
    };
    // Nothing of the set changes; new sockets are closed again when `Prepared` is dropped.
    [[nodiscard]] Result<Prepared> prepare(const std::vector<config::Listen>& listen,
                                           std::int64_t backlog,
                                           std::size_t buckets = 1) const;
    void commit(Prepared prepared);

    // The sockets beyond the buckets whose last client is in; returns how many are closed now.
    std::size_t close_unused(MonoTime now);
    // A handshake that was under way has ended, one way or the other.
    static constexpr Seconds kHandshake{5};

    // ListenBacklog at run time.
    void set_backlog(std::int64_t backlog);
    // Clients that wait in the kernel for a child to accept them.
    [[nodiscard]] std::size_t waiting() const;
    void close_all() { entries_.clear(); }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::string text() const;  // "127.0.0.1:80 [::1]:80", as bound
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

    [[nodiscard]] std::size_t buckets() const { return buckets_; }
    // The most that a child of any bucket will poll.
    [[nodiscard]] std::size_t sockets_of_a_child(const Prepared& prepared) const;
    // In a child that was just forked: the sockets it serves.
    [[nodiscard]] std::vector<net::ListenSocket> take_bucket(std::size_t bucket);

private:
    std::vector<Entry> entries_;
    std::size_t buckets_ = 1;
};

}  // namespace mpmd::supervisor
