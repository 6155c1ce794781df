#include "daemon/supervisor/debug.h"

#include <csignal>

#include <fcntl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/child/child.h"
#include "daemon/os/clock.h"
#include "daemon/os/crash_handler.h"
#include "daemon/os/signals.h"

namespace mpmd::supervisor {

namespace {

// The one row of the board; afterwards nobody writes it.
Child the_child(const Core& core, const Extent& extent) {
    Child child;
    child.uid = ChildUid(core.next_child);
    child.slot = SlotIndex(0);
    child.pid = ::getpid();
    child.generation = core.revisions.generation();
    child.revision = core.revisions.revision();
    child.epoch = core.board.global.epoch;
    child.extent_offset = extent.offset;
    child.shape = extent.shape;
    child.state = scoreboard::ChildState::Running;
    child.was_ready = true;
    child.born = os::mono_now();
    child.born_wall = os::wall_now();
    child.ready_wall = child.born_wall;
    return child;
}

child::Heritage heritage_of(Core& core, const Child& child) {
    child::Heritage heritage;
    heritage.uid = child.uid;
    heritage.slot = child.slot;
    heritage.generation = child.generation;
    heritage.config = core.revisions.config();
    heritage.live = core.settings().live;
    heritage.shape = child.shape;
    for (std::size_t bucket = 0; bucket < core.listeners.buckets(); ++bucket)
        for (net::ListenSocket& socket : core.listeners.take_bucket(bucket))
            heritage.listeners.push_back(std::move(socket));
    heritage.error_log = os::UniqueFd(::fcntl(core.error_log.fd(), F_DUPFD_CLOEXEC, 3));
    heritage.custom_logs = std::move(core.custom_logs);
    return heritage;
}

Result<> serve(Core& core) {
    auto signals = TRY(os::SignalFd::open({SIGTERM, SIGINT, SIGQUIT}));
    // Ours stays open and unread: an end of it would mean that the supervisor is gone.
    auto [ours, theirs] = TRY(ipc::ChildChannel::pair());
    const mpm::Limits& limits = core.settings().limits;
    const auto threads = static_cast<std::uint32_t>(limits.threads_per_child);
    const auto extent = core.board.allocate(
        {threads, scoreboard::connection_rows(
                      threads, static_cast<std::uint64_t>(limits.async_factor_micro))});
    if (!extent) return fail(Error::text("the scoreboard has no room for a child"));
    const Child& child = core.children.add(the_child(core, *extent));
    core.board.global.state = scoreboard::ServerState::Running;
    core.show_configuration();
    core.board.show(child);
    const std::string listen = core.listeners.text();
    child::Heritage heritage = heritage_of(core, child);
    heritage.channel = theirs.release();
    heritage.signals.emplace(std::move(signals));
    auto memory = TRY(std::move(core.board.segment()).become_child(extent->offset, extent->shape));
    heritage.extent = {memory.own.data(), memory.own.size()};
    heritage.board = memory.view();
    if (core.identities.children) TRY_VOID(os::become(*core.identities.children));
    if (!core.settings().core_dump_directory.empty()) os::allow_core_files();
    fmt::print(stderr,
               "mpmd: one process for debugging, pid {}, serves on {}; TERM or INT ends it\n",
               ::getpid(), listen);
    ::_exit(child::child_main(std::move(heritage)));
}

}  // namespace

Error serve_in_one_process(Core& core) {
    return serve(core).error();
}

}  // namespace mpmd::supervisor
