#pragma once

// The connections that gRPC serves, by descriptor number: gRPC names a connection "fd:N", and N is
// the key to who it is. gRPC reuses numbers at once, so numbers come from a ring of our own, in the
// upper half of what this process may open, and none is given again while its connection, or one
// that ended less than a moment ago, is remembered (dependencies.md 3). An unknown number has no
// identity. Any thread.

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "daemon/base/time.h"
#include "daemon/control/peer.h"
#include "daemon/os/mutex.h"

namespace mpmd::control {

class PeerTable {
public:
    struct Ring {
        int first = 0;
        int last = 0;  // exclusive
    };
    // At most `most` connections at once, `most_per_uid` of one uid other than 0.
    PeerTable(Ring ring, std::size_t most, std::size_t most_per_uid);

    // The ring for a process that may open `limit` descriptors.
    [[nodiscard]] static Ring ring_for(std::uint64_t limit);

    // Duplicates `fd` to a number of the ring, which from now on means `peer`; the caller owns the
    // duplicate. Nothing when the table is full.
    [[nodiscard]] std::optional<int> place(int fd, Peer peer) EXCLUDES(mutex_);
    // The connection is gone; its number rests until `now` + kRest.
    void retire(int number, MonoTime now) EXCLUDES(mutex_);
    // Forgets what has rested long enough.
    void sweep(MonoTime now) EXCLUDES(mutex_);

    // By what gRPC calls the connection. Null: unknown.
    [[nodiscard]] std::shared_ptr<const Peer> find(std::string_view grpc_peer) const
        EXCLUDES(mutex_);
    [[nodiscard]] std::size_t size() const EXCLUDES(mutex_);

    static constexpr auto kRest = std::chrono::seconds(1);

private:
    struct Entry {
        std::shared_ptr<const Peer> peer;
        std::optional<MonoTime> retired;
    };
    [[nodiscard]] bool full_for(std::uint32_t uid) const REQUIRES(mutex_);

    const Ring ring_;
    const std::size_t most_;
    const std::size_t most_per_uid_;
    mutable os::Mutex mutex_;
    int next_ GUARDED_BY(mutex_);
    std::map<int, Entry> entries_ GUARDED_BY(mutex_);
};

}  // namespace mpmd::control
