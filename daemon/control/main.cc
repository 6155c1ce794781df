// mpmd-control: started by mpmd with its descriptors in place (daemon/ipc/handover.h), never by
// hand. Reads the scoreboard, asks the supervisor over the command channel, serves the API. Ends
// when mpmd does.

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/api_listener.h"
#include "daemon/control/api_server.h"
#include "daemon/ipc/handover.h"
#include "daemon/log/log.h"
#include "daemon/os/clock.h"
#include "daemon/os/process.h"
#include "daemon/os/signals.h"

namespace mpmd::control {
namespace {

constexpr std::size_t kMostConnections = 1024;
constexpr std::size_t kMostConnectionsOfOne = 256;
constexpr auto kHelloLimit = Milliseconds(5000);
constexpr int kExitUsage = 2;

constexpr const char* kHelp =
    "usage: mpmd-control [--help | --version]\n"
    "\n"
    "The control process of mpmd. mpmd starts it, gives it its descriptors and starts it\n"
    "again when it ends; it does nothing when it is started by hand. See mpmd-control(8);\n"
    "to look at and steer a server use mpmctl(1).\n";

bool is_socket(int fd) {
    struct stat found {};
    return ::fstat(fd, &found) == 0 && S_ISSOCK(found.st_mode);
}
bool is_listening(int fd) {
    int listening = 0;
    socklen_t length = sizeof listening;
    return is_socket(fd) && ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) == 0 &&
           listening != 0;
}

bool handed_over() {
    struct stat board {};
    return is_listening(ipc::kControlSocketFd) && is_socket(ipc::kCommandFd) &&
           !is_listening(ipc::kCommandFd) && ::fstat(ipc::kScoreboardFd, &board) == 0 &&
           S_ISREG(board.st_mode);
}

void set_cloexec(int fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0) ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

void to_syslog(const store::AuditEntry& entry) {
    const std::string line = audit_line(entry);
    ::syslog(LOG_AUTHPRIV | (entry.allowed ? LOG_NOTICE : LOG_WARNING), "%s", line.c_str());
}

ipc::Command hello_command() {
    ipc::HelloBody body;
    body.layout_version = scoreboard::kLayoutVersion;
    body.pid = static_cast<std::uint32_t>(::getpid());
    ipc::Command command;
    command.body = body;
    return command;
}

// What the supervisor said at the start, and says again after each load of the file.
class Greeting {
public:
    Greeting(RoleBook& roles, Watchers& watchers, const log::Log& log)
        : roles_(roles), watchers_(watchers), log_(log) {}

    void apply(const ipc::HelloReply& hello) {
        std::vector<std::string> problems;
        roles_.set(resolve_roles(hello, problems));
        for (const std::string& problem : problems)
            log_.write(log::Level::Warn, "control", problem);
        if (hello.max_watchers > 0) watchers_.limit(hello.max_watchers);
    }

private:
    RoleBook& roles_;
    Watchers& watchers_;
    const log::Log& log_;
};

// Once a second: a new generation brings new roles, a new revision new values.
class Keeper final : public Subscriber {
public:
    Keeper(SupervisorLink& link, DirectiveBook& directives, Greeting& greeting)
        : link_(link), directives_(directives), greeting_(greeting) {}

    std::optional<MonoTime> tick(const SamplePtr& sample) override {
        const scoreboard::Global& global = sample->snapshot.global;
        if (generation_ && *generation_ != global.generation)
            link_.call(hello_command(), [this](const std::optional<ipc::Reply>& reply) {
                if (!reply) return;
                if (const auto* hello = std::get_if<ipc::HelloReply>(&reply->body))
                    greeting_.apply(*hello);
            });
        generation_ = global.generation;
        directives_.states([](const Outcome<StatesPtr>&) {});
        return sample->mono + std::chrono::seconds(1);
    }

private:
    SupervisorLink& link_;
    DirectiveBook& directives_;
    Greeting& greeting_;
    std::optional<std::uint32_t> generation_;
};

// Readable when the process has to end.
class Ending {
public:
    [[nodiscard]] static Result<std::unique_ptr<Ending>> open() {
        auto ending = std::unique_ptr<Ending>(new Ending);
        ending->gone_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!ending->gone_) return fail(Error::os("eventfd"));
        ending->signals_ = TRY(os::SignalFd::open({SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1}));
        return ending;
    }
    void supervisor_gone() const {
        const std::uint64_t one = 1;
        (void)!::write(gone_.get(), &one, sizeof one);
    }
    // True: a signal; false: the supervisor is gone.
    [[nodiscard]] bool wait() {
        for (;;) {
            std::array<pollfd, 2> entries = {pollfd{gone_.get(), POLLIN, 0},
                                             pollfd{signals_->fd(), POLLIN, 0}};
            ::poll(entries.data(), entries.size(), -1);
            if ((entries[0].revents & POLLIN) != 0) return false;
            while (const auto signal = signals_->next())
                if (*signal == SIGTERM || *signal == SIGINT || *signal == SIGQUIT) return true;
        }
    }

private:
    Ending() = default;
    os::UniqueFd gone_;
    std::optional<os::SignalFd> signals_;
};

