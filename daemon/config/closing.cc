#include "daemon/config/closing.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/config/words.h"

namespace mpmd::config {
namespace {

class Closing {
public:
    explicit Closing(FileLayer& layer) : layer_(layer), model_(layer.settings.limits.model) {}

    void look(const Occurrence& line) {
        if (line.old != nullptr) return old_name(line);
        const std::string_view name = line.directive->name;
        if (name == "Mutex") mutex(line);
        if (name == "CustomLog") custom_log(line);
        if (name == "Options") options(line);
        if (name == "AsyncRequestWorkerFactor" && model_ == mpm::Model::Worker) {
            report(Severity::Warning, line,
                   "AsyncRequestWorkerFactor has no effect: MPM worker holds one connection for "
                   "each thread");
        }
    }

private:
    void report(Severity severity, const Occurrence& line, std::string message) {
        layer_.diagnostics.push_back({severity, line.position, std::move(message), line.source});
    }

    void old_name(const Occurrence& line) {
        const OldName& old = *line.old;
        const bool needed = !(old.event_ignores && model_ == mpm::Model::Event);
        // What an old line asks for depends on the others (AcceptMutex, LockFile).
        const std::string today =
            fmt::format("{} {}", old.current,
                        old.add != nullptr ? words::show_accept_mutex(layer_.settings)
                                           : join_words(line.arguments));
        layer_.old_lines.push_back(
            {std::string(old.current), std::string(old.name), needed ? today : "", line.position});
        if (!needed) {
            return report(Severity::Warning, line,
                          fmt::format("{} is an old name and not needed, ignored: the event MPM "
                                      "takes no lock to accept; with MPM worker write {}",
                                      old.name, today));
        }
        std::string text = fmt::format("{} is an old name: write {}", old.name, today);
        const auto add = [&text](std::string_view clause) {
            if (!clause.empty()) text += fmt::format("; {}", clause);
        };
        add(old.note);
        if (old.name == "AcceptMutex") add(words::accept_mutex_remark(line.arguments));  // D-44
        report(Severity::Warning, line, std::move(text));
    }

    void options(const Occurrence& line) {
        const bool wants_indexes =
            std::any_of(line.arguments.begin(), line.arguments.end(), [](const std::string& word) {
                return text::iequals(word, "Indexes") || text::iequals(word, "+Indexes");
            });
        if (!wants_indexes) return;
        report(Severity::Warning, line,
               "Options Indexes has no effect: directories are not listed by this release");
    }
    void mutex(const Occurrence& line) {
        const std::string remark = words::mutex_remark(line.arguments, model_);
        if (!remark.empty()) report(Severity::Warning, line, remark);
        if (model_ == mpm::Model::Event || text::lower(line.arguments[0]) != "none") return;
        const auto& choices = layer_.settings.mutexes;
        const auto named = [&](std::string_view name) {
            return std::find_if(choices.begin(), choices.end(),
                                [&](const MutexChoice& one) { return one.name == name; });
        };
        const auto general = named("default");
        if (named("mpm-accept") != choices.end() || general == choices.end() ||
            general->mechanism != MutexMechanism::None) {
            return;
        }
        report(Severity::Error, line,
               "Mutex none is not allowed for mpm-accept, which has no Mutex of its own: two "
               "children would accept at the same time");  // D-43
    }

    void custom_log(const Occurrence& line) {
        const std::string& format = line.arguments[1];
        const auto& formats = layer_.settings.log_formats;
        const bool named = std::any_of(formats.begin(), formats.end(),
                                       [&](const NamedFormat& one) { return one.name == format; });
        if (named || format == "common" || format == "combined" ||
            format.find('%') != std::string::npos) {
            return;
        }
        report(Severity::Error, line,
               fmt::format("there is no LogFormat \"{}\" and a format has a % in it; the names "
                           "common and combined are always there",
                           text::escape(format)));
    }

    FileLayer& layer_;
    const mpm::Model model_;
};

}  // namespace

void close_layer(FileLayer& layer, const std::vector<Occurrence>& occurrences) {
    Closing closing(layer);
    for (const Occurrence& line : occurrences) {
        closing.look(line);
    }
}

}  // namespace mpmd::config
