#include "daemon/child/thread_row.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::child {

using scoreboard::WorkerState;

ThreadRow::ThreadRow(const Score& score, std::uint32_t thread) : score_(score), thread_(thread) {
    row_.tid = static_cast<std::uint32_t>(::syscall(SYS_gettid));
}

void ThreadRow::rest(WorkerState state) {
    row_.connection = 0;
    show(state);
}

void ThreadRow::name(const Connection& connection, const Exchange* request) {
    if (row_.connection != connection.number) {
        row_.connection = connection.number;
        row_.connection_row = connection.row;
        std::array<char, 46> host;
        const std::string_view peer = connection.peer.host_into(host);
        const bool v4 = connection.peer.family() == AF_INET;
        const auto end =
            fmt::format_to_n(row_.peer.data(), row_.peer.size() - 1, "{}{}{}:{}", v4 ? "" : "[",
                             peer, v4 ? "" : "]", connection.peer.port());
        *end.out = '\0';
        if (request == nullptr) {
            row_.method.fill('\0');
            row_.vhost.fill('\0');
            row_.target.fill('\0');
        }
    }
    if (request == nullptr) return;
    put_text(row_.method, request->request.method_text);
    put_text(row_.vhost, request->request.host);
    put_text(row_.target, request->request.target);
}

void ThreadRow::show(WorkerState state) {
    row_.state = state;
    row_.since_ns = static_cast<std::uint64_t>(to_ns(os::mono_now()));
    score_.extent().worker(thread_).write(row_);
}

}  // namespace mpmd::child