struct Hello {
    ipc::HelloReply reply;
    std::string state_dir;
};

Result<Hello> say_hello(SupervisorLink& link) {
    const auto reply = link.ask(hello_command(), kHelloLimit);
    if (!reply) return fail(Error::text("the supervisor does not answer"));
    const auto* hello = std::get_if<ipc::HelloReply>(&reply->body);
    if (reply->header.outcome != ipc::Outcome::Done || hello == nullptr)
        return fail(Error{fmt::format("the supervisor is of another release: {}",
                                      text::escape(ipc::text(reply->header.message))),
                          ipc::kExitOtherRelease});
    return Hello{*hello, std::string(ipc::text(hello->state_dir))};
}

// Everything that runs, in the order in which it is started; stopped the other way round.
int serve(const scoreboard::Reader& reader,
          SupervisorLink& link,
          const Hello& hello,
          Ending& ending,
          const log::Log& log) {
    const auto say = [&log](const std::string& text) {
        log.write(log::Level::Warn, "control", text);
    };
    Names names;
    StoreWriter store({hello.state_dir + "/control/control.db", say, to_syslog});
    Sampler sampler(reader.view());
    DirectiveBook directives(link, reader.view());
    OperationBook operations(sampler, store, names);
    RequestIds request_ids;
    const Api api{sampler, link, directives, operations, names, request_ids};
    RoleBook roles;
    Watchers watchers(256);
    Greeting greeting(roles, watchers, log);
    greeting.apply(hello.reply);
    AuditTrail audit(store, names);
    PeerTable peers(PeerTable::ring_for(os::raise_descriptor_limit()), kMostConnections,
                    kMostConnectionsOfOne);
    const Gate gate(peers, roles, audit);

    auto server = ApiServer::start({api, gate, audit, watchers, hello.reply.reflection != 0});
    if (!server) {
        say(server.error().message);
        return EXIT_FAILURE;
    }
    operations.begin();
    store.start();
    sampler.start();
    sampler.subscribe(std::make_shared<OperationKeeper>(operations));
    sampler.subscribe(std::make_shared<Keeper>(link, directives, greeting));
    auto listener =
        ApiListener::start(ipc::kControlSocketFd,
                           {peers, roles, [raw = server->get()](int fd) { raw->serve(fd); }, say});
    if (!listener) {
        say(listener.error().message);
        return EXIT_FAILURE;
    }
    const bool told = ending.wait();
    (*listener)->stop();
    // Whoever waits for an operation to end is told now: gRPC's stop waits for every call.
    sampler.stop();
    // Calls that run may still wait for the supervisor: the one that asked for a reload gets its
    // answer although that very reload replaces us.
    (*server)->stop();
    link.stop();
    operations.end(!told);
    store.stop();
    return EXIT_SUCCESS;
}

int run() {
    set_cloexec(ipc::kControlSocketFd);
    set_cloexec(ipc::kScoreboardFd);
    set_cloexec(ipc::kCommandFd);
    set_cloexec(ipc::kErrorLogFd);
    log::LogFile file{os::UniqueFd(ipc::kErrorLogFd)};
    const log::Log log(file);
    const auto fail_with = [&log](const Error& error) {
        log.write(log::Level::Error, "control", error.message);
        return error.os_errno == ipc::kExitOtherRelease ? ipc::kExitOtherRelease : EXIT_FAILURE;
    };
    ::openlog("mpmd-control", LOG_PID | LOG_NDELAY, LOG_AUTHPRIV);
    auto ending = Ending::open();
    if (!ending) return fail_with(ending.error());
    auto reader = scoreboard::Reader::open(ipc::kScoreboardFd);
    if (!reader) return fail_with(Error{reader.error().message, ipc::kExitOtherRelease});
    auto link = SupervisorLink::start(
        os::UniqueFd(ipc::kCommandFd),
        [raw = ending->get()](const std::string&) { raw->supervisor_gone(); });
    if (!link) return fail_with(link.error());
    const auto hello = say_hello(**link);
    if (!hello) return fail_with(hello.error());
    return serve(*reader, **link, *hello, **ending, log);
}

}  // namespace
}  // namespace mpmd::control

int main(int argc, char** argv) {
    const std::string_view argument = argc > 1 ? argv[1] : "";
    if (argument == "--help" || argument == "-h") {
        std::fputs(mpmd::control::kHelp, stdout);
        return EXIT_SUCCESS;
    }
    if (argument == "--version" || argument == "-V") {
        std::puts("mpmd-control " MPMD_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc > 1 || !mpmd::control::handed_over()) {
        std::fputs(
            "mpmd-control: mpmd starts this program itself; it does nothing when started by hand.\n"
            "To look at and steer a running server: mpmctl status, mpmctl top.\n",
            stderr);
        return mpmd::control::kExitUsage;
    }
    return mpmd::control::run();
}
