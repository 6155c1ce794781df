#include "daemon/supervisor/listen_set.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::supervisor {

namespace {

using Sharing = net::ListenSocket::Sharing;

int clamp_backlog(std::int64_t backlog) {
    return static_cast<int>(std::clamp<std::int64_t>(backlog, 1, std::numeric_limits<int>::max()));
}

template <class Entries>
auto find(Entries& entries, const net::Address& asked) {
    return std::find_if(entries.begin(), entries.end(),
                        [&](const auto& entry) { return entry.asked == asked; });
}

// Sockets until there are `wanted` with those that exist already.
Result<> open_sockets(ListenSet::Entry& fresh,
                      const ListenSet::Entry* open,
                      std::size_t wanted,
                      int backlog) {
    const std::size_t have = open == nullptr ? 0 : open->sockets.size();
    while (have + fresh.sockets.size() < wanted) {
        // Port 0: the kernel chooses once.
        const net::Address& address = open != nullptr          ? open->address()
                                      : !fresh.sockets.empty() ? fresh.address()
                                                               : fresh.asked;
        fresh.sockets.push_back(TRY(net::ListenSocket::open(
            address, backlog, wanted > 1 ? Sharing::Shared : Sharing::Alone)));
    }
    return {};
}

// A later call for the same sockets begins the wait anew, which only makes it longer.
void steer(ListenSet::Entry& entry, std::size_t buckets) {
    const bool too_many = entry.sockets.size() > buckets;
    if (!too_many && !entry.steered) return;
    entry.steered.reset();
    if (entry.sockets.front().steer_to_first(too_many ? buckets : 0) && too_many)
        entry.steered = os::mono_now();
}

}  // namespace

Result<ListenSet::Prepared> ListenSet::prepare(const std::vector<config::Listen>& listen,
                                               std::int64_t backlog,
                                               std::size_t buckets) const {
    Prepared prepared;
    prepared.buckets = std::max<std::size_t>(buckets, 1);
    for (const config::Listen& line : listen) {
        for (const net::Address& asked : TRY(net::resolve(line.host, line.port))) {
            const auto& wanted = prepared.wanted;
            if (std::find(wanted.begin(), wanted.end(), asked) != wanted.end() && asked.port() != 0)
                return fail(Error::text(
                    fmt::format("Listen {} means {} a second time", line.text(), asked.text())));
            prepared.wanted.push_back(asked);
            const auto open = find(entries_, asked);
            const bool is_open = open != entries_.end();
            if (is_open && open->sockets.size() >= prepared.buckets) continue;
            if (is_open)
                for (const net::ListenSocket& socket : open->sockets)
                    TRY_VOID(socket.share());
            prepared.fresh.push_back(Entry{asked, {}});
            TRY_VOID(open_sockets(prepared.fresh.back(), is_open ? &*open : nullptr,
                                  prepared.buckets, clamp_backlog(backlog)));
        }
    }
    if (prepared.wanted.empty())
        return fail(Error::text("no Listen directive: there is nothing to serve on"));
    return prepared;
}

void ListenSet::commit(Prepared prepared) {
    std::vector<Entry> next;
    for (const net::Address& asked : prepared.wanted) {
        Entry made{asked, {}};
        for (std::vector<Entry>* source : {&entries_, &prepared.fresh}) {
            const auto entry = find(*source, asked);
            if (entry == source->end()) continue;
            std::move(entry->sockets.begin(), entry->sockets.end(),
                      std::back_inserter(made.sockets));
            if (entry->steered) made.steered = entry->steered;
            source->erase(entry);
            if (made.sockets.size() >= prepared.buckets) break;
        }
        if (!made.sockets.empty()) next.push_back(std::move(made));
    }
    entries_ = std::move(next);
    buckets_ = prepared.buckets;
    for (Entry& entry : entries_)
        steer(entry, buckets_);
}

// Always the last one: the kernel moves the last of a group into the place that becomes free.
std::size_t ListenSet::close_unused(MonoTime now) {
    std::size_t closed = 0;
    for (Entry& entry : entries_) {
        if (!entry.steered || now - *entry.steered < kHandshake) continue;
        while (entry.sockets.size() > buckets_ && entry.sockets.back().waiting() == 0) {
            entry.sockets.back().shut_down();
            entry.sockets.pop_back();
            ++closed;
        }
        if (entry.sockets.size() == buckets_) steer(entry, buckets_);
    }
    return closed;
}

void ListenSet::set_backlog(std::int64_t backlog) {
    for (Entry& entry : entries_)
        for (net::ListenSocket& socket : entry.sockets)
            (void)socket.set_backlog(clamp_backlog(backlog));
}

std::size_t ListenSet::waiting() const {
    std::size_t count = 0;
    for (const Entry& entry : entries_)
        for (const net::ListenSocket& socket : entry.sockets)
            count += socket.waiting();
    return count;
}

std::string ListenSet::text() const {
    std::string out;
    for (const Entry& entry : entries_)
        out += (out.empty() ? "" : " ") + entry.address().text();
    return out;
}

std::size_t ListenSet::sockets_of_a_child(const Prepared& prepared) const {
    std::size_t count = 0;
    for (const net::Address& asked : prepared.wanted) {
        const auto open = find(entries_, asked);
        const std::size_t sockets =
            std::max(open == entries_.end() ? 0 : open->sockets.size(), prepared.buckets);
        count += (sockets + prepared.buckets - 1) / prepared.buckets;
    }
    return count;
}

std::vector<net::ListenSocket> ListenSet::take_bucket(std::size_t bucket) {
    std::vector<net::ListenSocket> taken;
    for (Entry& entry : entries_)
        for (std::size_t i = bucket; i < entry.sockets.size(); i += buckets_)
            taken.push_back(std::move(entry.sockets[i]));
    return taken;
}

}  // namespace mpmd::supervisor
