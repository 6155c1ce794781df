#include "proto/board_messages.h"

#include <string>

namespace mpmd::api {

using scoreboard::ConnectionState;

void set_connections(v1::Connections& out, const scoreboard::ConnectionCounts& counts) {
    const auto count = [&](ConnectionState state) {
        return counts[static_cast<std::size_t>(state)];
    };
    out.set_reading(count(ConnectionState::Reading));
    out.set_running(count(ConnectionState::Running));
    out.set_wait_io(count(ConnectionState::WaitIo));
    out.set_writing(count(ConnectionState::Writing));
    out.set_keep_alive(count(ConnectionState::KeepAlive));
    out.set_closing(count(ConnectionState::Closing));
    std::uint32_t total = 0;
    for (std::size_t state = 1; state < counts.size(); ++state)
        total += counts[state];
    out.set_total(total);
}

void set_child(v1::Child& out, const scoreboard::Child& child) {
    const scoreboard::ChildRow& row = child.row;
    const scoreboard::ChildNumbers& numbers = child.numbers;
    out.set_uid(row.uid);
    out.set_slot(child.slot);
    out.set_pid(row.pid);
    out.set_generation(row.generation);
    out.set_revision(row.revision);
    out.set_state(std::string(to_text(row.state)));
    out.set_threads(row.threads);
    out.set_connections(child.connections());
    out.set_listener_busy_permille(numbers.listener_busy_permille);
    out.set_rss_bytes(row.rss_bytes);
    out.set_accepting(numbers.accepting);
    out.set_busy(child.busy);
    out.set_idle(child.idle);
    out.set_board(child.letters);
    set_connections(*out.mutable_connection_states(), numbers.connections);
    out.set_requests_on_listener(numbers.requests_on_listener);
    out.set_requests_on_workers(numbers.requests_on_workers);
    out.set_accepted(numbers.accepted);
    out.set_queued(numbers.queued);
    out.set_listener_state(std::string(1, numbers.listener));
}

}  // namespace mpmd::api
