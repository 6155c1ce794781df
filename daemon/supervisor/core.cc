#include "daemon/supervisor/core.h"

#include <algorithm>

#include <fcntl.h>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/os/clock.h"

namespace mpmd::supervisor {

namespace {

Result<os::UniqueFd> open_log(const std::string& path) {
    const log::LogFile file = TRY(log::LogFile::open(path));
    os::UniqueFd fd(::fcntl(file.fd(), F_DUPFD_CLOEXEC, 3));
    if (!fd) return fail(Error::os("fcntl(F_DUPFD_CLOEXEC)"));
    return fd;
}

Severity severity(log::Level level) {
    if (level <= log::Level::Error) return Severity::Error;
    if (level == log::Level::Warn) return Severity::Warn;
    return level == log::Level::Notice ? Severity::Notice : Severity::Info;
}

// ControlUser: mpmd-control if it exists, else nobody; never the children's user.
Result<os::Identity> control_identity(const config::Settings& settings, uid_t children) {
    const bool chosen = !settings.control_user.empty();
    auto identity = os::resolve_identity(chosen ? settings.control_user : "mpmd-control", "");
    if (!identity && !chosen) identity = os::resolve_identity("nobody", "");
    if (!identity) return fail(identity.error().context("ControlUser"));
    if (identity->uid == children)
        return fail(Error::text(fmt::format(
            "ControlUser and User are both uid {}: children could then command the control "
            "process; give them different users",
            children)));
    identity->groups = {identity->gid};
    return identity;
}

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos || slash == 0 ? "" : path.substr(0, slash);
}

}  // namespace

Result<> make_run_directories(const config::Settings& settings) {
    const std::string ours = config::run_directory(settings, config::surroundings_here());
    const std::string sockets = directory_of(settings.control_socket);
    for (const std::string& file :
         {settings.control_socket, settings.pid_file, settings.score_board_file}) {
        const std::string directory = directory_of(file);
        if (directory.empty() || (directory != ours && directory != sockets)) continue;
        if (auto made = make_directories(directory); !made)
            return fail(made.error().context(fmt::format("cannot make \"{}\"", directory)));
    }
    return {};
}

Result<Logs> Logs::open(const config::Settings& settings) {
    Logs logs;
    logs.error = TRY(open_log(settings.error_log));
    for (const config::CustomLog& custom : settings.custom_log)
        logs.custom.push_back(TRY(open_log(custom.path)));
    return logs;
}

Result<Identities> Identities::resolve(const config::Settings& settings, bool root) {
    Identities identities;
    if (!root) return identities;  // P-8
    auto children = os::resolve_identity(settings.user, settings.group);
    if (!children) return fail(children.error().context("User"));
    identities.control = TRY(control_identity(settings, children->uid));
    identities.children = std::move(*children);
    return identities;
}

std::uint32_t Core::slots() const {
    const std::int64_t wanted = settings().limits.server_limit + settings().retiring_limit;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(wanted, 1, std::int64_t{scoreboard::kMaxChildren}));
}

const std::string& Core::core_directory() const {
    const config::Settings& now = settings();
    return now.core_dump_directory.empty() ? now.server_root : now.core_dump_directory;
}

std::size_t Core::buckets_for(const config::Settings& settings) {
    const std::int64_t wanted = config::listen_buckets(settings, config::surroundings_here());
    return wanted > 1 && net::ListenSocket::can_share() ? static_cast<std::size_t>(wanted) : 1;
}

AcceptMutexPlan Core::accept_mutex_for(const config::Settings& settings,
                                       std::size_t sockets,
                                       std::size_t buckets) {
    return plan_accept_mutex(settings, sockets, buckets,
                             config::run_directory(settings, config::surroundings_here()));
}

void Core::adopt(Logs logs) {
    error_log.adopt(std::move(logs.error));
    custom_logs = std::move(logs.custom);
}

void Core::show_configuration() {
    const config::Settings& now = settings();
    const auto narrow = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
    scoreboard::Global& global = board.global;
    global.revision = revisions.revision().value();
    global.generation = revisions.generation().value();
    global.model = static_cast<std::uint8_t>(now.limits.model);
    global.extended_status = now.live.extended_status;
    global.server_limit = narrow(now.limits.server_limit);
    global.thread_limit = narrow(now.limits.thread_limit);
    global.threads_per_child = narrow(now.limits.threads_per_child);
    global.max_request_workers = narrow(now.limits.max_request_workers);
    global.start_servers = narrow(now.limits.start_servers);
    global.min_spare_threads = narrow(now.limits.min_spare_threads);
    global.max_spare_threads = narrow(now.limits.max_spare_threads);
    global.max_surge = narrow(mpm::default_surge(now.limits.active_limit()));
    global.async_factor_micro = static_cast<std::uint64_t>(now.limits.async_factor_micro);
    scoreboard::set_text(global.listen, listeners.text());
    log.set_level(static_cast<log::Level>(now.live.log_level));
    board.publish(children);
}

std::string_view Core::module() const {
    return settings().limits.model == mpm::Model::Worker ? "mpm_worker" : "mpm_event";
}

void Core::tell(log::Level level, std::string_view kind, std::string_view text, ChildUid child) {
    for (const std::string_view line : text::split(text, '\n'))
        log.write(level, module(), line);
    board.event(severity(level), kind, text.substr(0, text.find('\n')), child, os::wall_now());
}

}  // namespace mpmd::supervisor
