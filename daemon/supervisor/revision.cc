#include "daemon/supervisor/revision.h"

#include <algorithm>
#include <array>

#include <unistd.h>

#include <fmt/format.h>

namespace mpmd::supervisor {

namespace {

std::vector<std::string> dropped_texts(const std::vector<config::Dropped>& dropped) {
    std::vector<std::string> out;
    for (const config::Dropped& one : dropped)
        out.push_back(fmt::format("override {} {} is dropped: {}", one.entry.directive,
                                  one.entry.text, one.because));
    return out;
}

Result<config::Loaded> checked(config::Loaded loaded) {
    if (loaded.config == nullptr) return fail(Error::text(errors_text(loaded.file)));
    return loaded;
}

// A file that cannot be read has no line: "mpmd: cannot open ...", and whoever says it is mpmd.
std::string without_program(const config::Diagnostic& diagnostic) {
    return diagnostic.position.line == 0 && diagnostic.position.file == "mpmd" ? diagnostic.message
                                                                               : diagnostic.text();
}

}  // namespace

std::string errors_text(const config::FileLayer& file) {
    std::string out;
    for (const config::Diagnostic& diagnostic : file.diagnostics)
        if (diagnostic.severity == config::Severity::Error)
            out += (out.empty() ? "" : "\n") + without_program(diagnostic);
    return out;
}

Result<RevisionLog::First> RevisionLog::first(const std::string& file,
                                              const std::vector<std::string>& defines) {
    RevisionLog log;
    log.path_ = file;
    log.surroundings_ = config::surroundings_here(defines);
    // Where the saved overrides are is said by the file itself.
    const config::Loaded plain = TRY(checked(config::load(file, {}, log.surroundings_)));
    const std::string saved_path = plain.config->effective.state_dir + "/overrides.conf";
    First first{std::move(log), {}, false};
    config::SavedOverrides saved;
    if (::access(saved_path.c_str(), F_OK) == 0) {
        if (const auto content = config::read_text(saved_path)) {
            saved = config::read_overrides(*content);
            first.problems = saved.problems;
        } else {
            first.problems.push_back(content.error().message);
        }
    }
    config::Layers layers;
    layers.saved = saved.overrides;
    config::Composed composed =
        config::compose(plain.file, std::move(layers), first.log.surroundings_);
    for (std::string& text : dropped_texts(composed.dropped))
        first.problems.push_back(std::move(text));
    first.dropped = !composed.dropped.empty();
    first.log.file_ = plain.file;
    first.log.layers_ = std::move(composed.layers);
    first.log.config_ = std::make_shared<const config::Config>(std::move(composed.config));
    first.log.begun_ = first.log.config_;
    first.log.revision_ = Revision(saved.revision + 1);
    return first;
}

bool fixed_at_start(const config::Directive& directive) {
    constexpr std::array<std::string_view, 5> kFixed = {
        "StateDir", "ScoreBoardFile", "ControlSocket", "MonitorSocket", "Instance"};
    return std::find(kFixed.begin(), kFixed.end(), directive.name) != kFixed.end();
}

void RevisionLog::continue_from(std::uint64_t revision) {
    revision_ = Revision(std::max(revision_.value(), revision + 1));
}

Result<config::Loaded> RevisionLog::load_again(bool hard) const {
    config::Surroundings surroundings = surroundings_;
    if (hard) surroundings.kept_buckets = 0;
    return checked(config::load(path_, layers_, surroundings));
}

std::vector<std::string> RevisionLog::commit(config::Loaded loaded) {
    file_ = std::move(loaded.file);
    layers_ = std::move(loaded.composed.layers);
    config_ = std::move(loaded.config);
    generation_ = Generation(generation_.value() + 1);
    revision_ = Revision(revision_.value() + 1);
    return dropped_texts(loaded.composed.dropped);
}

config::Validated RevisionLog::validate(const config::ChangeRequest& request) const {
    return config::validate_changes(file_, layers_, request, surroundings_);
}

void RevisionLog::commit(config::Validated validated, std::uint32_t uid, WallTime now) {
    revision_ = Revision(revision_.value() + 1);
    for (const config::Difference& difference : validated.differences)
        authors_[std::string(difference.directive->name)] =
            Author{uid, revision_.value(), static_cast<std::uint64_t>(to_us(now))};
    layers_ = std::move(validated.layers);
    config_ = std::make_shared<const config::Config>(std::move(validated.config));
}

std::string RevisionLog::saved_text(const config::Layers& layers) const {
    return config::write_overrides(revision_.value() + 1, layers.saved);
}

std::string RevisionLog::saved_text() const {
    return config::write_overrides(revision_.value(), layers_.saved);
}

const Author* RevisionLog::author(const std::string& directive) const {
    const auto entry = authors_.find(directive);
    return entry == authors_.end() ? nullptr : &entry->second;
}

}  // namespace mpmd::supervisor
