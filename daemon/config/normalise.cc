#include "daemon/config/normalise.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/directives.h"
#include "daemon/config/directory.h"
#include "daemon/config/value.h"

namespace mpmd::config {
namespace {

void make_absolute(std::string& path, const std::string& root) {
    if (path.empty() || path.front() == '/') return;
    path = root + (root.empty() || root.back() != '/' ? "/" : "") + path;
}

bool is_loopback(const Listen& listen) {
    return listen.host == "::1" || listen.host == "localhost" || listen.host.rfind("127.", 0) == 0;
}

void resolve_paths(Settings& settings) {
    if (settings.state_dir.empty()) settings.state_dir = "/var/lib/mpmd/" + settings.instance;
    for (std::string* path :
         {&settings.document_root, &settings.types_config, &settings.error_log, &settings.pid_file,
          &settings.score_board_file, &settings.state_dir, &settings.control_socket,
          &settings.control_program, &settings.core_dump_directory}) {
        make_absolute(*path, settings.server_root);
    }
    for (CustomLog& log : settings.custom_log) {
        make_absolute(log.path, settings.server_root);
    }
    for (ScriptAlias& alias : settings.script_aliases) {
        make_absolute(alias.directory, settings.server_root);
    }
    for (MutexChoice& choice : settings.mutexes) {
        make_absolute(choice.directory, settings.server_root);
    }
}

// From names to what they stand for; common and combined are known to log_format.h.
void resolve_formats(Settings& settings) {
    for (CustomLog& log : settings.custom_log) {
        const auto named =
            std::find_if(settings.log_formats.begin(), settings.log_formats.end(),
                         [&](const NamedFormat& one) { return one.name == log.format; });
        if (named != settings.log_formats.end()) log.format = named->format;
        if (log.format.empty()) log.format = "common";
    }
}

// From here on it is the bare name, and the port is a number.
void part_server_name(Settings& settings) {
    const std::string written = settings.server_name;
    const ServerNameParts parts = server_name_parts(written);
    settings.server_name = std::string(parts.name);
    if (parts.port)
        settings.server_port =
            static_cast<std::uint16_t>(text::parse_uint(*parts.port).value_or(0));
}

// 2.3: negative numbers all mean that no connection is kept.
void join_negatives(Effective& out) {
    constexpr std::int64_t kNone = -1;
    std::int64_t& most = out.settings.live.max_keep_alive_requests;
    if (most >= kNone) return;
    out.adjustments.push_back({"2.3", "MaxKeepAliveRequests", most, kNone,
                               "every negative number closes after each response",
                               mpm::Adjustment::Severity::Notice});
    most = kNone;
}

}  // namespace

Effective normalise(const Settings& requested, const Surroundings& surroundings) {
    auto limits =
        mpm::normalise(requested.limits, surroundings.hard_children, surroundings.hard_threads,
                       listen_buckets(requested, surroundings));
    Effective out{requested, std::move(limits.adjustments)};
    Settings& settings = out.settings;
    settings.limits = limits.limits;
    settings.live.async_factor_micro = settings.limits.async_factor_micro;
    join_negatives(out);
    part_server_name(settings);
    if (settings.retiring_limit == 0) settings.retiring_limit = settings.limits.max_request_workers;
    for (const Listen& listen : settings.listen) {
        if (!is_loopback(listen)) settings.test_handlers = false;
    }
    resolve_paths(settings);
    resolve_formats(settings);
    settings.locations = locations_by_path(settings);
    if (settings.control_socket.empty()) {
        settings.control_socket = run_directory(settings, surroundings) + "/control.sock";
    }
    return out;
}

std::int64_t listen_buckets(const Settings& settings, const Surroundings& surroundings) {
    if (surroundings.kept_buckets > 0) return surroundings.kept_buckets;
    if (settings.listen_cores_buckets_ratio == 0) return 1;
    return std::max<std::int64_t>(surroundings.cores / settings.listen_cores_buckets_ratio, 1);
}

std::string run_directory(const Settings& effective, const Surroundings& surroundings) {
    if (surroundings.root) return "/run/mpmd/" + effective.instance;
    if (!surroundings.xdg_runtime_dir.empty()) {
        return surroundings.xdg_runtime_dir + "/mpmd/" + effective.instance;
    }
    return effective.state_dir;
}

std::string old_line_text(const OldLine& line) {
    return fmt::format(
        "{}:{}: {} is an old name{}{}", line.position.file, line.position.line, line.written,
        line.today.empty() ? " and not needed: remove the line" : ": write ", line.today);
}

std::string adjustment_text(const mpm::Adjustment& adjustment) {
    const Directive* directive = find_directive(adjustment.directive);
    const auto shown = [&](std::int64_t number) {
        return directive != nullptr ? number_text(*directive, number) : std::to_string(number);
    };
    return fmt::format("{}: requested {}, effective {}, because {}", adjustment.directive,
                       shown(adjustment.requested), shown(adjustment.effective),
                       adjustment.because);
}

}  // namespace mpmd::config
