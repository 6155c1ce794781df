#include "daemon/supervisor/listen_set.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace mpmd::supervisor {

namespace {

int clamp_backlog(std::int64_t backlog) {
    return static_cast<int>(std::clamp<std::int64_t>(backlog, 1, std::numeric_limits<int>::max()));
}

template <class Entries>
auto find(Entries& entries, const net::Address& asked) {
    return std::find_if(entries.begin(), entries.end(),
                        [&](const auto& entry) { return entry.asked == asked; });
}

}  // namespace

Result<ListenSet::Prepared> ListenSet::prepare(const std::vector<config::Listen>& listen,
                                               std::int64_t backlog) const {
    Prepared prepared;
    for (const config::Listen& line : listen) {
        for (const net::Address& asked : TRY(net::resolve(line.host, line.port))) {
            const auto& wanted = prepared.wanted;
            if (std::find(wanted.begin(), wanted.end(), asked) != wanted.end() && asked.port() != 0)
                return fail(Error::text(
                    fmt::format("Listen {} means {} a second time", line.text(), asked.text())));
            prepared.wanted.push_back(asked);
            if (find(entries_, asked) != entries_.end()) continue;
            auto socket = net::ListenSocket::open(asked, clamp_backlog(backlog));
            if (!socket)
                return fail(
                    socket.error().context(fmt::format("cannot listen on {}", asked.text())));
            prepared.fresh.push_back(Entry{asked, std::move(*socket)});
        }
    }
    if (prepared.wanted.empty())
        return fail(Error::text("no Listen directive: there is nothing to serve on"));
    return prepared;
}

void ListenSet::commit(Prepared prepared) {
    std::vector<Entry> next;
    for (const net::Address& asked : prepared.wanted) {
        for (std::vector<Entry>* source : {&entries_, &prepared.fresh}) {
            const auto entry = find(*source, asked);
            if (entry == source->end()) continue;
            next.push_back(std::move(*entry));
            source->erase(entry);
            break;
        }
    }
    entries_ = std::move(next);
}

void ListenSet::set_backlog(std::int64_t backlog) {
    for (Entry& entry : entries_)
        (void)entry.socket.set_backlog(clamp_backlog(backlog));
}

std::size_t ListenSet::waiting() const {
    std::size_t count = 0;
    for (const Entry& entry : entries_)
        count += entry.socket.waiting();
    return count;
}

std::string ListenSet::text() const {
    std::string out;
    for (const Entry& entry : entries_)
        out += (out.empty() ? "" : " ") + entry.socket.address().text();
    return out;
}

}  // namespace mpmd::supervisor
