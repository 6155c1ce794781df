#include "daemon/child/child.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <functional>
#include <memory>
#include <variant>

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/child/acceptor.h"
#include "daemon/child/blocking_driver.h"
#include "daemon/child/crash_note.h"
#include "daemon/child/listener.h"
#include "daemon/child/reports.h"
#include "daemon/child/worker.h"
#include "daemon/config/script_use.h"
#include "daemon/ipc/child_channel.h"
#include "daemon/log/log_file.h"
#include "daemon/os/clock.h"

namespace mpmd::child {

namespace {

constexpr std::size_t kRingCapacity = std::size_t{1024} * 1024;  // per log file
constexpr Milliseconds kLogPause{50};  // lines that come while we rest are written together
constexpr Milliseconds kOrphanDrain{30'000};
// How long scripts have between TERM and KILL when their child leaves.
constexpr Milliseconds kScriptsStop{100};
constexpr Milliseconds kScriptsLeave{1'000};

// L-2: only the supervisor interprets signals; the five fatal ones keep their effect
// (crash_note.h adds what is said on the way).
void set_signals() {
    sigset_t blocked;
    sigfillset(&blocked);
    for (const int fatal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGPROF}) {
        sigdelset(&blocked, fatal);
        std::signal(fatal, SIG_DFL);
    }
    std::signal(SIGPIPE, SIG_IGN);
    ::pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
}

using Body = std::function<void()>;

void* run_body(void* argument) {
    const std::unique_ptr<Body> body(static_cast<Body*>(argument));
    (*body)();
    return nullptr;
}

// Whether the thread library takes it at all; 0 is its own default.
bool is_stack_size(std::size_t bytes) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    const int refused = bytes == 0 ? 0 : ::pthread_attr_setstacksize(&attributes, bytes);
    ::pthread_attr_destroy(&attributes);
    return refused == 0;
}

// Requires: is_stack_size(stack_size).
Result<pthread_t> start_thread(const std::string& name, std::size_t stack_size, Body body) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    if (stack_size > 0) (void)::pthread_attr_setstacksize(&attributes, stack_size);
    auto argument = std::make_unique<Body>(std::move(body));
    pthread_t thread{};
    const int refused = ::pthread_create(&thread, &attributes, run_body, argument.get());
    ::pthread_attr_destroy(&attributes);
    if (refused != 0) return fail(Error::os("pthread_create", refused));
    static_cast<void>(argument.release());
    ::pthread_setname_np(thread, name.c_str());
    return thread;
}

// Connections that are left end with the process, and so does who owns them; workers may still hold
// some.
[[noreturn]] void rest_for_ever() {
    for (;;)
        ::pause();
}

bool joined_soon(pthread_t thread) {
    constexpr long kPatience = 20'000'000;
    constexpr long kSecond = 1'000'000'000;
    timespec until{};
    ::clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += kPatience;
    until.tv_sec += until.tv_nsec / kSecond;
    until.tv_nsec %= kSecond;
    return ::pthread_timedjoin_np(thread, nullptr, &until) == 0;
}

// What may be better the next time (6.7).
bool is_shortage(const Error& error) {
    return error.os_errno == EMFILE || error.os_errno == ENFILE || error.os_errno == ENOMEM;
}

bool all_loopback(const std::vector<net::ListenSocket>& sockets) {
    return std::all_of(sockets.begin(), sockets.end(), [](const net::ListenSocket& socket) {
        return socket.address().is_loopback();
    });
}

// The main thread's view of the child: everything the threads share lives here until the process
// ends.
class Child {
public:
    static Result<std::unique_ptr<Child>> create(Heritage heritage);
    [[nodiscard]] int run();

private:
    Child(Heritage heritage,
          os::Poller poller,
          os::EventFd listener_bell,
          os::EventFd main_bell,
          std::vector<log::LogFormat> formats);

    [[nodiscard]] Result<void> start_threads();
    [[nodiscard]] bool threads_hold_connections() const;
    void run_worker(std::uint32_t thread);
    void run_listener();
    void choose_stack_size();
    [[nodiscard]] Result<pthread_t> start(const std::string& name, Body body);
    [[nodiscard]] int fail_to_start(const Error& error);
    // As lines of the log name us.
    [[nodiscard]] std::string_view module() const {
        return threads_hold_connections() ? "mpm_worker" : "mpm_event";
    }
    void serve();
    void read_channel();
    void read_signals();
    void obey(const ipc::ChildMessage& message);
    void bound_memory();
    void drain(Nanoseconds limit, Milliseconds grace, bool revised = false);
    void adopt_logs(const ipc::ChildMessage& message);
    void send_reports();
    bool write_logs();
    void join_threads();

