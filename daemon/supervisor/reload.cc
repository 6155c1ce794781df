#include "daemon/supervisor/reload.h"

#include <utility>

#include <fmt/format.h>

#include "daemon/config/normalise.h"

namespace mpmd::supervisor {

namespace {

// What a running supervisor cannot move: it keeps the old place and says so.
void warn_if_moved(std::vector<std::string>& warnings,
                   const config::Settings& begun,
                   const config::Settings& after) {
    for (const config::Directive& directive : config::directives()) {
        if (!fixed_at_start(directive)) continue;
        const std::string was = config::value_text(directive, begun);
        const std::string is = config::value_text(directive, after);
        if (was != is)
            warnings.push_back(
                fmt::format("{} \"{}\" takes effect at the next start; \"{}\" stays in use",
                            directive.name, is, was));
    }
}

// 2.6, 6.5: refused, and the old configuration serves on (the original exits).
Result<> refuse_other_mpm(const config::Settings& before, const config::Settings& after) {
    const auto name = [](const config::Settings& settings) {
        return settings.limits.model == mpm::Model::Worker ? "worker" : "event";
    };
    if (before.limits.model == after.limits.model) return {};
    return fail(Error::text(fmt::format(
        "MPM {} cannot take over from MPM {} while the server runs: stop it, then start it",
        name(after), name(before))));
}

bool control_differs(const config::Settings& before, const config::Settings& after) {
    return before.control_user != after.control_user ||
           before.control_program != after.control_program ||
           before.control_roles != after.control_roles || before.user != after.user ||
           before.control_reflection != after.control_reflection ||
           before.control_max_watchers != after.control_max_watchers;
}

}  // namespace

std::vector<std::string> notices_of(const config::Config& config) {
    std::vector<std::string> out = config.notices;
    for (const mpm::Adjustment& adjustment : config.adjustments)
        if (adjustment.severity == mpm::Adjustment::Severity::Notice)
            out.push_back(config::adjustment_text(adjustment));
    return out;
}

Result<Reload> Reload::prepare(const Core& core, const PidFile& pid_file, bool hard) {
    Reload reload;
    reload.loaded = TRY(core.revisions.load_again(hard));
    const config::Settings& settings = reload.loaded.config->effective;
    TRY_VOID(refuse_other_mpm(core.settings(), settings));
    reload.identities = TRY(Identities::resolve(settings, core.root));
    reload.logs = TRY(Logs::open(settings));
    const std::size_t buckets = hard ? Core::buckets_for(settings) : core.listeners.buckets();
    reload.sockets = TRY(core.listeners.prepare(settings.listen, settings.listen_backlog, buckets));
    const AcceptMutexPlan plan = Core::accept_mutex_for(
        settings, core.listeners.sockets_of_a_child(reload.sockets), buckets);
    if (plan != core.accept_mutexes.plan())
        reload.accept_mutexes = TRY(AcceptMutexes::create(plan, reload.identities.children));
    TRY_VOID(make_run_directories(settings));
    reload.pid_file = TRY(pid_file.prepare(settings.pid_file));
    return reload;
}

Reload::Outcome Reload::commit(Core& core, PidFile& pid_file, Reload reload) {
    const std::shared_ptr<const config::Config> before = core.revisions.config();
    Outcome outcome;
    outcome.warnings = core.revisions.commit(std::move(reload.loaded));
    const config::Config& now = *core.revisions.config();
    warn_if_moved(outcome.warnings, core.revisions.begun_with(), now.effective);
    for (const std::string& warning : now.warnings)
        outcome.warnings.push_back(warning);
    for (const mpm::Adjustment& adjustment : now.adjustments)
        if (adjustment.severity == mpm::Adjustment::Severity::Warning)
            outcome.warnings.push_back(config::adjustment_text(adjustment));
    outcome.notices = notices_of(now);
    outcome.control_changed = control_differs(before->effective, now.effective);
    core.listeners.commit(std::move(reload.sockets));
    core.revisions.keep_buckets(static_cast<std::int64_t>(core.listeners.buckets()));
    if (Core::buckets_for(now.effective) != core.listeners.buckets())
        outcome.warnings.push_back(
            fmt::format("ListenCoresBucketsRatio takes effect at a hard restart; {} sets of "
                        "listening sockets stay in use",
                        core.listeners.buckets()));
    if (reload.accept_mutexes) core.accept_mutexes = std::move(*reload.accept_mutexes);
    core.listeners.set_backlog(now.effective.listen_backlog);
    core.adopt(std::move(reload.logs));
    core.identities = std::move(reload.identities);
    if (const auto moved = pid_file.move_to(std::move(reload.pid_file)); !moved)
        outcome.warnings.push_back(moved.error().message);
    return outcome;
}

}  // namespace mpmd::supervisor
