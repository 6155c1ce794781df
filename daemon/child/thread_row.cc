#include "daemon/child/thread_row.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"

namespace mpmd::child {

using scoreboard::WorkerState;

ThreadRow::ThreadRow(const Score& score, std::uint32_t thread) : score_(score), thread_(thread) {
    // What the slot has counted before us (Board::hand_down).
    scoreboard::WorkerRow before{};
    if (score.extent().worker(thread).read(before)) {
        row_.slot_requests = before.slot_requests;
        row_.slot_bytes = before.slot_bytes;
        row_.slot_duration_ns = before.slot_duration_ns;
    }
    row_.tid = static_cast<std::uint32_t>(::syscall(SYS_gettid));
}

void ThreadRow::rest(WorkerState state) {
    row_.connection = 0;
    row_.connection_requests = 0;
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
    row_.connection_requests = connection.requests;
    if (request == nullptr) return;
    const bool told = request->text != RequestText::None;
    row_.version = request->request.version;
    put_text(row_.method, told ? request->request.method_text : std::string_view());
    put_text(row_.vhost, told ? request->request.host : std::string_view());
    put_target(row_.target, request->request.target, request->text);
}

void ThreadRow::show(WorkerState state) {
    constexpr Milliseconds kCpuLook{100};  // that call costs more than all the rest here
    const MonoTime now = os::mono_now();
    row_.state = state;
    row_.since_ns = static_cast<std::uint64_t>(to_ns(now));
    if (now >= next_cpu_look_) {
        next_cpu_look_ = now + kCpuLook;
        row_.cpu_ns = static_cast<std::uint64_t>(os::thread_cpu().count());
    }
    score_.extent().worker(thread_).write(row_);
}

}  // namespace mpmd::child