    Heritage heritage_;
    ipc::ChildChannel channel_;
    os::Poller poller_;
    os::EventFd listener_bell_;
    os::EventFd main_bell_;
    std::vector<log::LogFormat> formats_;
    std::vector<log::LogFile> log_files_;
    log::LogRing ring_;
    log::RingSink error_sink_;
    log::Log log_;
    handlers::Router router_;
    std::unique_ptr<handlers::ScriptKeeper> scripts_;  // null: nothing is a script
    Orders orders_;
    Reports reports_;
    ReadyQueue ready_;
    ParkedStack parked_;
    BodyMemory body_memory_;
    log::Seldom body_trouble_{log::Level::Error, "core"};
    Commons commons_;
    Ways ways_;
    std::vector<pthread_t> workers_;
    std::vector<os::EventFd> nudges_;  // MPM worker: one for each thread
    std::optional<AcceptTurn> turn_;
    std::string lines_;
    std::size_t stack_size_ = 0;      // of the threads we start; 0 = the system's
    std::int64_t memory_limit_ = -1;  // MaxMemFree as it was last applied
    bool listener_ended_ = false;
    bool channel_ended_ = false;
    bool sick_ = false;
};

Result<std::unique_ptr<Child>> Child::create(Heritage heritage) {
    std::vector<log::LogFormat> formats;
    for (const config::CustomLog& custom : heritage.config->effective.custom_log)
        formats.push_back(TRY(log::LogFormat::parse(custom.format)));
    os::Poller poller = TRY(os::Poller::create());
    os::EventFd listener_bell = TRY(os::EventFd::create());
    os::EventFd main_bell = TRY(os::EventFd::create());
    return std::unique_ptr<Child>(new Child(std::move(heritage), std::move(poller),
                                            std::move(listener_bell), std::move(main_bell),
                                            std::move(formats)));
}

Child::Child(Heritage heritage,
             os::Poller poller,
             os::EventFd listener_bell,
             os::EventFd main_bell,
             std::vector<log::LogFormat> formats)
    : heritage_(std::move(heritage)),
      channel_(std::move(heritage_.channel)),
      poller_(std::move(poller)),
      listener_bell_(std::move(listener_bell)),
      main_bell_(std::move(main_bell)),
      formats_(std::move(formats)),
      ring_(kFirstCustomLog + formats_.size(), kRingCapacity, main_bell_),
      error_sink_(ring_, kErrorLog),
      log_(error_sink_, static_cast<log::Level>(heritage_.live.log_level)),
      router_(heritage_.config->effective,
              heritage_.config->effective.test_handlers && all_loopback(heritage_.listeners),
              heritage_.board,
              heritage_.slot.value()),
      orders_(heritage_.live, heritage_.held),
      reports_(main_bell_),
      ready_(heritage_.shape.threads),
      commons_{heritage_.config->effective,
               Score(scoreboard::Extent(heritage_.extent.data(), heritage_.shape)),
               formats_,
               router_,
               orders_,
               ring_,
               log_,
               body_memory_,
               body_trouble_,
               heritage_.shape.threads,
               ::getpid()},
      ways_(poller_, ready_, parked_, listener_bell_) {
    // poll() asks first, so that next() must never wait.
    ::fcntl(channel_.fd(), F_SETFL, O_NONBLOCK);
    log_files_.emplace_back(std::move(heritage_.error_log));
    for (os::UniqueFd& fd : heritage_.custom_logs)
        log_files_.emplace_back(std::move(fd));
    log_files_.resize(ring_.files());
}

Result<void> Child::start_threads() {
    if (config::runs_scripts(commons_.settings)) {
        scripts_ = TRY(handlers::ScriptKeeper::create());
        router_.serve_scripts(commons_.settings, *scripts_, log_);
    }
    for (std::uint32_t i = 0; threads_hold_connections() && i < commons_.threads; ++i)
        nudges_.push_back(TRY(os::EventFd::create()));
    for (std::uint32_t i = 0; i < commons_.threads; ++i)
        workers_.push_back(TRY(start(fmt::format("worker-{}", i), [this, i] { run_worker(i); })));
    TRY_VOID(poller_.add(listener_bell_.fd(), EPOLLIN, kBellKey));
    if (threads_hold_connections() && heritage_.accept_mutex && heritage_.listeners.size() > 1) {
        turn_.emplace(std::move(*heritage_.accept_mutex), listener_bell_);
        TRY(start("accept-mutex", [this] { turn_->run(); }));
    }
    TRY(start("listener", [this] { run_listener(); }));
    return {};
}

// MPM worker: from the accept to the close.
bool Child::threads_hold_connections() const {
    return commons_.settings.limits.model == mpm::Model::Worker;
}

void Child::run_worker(std::uint32_t thread) {
    const CrashWitness witness(static_cast<std::int32_t>(thread));
    if (threads_hold_connections())
        BlockingDriver(commons_, ways_, nudges_[thread], thread).run();
    else
        Worker(commons_, ways_, thread).run();
}

void Child::run_listener() {
    const CrashWitness witness(scoreboard::kListenerThread);
    if (threads_hold_connections()) {
        Acceptor acceptor(
            {commons_, ways_, heritage_, reports_, turn_ ? &*turn_ : nullptr, nudges_});
        acceptor.run();
        rest_for_ever();
    }
    Listener listener(commons_, ways_, router_, heritage_, reports_);
    listener.run();
    rest_for_ever();
}

Result<pthread_t> Child::start(const std::string& name, Body body) {
    return start_thread(name, stack_size_, std::move(body));
}

void Child::choose_stack_size() {
    stack_size_ =
        static_cast<std::size_t>(std::max<std::int64_t>(commons_.settings.thread_stack_size, 0));
    if (is_stack_size(stack_size_)) return;
    log_.say(log::Level::Warn, module(),
             "ThreadStackSize {} is refused by the thread library; the system's default is used",
             stack_size_);
    stack_size_ = 0;
}

int Child::fail_to_start(const Error& error) {
    ipc::FailedReport report;
    error.message.copy(report.text, sizeof report.text - 1);
    static_cast<void>(channel_.send_body(ipc::Report::Failed, report));
    log_.write(log::Level::Alert, module(), "cannot start: " + error.message);
    write_logs();
    return ipc::kExitSick;
}

int Child::run() {
    const CrashWitness witness(scoreboard::kMainThread);
    const config::Settings& settings = commons_.settings;
    install_crash_note(
        commons_.score.extent(),
        settings.core_dump_directory.empty() ? settings.server_root : settings.core_dump_directory,
        settings.enable_exception_hook);
    choose_stack_size();
    bound_memory();
    const Result<void> started = start_threads();
    if (!started) return fail_to_start(started.error());
    commons_.score.status().ready.store(1, std::memory_order_release);
    static_cast<void>(channel_.send(ipc::Report::Ready));
    serve();
    return sick_ ? ipc::kExitSick : 0;
}

void Child::serve() {
    while (!listener_ended_) {
        const bool wrote = write_logs();
        const bool asleep = !wrote && ring_.sleep();
        std::array<pollfd, 4> wanted{
            pollfd{channel_ended_ ? -1 : channel_.fd(), POLLIN, 0},
            pollfd{main_bell_.fd(), POLLIN, 0},
            pollfd{heritage_.signals ? heritage_.signals->fd() : -1, POLLIN, 0},
            pollfd{scripts_ ? scripts_->fd() : -1, POLLIN, 0}};
        ::poll(wanted.data(), wanted.size(), asleep ? -1 : static_cast<int>(kLogPause.count()));
        if (wanted[1].revents != 0) main_bell_.clear();
        if (wanted[0].revents != 0) read_channel();
        if (wanted[2].revents != 0) read_signals();
        if (wanted[3].revents != 0) scripts_->tend();
        send_reports();
    }
    // A worker that a stop has caught in its handler is not waited for.
    if (!orders_.stopping() && !sick_) join_threads();
    if (scripts_) scripts_->end_all(orders_.stopping() ? kScriptsStop : kScriptsLeave);
    ring_.close();
    write_logs();
}

void Child::read_channel() {
    for (;;) {
        const ipc::ChildEvent event = channel_.next();
        if (std::holds_alternative<ipc::ChannelEmpty>(event)) return;
        if (std::holds_alternative<ipc::ChannelEnd>(event)) {
            // The supervisor is gone: finish what we have, within bounds.
            channel_ended_ = true;
            const std::int64_t own = heritage_.live.graceful_shutdown_timeout_ms;
            drain(own > 0 ? std::min<Nanoseconds>(Milliseconds(own), kOrphanDrain) : kOrphanDrain,
                  Milliseconds(heritage_.live.drain_keep_alive_grace_ms));
            return;
        }
        obey(std::get<ipc::ChildMessage>(event));
    }
}

// -X: there is nobody else whom they could be for.
void Child::read_signals() {
    while (const std::optional<int> signal = heritage_.signals->next()) {
        if (*signal == SIGQUIT)
            drain(Nanoseconds::zero(), Milliseconds(heritage_.live.drain_keep_alive_grace_ms));
        else
            orders_.stop();
    }
    listener_bell_.ring();
}

void Child::obey(const ipc::ChildMessage& message) {
    switch (static_cast<ipc::Order>(message.kind)) {
        case ipc::Order::Release:
        case ipc::Order::Resume:
            orders_.set_accepting(true);
            break;
        case ipc::Order::Pause:
            orders_.set_accepting(false);
            break;
        case ipc::Order::Drain: {
            ipc::DrainOrder order;
            if (message.read(order))
                drain(Milliseconds(order.deadline_ms), Milliseconds(order.keep_alive_grace_ms),
                      order.revised != 0);
            break;
        }
        case ipc::Order::Stop:
            orders_.stop();
            break;
        case ipc::Order::Live:
            if (message.read(heritage_.live)) {
                log_.set_level(static_cast<log::Level>(heritage_.live.log_level));
                orders_.set_live(heritage_.live);
                bound_memory();
            }
            break;
        case ipc::Order::LogFiles:
            adopt_logs(message);
            return;
    }
    listener_bell_.ring();
}

// MaxMemFree (2.3, A-67): what is free goes back to the system beyond that; 0 keeps everything.
// The listener sees to the memory of its connections.
void Child::bound_memory() {
    const std::int64_t limit = heritage_.live.max_mem_free;
    if (limit == memory_limit_) return;
    memory_limit_ = limit;
    body_memory_.limit(static_cast<std::size_t>(limit), kept_arenas(commons_.threads));
    constexpr std::int64_t kNever = -1;
    ::mallopt(M_TRIM_THRESHOLD,
              static_cast<int>(limit > 0 ? std::min<std::int64_t>(limit, 1 << 30) : kNever));
    if (limit > 0) ::malloc_trim(0);
}

void Child::drain(Nanoseconds limit, Milliseconds grace, bool revised) {
    std::optional<MonoTime> deadline;
    if (limit > Nanoseconds::zero()) deadline = os::mono_now() + limit;
    if (revised)
        orders_.revise_drain(deadline, grace);
    else
        orders_.drain(deadline, grace);
    listener_bell_.ring();
}

// After a reopen: what was logged before goes to the old files.
void Child::adopt_logs(const ipc::ChildMessage& message) {
    write_logs();
    auto& files = const_cast<ipc::ChildMessage&>(message).files;
    for (std::size_t i = 0; i < files.size() && i < log_files_.size(); ++i)
        log_files_[i].adopt(std::move(files[i]));
}

void Child::send_reports() {
    const std::uint32_t bits = reports_.take();
    if ((bits & Reports::kNearQuota) != 0) static_cast<void>(channel_.send(ipc::Report::NearQuota));
    if ((bits & Reports::kStoppedAccepting) != 0)
        static_cast<void>(channel_.send(ipc::Report::StoppedAccepting));
    if ((bits & Reports::kDraining) != 0) static_cast<void>(channel_.send(ipc::Report::Draining));
    if ((bits & Reports::kShortage) != 0)
        static_cast<void>(
            channel_.send_body(ipc::Report::Shortage, ipc::ShortageReport{reports_.shortage(), 0}));
    if ((bits & Reports::kShortageOver) != 0)
        static_cast<void>(channel_.send_body(ipc::Report::Shortage, ipc::ShortageReport{0, 1}));
    if ((bits & (Reports::kListenerEnded | Reports::kSick)) != 0) listener_ended_ = true;
    if ((bits & Reports::kSick) != 0) sick_ = true;
}

bool Child::write_logs() {
    bool wrote = false;
    for (std::size_t i = 0; i < ring_.files(); ++i) {
        if (!ring_.take(i, lines_)) continue;
        log_files_[i].append(lines_);
        wrote = true;
    }
    return wrote;
}

// The workers; the listener rests, and who waits for the accept mutex waits, until the process
// ends.
void Child::join_threads() {
    ready_.close();
    for (const pthread_t thread : workers_) {
        // The last request may have found the log ring full: make room while we wait.
        while (!joined_soon(thread)) {
            write_logs();
            read_channel();
            if (orders_.stopping()) return;
        }
    }
}

}  // namespace

int child_main(Heritage heritage) {
    set_signals();
    auto child = Child::create(std::move(heritage));
    if (!child) {
        std::fprintf(stderr, "mpmd: cannot start a child: %s\n", child.error().message.c_str());
        return is_shortage(child.error()) ? ipc::kExitSick : ipc::kExitFatal;
    }
    // Never destroyed: threads that outlive this function end with the process.
    return child->release()->run();
}

}  // namespace mpmd::child
