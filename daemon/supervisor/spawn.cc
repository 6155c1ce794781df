#include "daemon/supervisor/spawn.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/child/child.h"
#include "daemon/ipc/child_message.h"
#include "daemon/os/crash_handler.h"
#include "daemon/os/process.h"
#include "daemon/os/signals.h"

namespace mpmd::supervisor {

namespace {

// Before child_main the one place to speak is standard error, which is the error log.
[[noreturn]] void give_up(int status, const Error& error) {
    const std::string line = fmt::format("mpmd: child {}: {}\n", ::getpid(), error.message);
    (void)!::write(2, line.data(), line.size());
    ::_exit(status);
}

std::vector<int> kept_descriptors(const child::Heritage& heritage) {
    std::vector<int> keep = {0, 1, 2, heritage.channel.get(), heritage.error_log.get()};
    for (const net::ListenSocket& socket : heritage.listeners)
        keep.push_back(socket.fd());
    for (const os::UniqueFd& log : heritage.custom_logs)
        keep.push_back(log.get());
    if (heritage.accept_mutex) keep.push_back(heritage.accept_mutex->fd());
    return keep;
}

// Never returns, and nothing of the supervisor is destroyed in the child: its objects hold numbers
// of descriptors that are closed here and soon mean something else.
[[noreturn]] void be_child(ChildPlan& plan) {
    os::block_all_but_fatal();
    os::redirect_standard(plan.heritage.error_log.get());
    plan.heritage.listeners = plan.listeners->take_bucket(plan.bucket);
    auto memory = std::move(*plan.segment).become_child(plan.extent_offset, plan.heritage.shape);
    if (!memory) give_up(ipc::kExitFatal, memory.error().context("scoreboard"));
    os::close_all_but(kept_descriptors(plan.heritage));
    if (plan.identity != nullptr)
        if (const auto dropped = os::become(*plan.identity); !dropped)
            give_up(ipc::kExitFatal, dropped.error().context("giving up root"));
    os::forbid_new_privileges();
    if (!plan.heritage.config->effective.core_dump_directory.empty()) os::allow_core_files();
    plan.heritage.extent = {memory->own.data(), memory->own.size()};
    plan.heritage.board = memory->view();
    const int status = child::child_main(std::move(plan.heritage));
    ::_exit(status);
}

[[noreturn]] void be_control(const ControlPlan& plan, pid_t supervisor) {
    os::set_process_name("mpmd-control");
    os::unblock_all();
    // Ctrl-C at the terminal of a foreground server is for the supervisor: it tells us.
    (void)::setpgid(0, 0);
    os::redirect_standard(plan.error_log);
    if (const auto arranged = os::arrange_descriptors(plan.descriptors, 3); !arranged)
        give_up(126, arranged.error().context("mpmd-control"));
    if (plan.identity != nullptr)
        if (const auto dropped = os::become(*plan.identity); !dropped)
            give_up(126, dropped.error().context("mpmd-control"));
    // After the change of user, which clears it (measured).
    if (!os::end_with_parent(supervisor)) ::_exit(126);
    os::forbid_new_privileges();
    if (::chdir("/") < 0) ::_exit(126);
    std::array<char, 16> name = {"mpmd-control"};
    std::array<char, 16> language = {"LANG=C.UTF-8"};
    std::array<char*, 2> arguments = {name.data(), nullptr};
    std::array<char*, 2> environment = {language.data(), nullptr};
    ::execve(plan.program.c_str(), arguments.data(), environment.data());
    give_up(127, Error::os("execve").context(plan.program));
}

Result<pid_t> forked() {
    const pid_t pid = ::fork();
    if (pid < 0) return fail(Error::os("fork"));
    return pid;
}

constexpr int kReadyLimitMs = 30'000;  // P-7

// What the foreground process of a detached start does: waits for the word of the background one.
[[noreturn]] void await_ready(int pipe) {
    pollfd wanted{pipe, POLLIN, 0};
    int got = 0;
    do
        got = ::poll(&wanted, 1, kReadyLimitMs);
    while (got < 0 && errno == EINTR);
    if (got == 0) {
        fmt::print(stderr, "mpmd: no child is ready after {} s; the error log says why\n",
                   kReadyLimitMs / 1000);
        ::_exit(1);
    }
    char word = 0;
    ::_exit(::read(pipe, &word, 1) == 1 ? 0 : 1);
}

}  // namespace

Result<pid_t> fork_child(ChildPlan plan) {
    const pid_t pid = TRY(forked());
    if (pid == 0) be_child(plan);
    return pid;
}

Result<pid_t> execute_control(const ControlPlan& plan) {
    const pid_t supervisor = ::getpid();
    const pid_t pid = TRY(forked());
    if (pid == 0) be_control(plan, supervisor);
    return pid;
}

Result<pid_t> fork_writer(const std::function<int()>& work) {
    const pid_t pid = TRY(forked());
    if (pid == 0) {
        os::set_process_name("mpmd-writer");  // no child that serves
        os::block_all_but_fatal();
        os::close_all_but(std::array<int, 1>{2});
        ::_exit(work());
    }
    return pid;
}

Result<Detached> detach() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) < 0) return fail(Error::os("pipe2"));
    os::UniqueFd reader(ends[0]);
    os::UniqueFd writer(ends[1]);
    const pid_t pid = TRY(forked());
    if (pid > 0) {
        writer.reset();
        await_ready(reader.get());
    }
    if (::setsid() < 0) return fail(Error::os("setsid"));
    if (::chdir("/") < 0) return fail(Error::os("chdir"));
    return Detached{std::move(writer)};
}

}  // namespace mpmd::supervisor
