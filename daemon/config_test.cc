#include "daemon/config_test.h"

#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "daemon/config/explain.h"
#include "daemon/config/load.h"

namespace mpmd {
namespace {

using config::Composed;
using config::FileLayer;

void print_diagnostics(const FileLayer& file) {
    for (const config::Diagnostic& entry : file.diagnostics) {
        fmt::print(stderr, "{}\n", entry.text());
    }
}

// Saved overrides hold at a start, so they belong to the test. A first start has none.
config::Layers saved_layers(const std::string& state_dir) {
    const std::string path = state_dir + "/overrides.conf";
    const auto content = config::read_text(path);
    if (!content) {
        if (content.error().os_errno != ENOENT) {
            fmt::print(stderr, "mpmd: warning: saved overrides are left out: {}\n",
                       content.error().message);
        }
        return {};
    }
    config::SavedOverrides saved = config::read_overrides(*content);
    for (const std::string& problem : saved.problems) {
        fmt::print(stderr, "{}: warning: {}\n", state_dir, problem);
    }
    return {std::move(saved.overrides), {}, {}};
}

// The line that asks for it, which may be in an included file.
std::string place_of(const mpm::Adjustment& adjustment,
                     const config::Config& config,
                     const std::string& file) {
    const auto origin = config.origins.find(adjustment.directive);
    if (origin == config.origins.end() || origin->second.position.line == 0) return file;
    return fmt::format("{}:{}", origin->second.position.file, origin->second.position.line);
}

}  // namespace

int config_test(const Options& options) {
    const config::Surroundings surroundings = config::surroundings_here(options.defines);
    const FileLayer file = config::load_file(options.file, surroundings);
    print_diagnostics(file);
    if (!file.ok()) return 1;
    const std::string state_dir = config::normalise(file.settings, surroundings).settings.state_dir;
    const Composed composed = config::compose(file, saved_layers(state_dir), surroundings);
    for (const config::Dropped& dropped : composed.dropped) {
        fmt::print(stderr, "mpmd: warning: the saved {} {} will be dropped: {}\n",
                   dropped.entry.directive, dropped.entry.text, dropped.because);
    }
    for (const mpm::Adjustment& adjustment : composed.config.adjustments) {
        fmt::print(stderr, "{}: {}: {}\n", place_of(adjustment, composed.config, options.file),
                   adjustment.severity == mpm::Adjustment::Severity::Warning ? "warning" : "notice",
                   config::adjustment_text(adjustment));
    }
    if (options.explain) fmt::print("{}", config::explain(composed.config));
    fmt::print(stderr, "Syntax OK\n");
    return 0;
}

}  // namespace mpmd
