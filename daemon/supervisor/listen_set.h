#pragma once

// The listening sockets: bound before the first fork, kept over every reload, child restart and
// control restart. A new configuration is prepared (new addresses bound) before anything is
// changed; commit() then drops the sockets of removed addresses. Supervisor's thread.

#include <string>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/config/settings.h"
#include "daemon/net/listen_socket.h"

namespace mpmd::supervisor {

class ListenSet {
public:
    struct Entry {
        net::Address asked;  // port 0 stays 0 here, so that a reload finds its socket again
        net::ListenSocket socket;
    };
    // What a configuration needs beyond what is open.
    struct Prepared {
        std::vector<net::Address> wanted;  // in the order of the file
        std::vector<Entry> fresh;
    };
    // Nothing of the set changes; new sockets are closed again when `Prepared` is dropped.
    [[nodiscard]] Result<Prepared> prepare(const std::vector<config::Listen>& listen,
                                           std::int64_t backlog) const;
    void commit(Prepared prepared);

    // ListenBacklog at run time.
    void set_backlog(std::int64_t backlog);
    // Clients that wait in the kernel for a child to accept them.
    [[nodiscard]] std::size_t waiting() const;
    void close_all() { entries_.clear(); }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::string text() const;  // "127.0.0.1:80 [::1]:80", as bound
    // Descriptors of the same sockets, for a child that is about to be forked.
    [[nodiscard]] std::vector<Entry>& entries() { return entries_; }

private:
    std::vector<Entry> entries_;
};

}  // namespace mpmd::supervisor
