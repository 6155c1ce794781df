#include "daemon/config/explain.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/config/diagnostic.h"
#include "daemon/config/directives.h"
#include "daemon/config/normalise.h"
#include "daemon/config/parser.h"

namespace mpmd::config {
namespace {

// "0 (wait for ever)", "3 s".
std::string time_of(std::string_view name, const Settings& settings) {
    const Directive& directive = *find_directive(name);
    const std::string value = value_text(directive, settings);
    if (value == "0" && !directive.zero.empty()) return fmt::format("0 ({})", directive.zero);
    return value.back() == 's' ? value : value + " s";
}

std::string where(const Origin& origin) {
    switch (origin.source) {
        case Source::File:
            return fmt::format("{}:{}", origin.position.file, origin.position.line);
        case Source::Saved:
            return origin.file_text.empty()
                       ? "saved"
                       : fmt::format("saved; the file says {}", origin.file_text);
        default:
            return "default";
    }
}

void add_adjustments(std::string& out, const Config& config) {
    out += "Adjusted:\n";
    for (const mpm::Adjustment& adjustment : config.adjustments) {
        out += fmt::format("  {} ({})\n", adjustment_text(adjustment), adjustment.rule);
    }
    if (config.adjustments.empty()) out += "  nothing\n";
}

void add_old_lines(std::string& out, const Config& config) {
    if (config.old_lines.empty()) return;
    out += "Old names:\n";
    for (const OldLine& line : config.old_lines) {
        out += fmt::format("  {}\n", printable(old_line_text(line)));
    }
}

void add_files(std::string& out, const Config& config) {
    if (config.files.size() < 2) return;
    out += "Files read:\n";
    for (const std::string& file : config.files) {
        out += fmt::format("  {}\n", printable(file));
    }
}

void add_sums(std::string& out, const Settings& settings) {
    const mpm::Limits& limits = settings.limits;
    const bool event = limits.model == mpm::Model::Event;
    const std::int64_t connections =
        event ? limits.max_request_workers +
                    limits.max_request_workers * (limits.async_factor_micro / mpm::kFactorUnit) +
                    limits.max_request_workers * (limits.async_factor_micro % mpm::kFactorUnit) /
                        mpm::kFactorUnit
              : limits.max_request_workers;
    out += fmt::format(
        "Together:\n  {} requests at a time, by at most {} children of {} threads; {} to begin "
        "with\n  {} connections at most\n",
        limits.max_request_workers, limits.active_limit(), limits.threads_per_child,
        mpm::initial_children(limits), connections);
}

// U-3: the name of a limit says too little of when it holds.
void add_bounds(std::string& out, const Settings& settings) {
    out += fmt::format(
        "What ends, and after how long at most:\n"
        "  graceful stop of the server       GracefulShutdownTimeout {}, then StopTimeout {}\n"
        "  stop at once, hard restart        StopTimeout {}\n"
        "  a child on graceful restart,\n"
        "    retirement or drain             ChildDrainTimeout {}\n"
        "  its idle kept-alive connections   DrainKeepAliveGrace {}\n",
        time_of("GracefulShutdownTimeout", settings), time_of("StopTimeout", settings),
        time_of("StopTimeout", settings), time_of("ChildDrainTimeout", settings),
        time_of("DrainKeepAliveGrace", settings));
}

void add_values(std::string& out, const Config& config) {
    const Settings defaults = default_settings();
    out += "Not at their defaults:\n";
    for (const Directive& directive : directives()) {
        if (directive.support != Support::Yes) continue;
        const std::string asked = value_text(directive, config.requested);
        const std::string effective = value_text(directive, config.effective);
        const std::string fallback = value_text(directive, defaults);
        const bool adjusted = std::any_of(
            config.adjustments.begin(), config.adjustments.end(),
            [&](const mpm::Adjustment& one) { return one.directive == directive.name; });
        if (asked == fallback && !adjusted) continue;
        const auto origin = config.origins.find(std::string(directive.name));
        const std::string line =
            fmt::format("  {} {}  ({}{}; default {})", directive.name, effective,
                        origin == config.origins.end() ? "default" : where(origin->second),
                        asked == effective ? "" : fmt::format(" asks for {}", asked),
                        fallback.empty() ? "none" : fallback);
        out += printable(line) + "\n";
    }
}

}  // namespace

std::string explain(const Config& config) {
    std::string out;
    add_adjustments(out, config);
    add_old_lines(out, config);
    add_files(out, config);
    add_sums(out, config.effective);
    add_bounds(out, config.effective);
    add_values(out, config);
    return out;
}

}  // namespace mpmd::config
