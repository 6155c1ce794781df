#include "daemon/child/score.h"

#include <algorithm>

namespace mpmd::child {

using scoreboard::ConnectionRow;
using Shown = scoreboard::ConnectionState;

Shown shown_state(mpm::State state) {
    switch (state) {
        case mpm::State::Reading:
        case mpm::State::Body:
            return Shown::Reading;
        case mpm::State::Handling:
            return Shown::Running;
        case mpm::State::WaitIo:
        case mpm::State::Suspended:
            return Shown::WaitIo;
        case mpm::State::Writing:
            return Shown::Writing;
        case mpm::State::KeepAlive:
            return Shown::KeepAlive;
        case mpm::State::Lingering:
            return Shown::Closing;
        case mpm::State::Closed:
            return Shown::Free;
    }
    return Shown::Free;
}

void Score::move_gauge(Connection& connection, Shown to) const {
    if (connection.shown == to) return;
    auto& gauges = extent_.status().connections;
    if (connection.shown != Shown::Free)
        gauges[static_cast<std::size_t>(connection.shown)].fetch_sub(1, std::memory_order_relaxed);
    if (to != Shown::Free)
        gauges[static_cast<std::size_t>(to)].fetch_add(1, std::memory_order_relaxed);
    connection.shown = to;
}

void Score::opened(Connection& connection, const net::Address& local, MonoTime now) const {
    ConnectionRow row{};
    row.state = Shown::Reading;
    row.family = connection.peer.family() == AF_INET ? 4 : 6;
    row.thread = -1;
    row.peer_port = connection.peer.port();
    row.local_port = local.port();
    row.number = connection.number;
    row.peer_address = connection.peer.bytes();
    row.local_address = local.bytes();
    row.accepted_ns = static_cast<std::uint64_t>(to_ns(now));
    row.since_ns = row.accepted_ns;
    extent_.connection(connection.row).write(row);
    move_gauge(connection, Shown::Reading);
}

void Score::show(Connection& connection, int thread, MonoTime now, const Exchange* request) const {
    const Shown state = shown_state(connection.state);
    auto& cell = extent_.connection(connection.row);
    ConnectionRow row;
    if (!cell.read(row)) row = {};  // never: we are its only writer
    row.state = state;
    row.thread = static_cast<std::int16_t>(std::min(thread, 0x7fff));
    if (connection.shown != state || connection.since != MonoTime{})
        row.since_ns = static_cast<std::uint64_t>(
            to_ns(connection.since == MonoTime{} ? now : connection.since));
    row.bytes_in += std::exchange(connection.bytes_in, 0);
    row.bytes_out += std::exchange(connection.bytes_out, 0);
    row.requests = connection.requests;
    row.request_ns = 0;
    row.script_pid = 0;
    row.script_ns = 0;
    if (request != nullptr) {
        row.status = request->status;
        const bool under_way = state == Shown::Running || state == Shown::Writing;
        if (under_way) row.request_ns = static_cast<std::uint64_t>(to_ns(request->began));
        if (request->script_pid != 0) {
            row.script_pid = request->script_pid;
            row.script_ns = static_cast<std::uint64_t>(to_ns(request->script_since));
        }
        const bool told = request->text != RequestText::None;
        put_text(row.method, told ? request->request.method_text : std::string_view());
        put_text(row.vhost, told ? request->request.host : std::string_view());
        put_target(row.target, request->request.target, request->text);
    }
    cell.write(row);
    move_gauge(connection, state);
}

void Score::closed(Connection& connection) const {
    extent_.connection(connection.row).write(ConnectionRow{});
    move_gauge(connection, Shown::Free);
}

void Score::answered(std::uint16_t status_code) const {
    const std::size_t hundreds = status_code / 100;
    if (hundreds >= 1 && hundreds <= 5) add(extent_.status().status[hundreds]);
}

}  // namespace mpmd::child
