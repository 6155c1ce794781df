#include "daemon/config/normalise.h"

#include <fmt/format.h>

#include "daemon/config/directives.h"

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
}

}  // namespace

Effective normalise(const Settings& requested, const Surroundings& surroundings) {
    auto limits =
        mpm::normalise(requested.limits, surroundings.hard_children, surroundings.hard_threads);
    Effective out{requested, std::move(limits.adjustments)};
    Settings& settings = out.settings;
    settings.limits = limits.limits;
    settings.live.async_factor_micro = settings.limits.async_factor_micro;
    if (settings.retiring_limit == 0) settings.retiring_limit = settings.limits.max_request_workers;
    for (const Listen& listen : settings.listen) {
        if (!is_loopback(listen)) settings.test_handlers = false;
    }
    resolve_paths(settings);
    if (settings.control_socket.empty()) {
        settings.control_socket = run_directory(settings, surroundings) + "/control.sock";
    }
    return out;
}

std::string run_directory(const Settings& effective, const Surroundings& surroundings) {
    if (surroundings.root) return "/run/mpmd/" + effective.instance;
    if (!surroundings.xdg_runtime_dir.empty()) {
        return surroundings.xdg_runtime_dir + "/mpmd/" + effective.instance;
    }
    return effective.state_dir;
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
