#include "daemon/config/override.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/config/value.h"

namespace mpmd::config {
namespace {

Origin file_origin(const FileLayer& file, const Directive& directive) {
    const auto found = file.values.find(std::string(directive.name));
    if (found == file.values.end()) return {};
    return {Source::File, found->second.text, found->second.text, found->second.position};
}

// Arguments as text into the settings; what is wrong as a clause.
std::optional<std::string> assign_text(const Directive& directive,
                                       Settings& settings,
                                       std::string_view text,
                                       Strictness strictness) {
    const auto words = split_words(text);
    if (!words) return words.error().message;
    std::vector<std::string> arguments;
    for (const Word& word : *words) {
        arguments.push_back(word.text);
    }
    if (arguments.size() < directive.min_arguments || arguments.size() > directive.max_arguments) {
        return fmt::format("it takes {}", directive.syntax);
    }
    const Outcome outcome = assign(directive, settings, arguments, strictness);
    if (!outcome) return outcome.error().message;
    return std::nullopt;
}

class Composer {
public:
    Composer(const FileLayer& file, const Surroundings& surroundings)
        : file_(file), surroundings_(surroundings) {
        out_.config.requested = file.settings;
        for (const Directive& directive : directives()) {
            if (directive.support == Support::Yes) {
                out_.config.origins[std::string(directive.name)] = file_origin(file, directive);
            }
        }
        out_.config.old_lines = file.old_lines;
        out_.config.files = file.files;
        for (const Diagnostic& entry : file.diagnostics) {
            if (entry.severity == Severity::Warning)
                out_.config.warnings.push_back(entry.sentence());
            if (entry.severity == Severity::Notice) out_.config.notices.push_back(entry.sentence());
        }
    }

    void add(const std::vector<Override>& layer, Source source, std::vector<Override>& kept) {
        for (const Override& entry : layer) {
            if (const auto because = refused(entry, source)) {
                out_.dropped.push_back({entry, source, *because});
            } else {
                kept.push_back(entry);
            }
        }
    }

    Composed finish() {
        Effective effective = normalise(out_.config.requested, surroundings_);
        out_.config.effective = std::move(effective.settings);
        out_.config.adjustments = std::move(effective.adjustments);
        return std::move(out_);
    }

    Composed& out() { return out_; }

private:
    std::optional<std::string> refused(const Override& entry, Source source) {
        const Directive* directive = find_directive(entry.directive);
        if (directive == nullptr) return "there is no such directive";
        if (!directive->overridable()) return "the control plane may not change it";
        const Origin below = file_origin(file_, *directive);
        if (below.file_text != entry.file_text) {
            return below.source == Source::Default
                       ? "the file no longer sets it"
                       : fmt::format("the file now says {}", below.file_text);
        }
        Origin& origin = out_.config.origins[std::string(directive->name)];
        if (entry.reset) {
            const bool set = below.source == Source::File;
            origin = below;
            return assign_text(*directive, out_.config.requested,
                               set ? below.file_text : std::string(directive->fallback),
                               Strictness::File);
        }
        auto wrong = assign_text(*directive, out_.config.requested, entry.text, Strictness::Api);
        if (wrong) return wrong;
        origin.source = source;
        origin.text = entry.text;
        return std::nullopt;
    }

    const FileLayer& file_;
    const Surroundings& surroundings_;
    Composed out_;
};

constexpr std::string_view kFirstLine = "# mpmd overrides, revision ";
constexpr std::string_view kFileLine = "# file: ";

bool begins_with(std::string_view text, std::string_view part) {
    return text.substr(0, part.size()) == part;
}

// overrides.conf, line by line.
struct SavedReader {
    SavedOverrides out;
    std::string file_text;  // of the "# file:" line before the override
    int number = 0;

    void read(std::string_view line) {
        ++number;
        if (number == 1 && begins_with(line, kFirstLine)) {
            out.revision = text::parse_uint(line.substr(kFirstLine.size())).value_or(0);
        } else if (begins_with(line, kFileLine)) {
            file_text = line.substr(kFileLine.size());
        } else if (!line.empty() && line.front() != '#') {
            read_override(line);
            file_text.clear();
        }
    }

    void read_override(std::string_view line) {
        const auto blank = line.find_first_of(" \t");
        const Directive* directive = find_directive(line.substr(0, blank));
        if (directive == nullptr || blank == std::string_view::npos) {
            out.problems.push_back(
                fmt::format("overrides.conf, line {}: \"{}\" is no override; it is left out",
                            number, text::escape(line)));
            return;
        }
        put(out.overrides, {std::string(directive->name),
                            std::string(text::trim(line.substr(blank))), file_text, false});
    }

    void finish() {
        if (out.revision != 0) return;
        out.problems.emplace_back(
            "overrides.conf, line 1: there is no revision; counting begins again");
    }
};

}  // namespace

void put(std::vector<Override>& layer, Override entry) {
    for (Override& other : layer) {
        if (other.directive != entry.directive) continue;
        other = std::move(entry);
        return;
    }
    layer.push_back(std::move(entry));
}

void remove(std::vector<Override>& layer, std::string_view directive) {
    layer.erase(std::remove_if(layer.begin(), layer.end(),
                               [&](const Override& entry) { return entry.directive == directive; }),
                layer.end());
}

Layers confirmed(Layers layers, Lifetime lifetime) {
    for (const Override& entry : layers.pending) {
        remove(layers.runtime, entry.directive);
        if (entry.reset) {
            remove(layers.saved, entry.directive);
        } else {
            put(lifetime == Lifetime::Saved ? layers.saved : layers.runtime, entry);
        }
    }
    layers.pending.clear();
    return layers;
}

Layers cancelled(Layers layers) {
    layers.pending.clear();
    return layers;
}

Composed compose(const FileLayer& file, const Layers& layers, const Surroundings& surroundings) {
    Composer composer(file, surroundings);
    Layers& kept = composer.out().layers;
    composer.add(layers.saved, Source::Saved, kept.saved);
    composer.add(layers.runtime, Source::Runtime, kept.runtime);
    composer.add(layers.pending, Source::Pending, kept.pending);
    return composer.finish();
}

std::string write_overrides(std::uint64_t revision, std::span<const Override> overrides) {
    std::string out = fmt::format("{}{}\n", kFirstLine, revision);
    for (const Override& entry : overrides) {
        if (!entry.file_text.empty()) out += fmt::format("{}{}\n", kFileLine, entry.file_text);
        out += fmt::format("{} {}\n", entry.directive, entry.text);
    }
    return out;
}

SavedOverrides read_overrides(std::string_view text) {
    SavedReader reader;
    for (const std::string_view line : text::split(text, '\n')) {
        reader.read(text::trim(line));
    }
    if (!text.empty()) reader.finish();
    return std::move(reader.out);
}

}  // namespace mpmd::config
