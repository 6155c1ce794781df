#include "daemon/control/peer_table.h"

#include <algorithm>

#include <fcntl.h>
#include <unistd.h>

#include "daemon/base/text.h"

namespace mpmd::control {

PeerTable::PeerTable(Ring ring, std::size_t most, std::size_t most_per_uid)
    : ring_(ring), most_(most), most_per_uid_(most_per_uid), next_(ring.first) {}

PeerTable::Ring PeerTable::ring_for(std::uint64_t limit) {
    const auto last = static_cast<int>(std::min<std::uint64_t>(limit, 1U << 20U));
    return {last / 2, last};
}

bool PeerTable::full_for(std::uint32_t uid) const {
    if (entries_.size() >= most_) return true;
    if (uid == 0) return false;
    const auto theirs = std::count_if(entries_.begin(), entries_.end(), [uid](const auto& entry) {
        return entry.second.peer->uid == uid && !entry.second.retired;
    });
    return static_cast<std::size_t>(theirs) >= most_per_uid_;
}

std::optional<int> PeerTable::place(int fd, Peer peer) {
    const os::Lock lock(mutex_);
    if (full_for(peer.uid)) return std::nullopt;
    for (int tries = ring_.last - ring_.first; tries > 0; --tries) {
        if (next_ >= ring_.last) next_ = ring_.first;
        const int wanted = next_++;
        if (entries_.count(wanted) != 0) continue;
        const int got = ::fcntl(fd, F_DUPFD_CLOEXEC, wanted);
        if (got == wanted) {
            entries_[wanted] = {std::make_shared<const Peer>(std::move(peer)), std::nullopt};
            return wanted;
        }
        if (got < 0) return std::nullopt;
        ::close(got);  // somebody else's descriptor has this number
    }
    return std::nullopt;
}

void PeerTable::retire(int number, MonoTime now) {
    const os::Lock lock(mutex_);
    const auto entry = entries_.find(number);
    if (entry != entries_.end()) entry->second.retired = now;
}

void PeerTable::sweep(MonoTime now) {
    const os::Lock lock(mutex_);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        const bool rested = entry->second.retired && now - *entry->second.retired >= kRest;
        entry = rested ? entries_.erase(entry) : std::next(entry);
    }
}

std::shared_ptr<const Peer> PeerTable::find(std::string_view grpc_peer) const {
    if (!grpc_peer.starts_with("fd:")) return nullptr;
    const auto number = text::parse_uint(grpc_peer.substr(3));
    if (!number || *number > 1U << 20U) return nullptr;
    const os::Lock lock(mutex_);
    const auto entry = entries_.find(static_cast<int>(*number));
    return entry == entries_.end() ? nullptr : entry->second.peer;
}

std::size_t PeerTable::size() const {
    const os::Lock lock(mutex_);
    return entries_.size();
}

}  // namespace mpmd::control
