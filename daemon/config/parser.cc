#include "daemon/config/parser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/closing.h"
#include "daemon/config/condition.h"
#include "daemon/config/lexer.h"
#include "daemon/config/value.h"

namespace mpmd::config {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v";

std::string join_path(const std::string& root, const std::string& path) {
    if (path.empty() || path.front() == '/' || root.empty()) return path;
    return root + (root.back() == '/' ? "" : "/") + path;
}

class Parser {
public:
    Parser(const std::string& file, const Sources& sources)
        : sources_(sources), definitions_(sources.defines, sources.environment) {
        layer_.file = file;
        layer_.settings = default_settings();
    }

    FileLayer run(std::string_view text) {
        read_text(text, layer_.file);
        finish();
        return std::move(layer_);
    }

private:
    struct Open {
        std::string name;
        const Section* section;  // null: unknown
        bool skips;              // a condition that does not hold, or what stands in one
        Position position;
        std::string source;
        // Held to its content by a person's eye only: reported once, at its opening line.
        [[nodiscard]] bool unsupported() const {
            return section == nullptr || !section->supported();
        }
    };

    void report(Severity severity, Position position, std::string source, std::string message) {
        if (full_) return;
        layer_.diagnostics.push_back(
            {severity, std::move(position), std::move(message), std::move(source)});
        if (severity != Severity::Error || ++errors_ < kMaxErrors) return;
        full_ = true;
        layer_.diagnostics.push_back(
            {Severity::Error,
             {layer_.file, 0, 0},
             fmt::format("more than {} errors; the rest is not read", kMaxErrors - 1),
             ""});
    }
    void report(Severity severity, std::size_t offset, std::string message) {
        const Place place = line_.place(offset);
        report(severity, position_of(place), place.source, std::move(message));
    }
    void error(std::size_t offset, std::string message) {
        report(Severity::Error, offset, std::move(message));
    }
    [[nodiscard]] Position position_of(const Place& place) const {
        return {chain_.back(), place.line, place.column};
    }

    void read_text(std::string_view text, const std::string& file);
    void read_line();
    void expand(std::vector<Word>& words);
    void read_section(const std::vector<Word>& words);
    void open_section(const Section& section, const std::vector<Word>& words, Open& open);
    void open_place(const Section& section, const std::vector<Word>& words);
    void close_section(const Word& name);
    void read_directive(const std::vector<Word>& words);
    [[nodiscard]] const Directive* look_up(const Word& name);
    [[nodiscard]] bool right_count(const Directive& directive, const std::vector<Word>& words);
    [[nodiscard]] bool right_context(const Directive& directive, const Word& name);
    void ignore(const Directive& directive, const Word& name);
    void set(const Directive& directive, const std::vector<Word>& words);
    void do_reading(const Directive& directive, const std::vector<Word>& words);
    void include(const std::vector<Word>& words, bool optional);
    void include_file(const SourceFile& file, std::size_t offset);
    void define(const std::vector<Word>& words);
    void finish();
    [[nodiscard]] bool skipping() const { return !open_.empty() && open_.back().skips; }
    // The innermost section that is no condition; null at the top.
    [[nodiscard]] const Open* container() const;

    const Sources& sources_;
    Definitions definitions_;
    JoinedLine line_;
    FileLayer layer_;
    std::vector<std::string> chain_;  // files that are being read, outermost first
    std::size_t bytes_ = 0;           // of all files
    std::vector<Open> open_;
    std::size_t base_ = 0;  // sections that were open before this file
    std::vector<Occurrence> occurrences_;
    std::vector<const Directive*> ignored_;  // whose notice is out
    std::size_t errors_ = 0;
    bool full_ = false;
};

void Parser::read_text(std::string_view text, const std::string& file) {
    chain_.push_back(file);
    layer_.files.push_back(file);
    bytes_ += text.size();
    const std::size_t base = std::exchange(base_, open_.size());
    const auto nul = text.find('\0');
    if (nul != std::string_view::npos) {
        const auto line =
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n') + 1;
        report(Severity::Error, {file, static_cast<int>(line), 1}, "",
               "there is a NUL byte in the line; is this a text file?");
        text = {};
    }
    Lines lines(text);
    while (!full_) {
        auto next = lines.next();
        if (!next) break;
        line_ = std::move(*next);
        read_line();
    }
    while (open_.size() > base_) {
        const Open& section = open_.back();
        report(Severity::Error, section.position, section.source,
               fmt::format("<{}> is never closed", text::escape(section.name)));
        open_.pop_back();
    }
    base_ = base;
    chain_.pop_back();
}

void Parser::read_line() {
    const std::string& text = line_.text();
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string::npos || text[first] == '#') return;
    const bool section = text[first] == '<';
    if (skipping() && !section) return;
    if (text.size() > kMaxLineBytes) {
        return error(first, fmt::format("the line is longer than {} bytes", kMaxLineBytes));
    }
    std::string_view rest = text;
    if (section) {
        const auto last = text.find_last_not_of(kBlank);
        if (text[last] != '>') return error(first, "a section line must end with >");
        rest = rest.substr(0, last);
    }
    auto words = split_words(rest);
    if (!words) return error(words.error().offset, words.error().message);
    if (!skipping()) expand(*words);
    section ? read_section(*words) : read_directive(*words);
}

void Parser::expand(std::vector<Word>& words) {
    for (Word& word : words) {
        if (word.text.find("${") == std::string::npos) continue;
        auto expanded = definitions_.expand(word.text, kMaxLineBytes);
        if (expanded.too_long) {
            error(word.offset, fmt::format("the word is longer than {} bytes when its names are "
                                           "replaced",
                                           kMaxLineBytes));
        }
        for (const std::string& name : expanded.missing) {
            report(Severity::Warning, word.offset,
                   fmt::format("${{{}}} is not defined, neither by Define nor in the environment: "
                               "it stays as it is",
                               text::escape(name)));
        }
        word.text = std::move(expanded.text);
    }
}

void Parser::read_section(const std::vector<Word>& words) {
    const Word name{words.front().text.substr(1), words.front().offset + 1};
    if (!name.text.empty() && name.text.front() == '/') {
        return close_section({name.text.substr(1), name.offset + 1});
    }
    const Place place = line_.place(words.front().offset);
    Open open{name.text, find_section(name.text), skipping(), position_of(place), place.source};
    if (open_.size() == kMaxSectionDepth) {
        full_ = true;
        layer_.diagnostics.push_back({Severity::Error, open.position,
                                      fmt::format("sections are more than {} deep; the rest is not "
                                                  "read",
                                                  kMaxSectionDepth),
                                      open.source});
        return;
    }
    if (!open.skips && open.section == nullptr) {
        const std::string_view near = suggest_section(name.text);
        error(name.offset,
              fmt::format("unknown section <{}>{}", text::escape(name.text),
                          near.empty() ? "" : fmt::format("; did you mean <{}>?", near)));
    } else if (!open.skips) {
        open_section(*open.section, words, open);
    }
    open_.push_back(std::move(open));
}

void Parser::open_section(const Section& section, const std::vector<Word>& words, Open& open) {
    const std::size_t offset = words.front().offset + 1;
    if (section.condition()) {
        std::vector<std::string> arguments;
        for (std::size_t i = 1; i < words.size(); ++i) {
            arguments.push_back(words[i].text);
        }
        const auto read = holds(section, arguments, definitions_, layer_.settings.limits.model);
        open.skips = !read.value_or(false);
        if (read) return;
        const std::size_t at = read.error().argument + 1;
        return error(at < words.size() ? words[at].offset : offset, read.error().message);
    }
    // Debian's, and httpd's own: such files are never served.
    if (text::iequals(section.name, "FilesMatch") && words.size() == 2 &&
        words[1].text == "^\\.ht") {
        open.skips = true;
        return report(Severity::Notice, offset,
                      "<FilesMatch \"^\\.ht\"> is accepted and ignored: names that begin "
                      "with .ht are never served");
    }
    if (!section.supported()) {
        return error(offset,
                     fmt::format("<{}> is known, not supported by this release", section.name));
    }
    const Open* outer = container();
    if (outer != nullptr && !outer->unsupported()) {
        error(offset, fmt::format("<{}> is not allowed inside <{}>", section.name, outer->name));
    }
    open_place(section, words);
}

void Parser::open_place(const Section& section, const std::vector<Word>& words) {
    const bool location = section.kind == SectionKind::Location;
    const Word& last = words.back();
    layer_.settings.locations.push_back(
        {location ? last.text : "", {}, {}, {}, location ? "" : last.text});
    const std::size_t offset = words[words.size() > 1 ? 1 : 0].offset;
    const bool pattern = !location && last.text.find_first_of("*?[") != std::string::npos;
    if ((words.size() > 1 && words[1].text == "~") || pattern) {
        return error(offset,
                     fmt::format("<{}> with a pattern or a regular expression is known, not "
                                 "supported by this release",
                                 section.name));
    }
    if (words.size() != 2 || last.text.empty() || last.text.front() != '/') {
        error(offset, fmt::format("<{0}> takes one path that begins with /: <{0} {1}>",
                                  section.name, location ? "/server-status" : "/srv/www"));
    }
}

void Parser::close_section(const Word& name) {
    if (open_.size() <= base_) {
        return error(name.offset, fmt::format("</{}> closes nothing", text::escape(name.text)));
    }
    const Open last = open_.back();
    open_.pop_back();
    if (text::iequals(last.name, name.text)) return;
    error(name.offset, fmt::format("</{}> where </{}> is due; <{}> was opened on line {}",
                                   text::escape(name.text), text::escape(last.name),
                                   text::escape(last.name), last.position.line));
}

const Parser::Open* Parser::container() const {
    for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
        if (open->section == nullptr || !open->section->condition()) return &*open;
    }
    return nullptr;
}

const Directive* Parser::look_up(const Word& name) {
    if (const OldName* old = find_old_name(name.text)) return find_directive(old->current);
    const Directive* directive = find_directive(name.text);
    if (directive != nullptr) return directive;
    const std::string_view near = suggest_directive(name.text);
    error(name.offset, near.empty()
                           ? fmt::format("unknown directive \"{}\"", text::escape(name.text))
                           : fmt::format("unknown directive \"{}\"; did you mean {}?",
                                         text::escape(name.text), near));
    return nullptr;
}

bool Parser::right_count(const Directive& directive, const std::vector<Word>& words) {
    const std::size_t given = words.size() - 1;
    if (given >= directive.min_arguments && given <= directive.max_arguments) return true;
    // The caret: at the first word too many, or behind the last where one is missing.
    const bool missing = given < directive.min_arguments;
    const std::size_t at = missing ? line_.text().find_last_not_of(kBlank) + 1
                                   : words[directive.max_arguments + 1U].offset;
    const std::string count =
        directive.min_arguments == directive.max_arguments
            ? fmt::format("{} argument{}", directive.min_arguments,
                          directive.min_arguments == 1 ? "" : "s")
            : fmt::format("{} to {} arguments", directive.min_arguments, directive.max_arguments);
    error(at, fmt::format("{} takes {}: {} {}", directive.name, count, directive.name,
                          directive.syntax));
    return false;
}

bool Parser::right_context(const Directive& directive, const Word& name) {
    const Open* outer = container();
    const bool section_only = directive.context == Context::Location;
    const auto refuse = [&](const std::string& why) {
        error(name.offset, fmt::format("{} {}", directive.name, why));
        return false;
    };
    if (outer == nullptr) {
        return !section_only || refuse("must stand in a <Location> or <Directory> section");
    }
    if (directive.context == Context::Server && directive.support != Support::Known) {
        return refuse(fmt::format("is for the whole server: not allowed inside <{}>",
                                  text::escape(outer->name)));
    }
    const bool location = !outer->unsupported();
    if (location && directive.support == Support::Yes && !section_only) {
        return refuse(fmt::format("is not allowed inside <{}>", outer->name));
    }
    return true;
}

// One message per directive is enough: a file from httpd has dozens of LoadModule.
void Parser::ignore(const Directive& directive, const Word& name) {
    if (std::find(ignored_.begin(), ignored_.end(), &directive) != ignored_.end()) return;
    ignored_.push_back(&directive);
    // Its help says "..., without effect: WHY."
    std::string_view why = directive.help.substr(directive.help.find(": ") + 2);
    why.remove_suffix(1);
    report(Severity::Notice, name.offset,
           fmt::format("{} is accepted and ignored: {}", directive.name, why));
}

void Parser::read_directive(const std::vector<Word>& words) {
    const Word& name = words.front();
    const Directive* directive = look_up(name);
    if (directive == nullptr) return;
    if (!right_context(*directive, name)) return;
    const Open* outer = container();
    if (outer != nullptr && outer->unsupported()) return;
    if (directive->support == Support::Known) {
        return error(name.offset,
                     fmt::format("{} is known, not supported by this release{}{}", directive->name,
                                 directive->instead.empty() ? "" : "; ", directive->instead));
    }
    const OldName* old = find_old_name(name.text);
    if (old != nullptr && old->add != nullptr && words.size() != 2) {
        return error(name.offset, fmt::format("{} takes 1 argument", old->name));
    }
    if (!right_count(*directive, words)) return;
    switch (directive->support) {
        case Support::Ignored:
            return ignore(*directive, name);
        case Support::Reading:
            return do_reading(*directive, words);
        default:
            return set(*directive, words);
    }
}

void Parser::set(const Directive& directive, const std::vector<Word>& words) {
    const OldName* old = find_old_name(words.front().text);
    const bool translated = old != nullptr && old->add != nullptr;
    const Place place = line_.place(words.front().offset);
    Occurrence line{&directive, old, {}, position_of(place), place.source};
    for (std::size_t i = 1; i < words.size(); ++i) {
        line.arguments.push_back(words[i].text);
    }
    FileValue& value = layer_.values[std::string(directive.name)];
    const bool first = value.position.line == 0;
    value.position = line.position;
    value.source = line.source;
    if (first && directive.accumulates) {
        directive.binding.clear(layer_.settings);  // the default goes
    }
    const Outcome outcome =
        translated ? old->add(layer_.settings, line.arguments)
                   : assign(directive, layer_.settings, line.arguments, Strictness::File);
    if (!outcome) return error(words[outcome.error().argument + 1].offset, outcome.error().message);
    const std::string text = join_words(line.arguments);
    if (translated) {
        value.text = directive.binding.shown(layer_.settings);
    } else if (directive.accumulates && !value.text.empty()) {
        value.text += ", " + text;
    } else {
        value.text = text;
    }
    occurrences_.push_back(std::move(line));
}

struct Fixed {
    std::string_view directive;
    std::string_view value;
    std::string_view others;
    bool told;  // that it has no effect
};
constexpr Fixed kFixed[] = {{"AllowOverride", "None", ".htaccess files are", false},
                            {"ConnectionFallback", "none", "tls is", false},
                            {"HostnameLookups", "Off", "names of clients are", true},
                            {"TraceEnable", "Off", "TRACE is", true}};

void Parser::do_reading(const Directive& directive, const std::vector<Word>& words) {
    if (directive.name == "Include") return include(words, false);
    if (directive.name == "IncludeOptional") return include(words, true);
    if (directive.name == "Define") return define(words);
    if (directive.name == "UnDefine") return definitions_.undefine(words[1].text);
    // The others have one value that changes nothing, and are for what we do not do.
    for (const Fixed& one : kFixed) {
        if (one.directive != directive.name) continue;
        if (words.size() != 2 || !text::iequals(words[1].text, one.value))
            return error(words[1].offset,
                         fmt::format("{} must be {}: {} known, not supported by this release",
                                     one.directive, one.value, one.others));
        if (one.told) ignore(directive, words[0]);
    }
}

void Parser::include(const std::vector<Word>& words, bool optional) {
    const std::size_t offset = words[1].offset;
    const std::string path = join_path(layer_.settings.server_root, words[1].text);
    if (chain_.size() > kMaxIncludeDepth) {
        return error(offset, fmt::format("Include is {} files deep here; that is the limit: {}",
                                         kMaxIncludeDepth, fmt::join(chain_, " -> ")));
    }
    const auto files =
        sources_.include != nullptr ? sources_.include(path) : std::vector<SourceFile>();
    if (!files) return error(offset, files.error().message);
    if (files->empty() && !optional) {
        return error(offset,
                     fmt::format("Include \"{}\": there is no such file{}", text::escape(path),
                                 words[1].text == path ? "" : " below ServerRoot"));
    }
    for (const SourceFile& file : *files) {
        include_file(file, offset);
    }
}

void Parser::include_file(const SourceFile& file, std::size_t offset) {
    if (full_) return;
    if (std::find(chain_.begin(), chain_.end(), file.path) != chain_.end()) {
        return error(offset, fmt::format("Include goes round: {} -> {}", fmt::join(chain_, " -> "),
                                         file.path));
    }
    if (layer_.files.size() == kMaxFiles || bytes_ + file.text.size() > kMaxAllBytes) {
        return error(offset, fmt::format("{} is one file too many: at most {} files with {} bytes "
                                         "are read",
                                         file.path, kMaxFiles, kMaxAllBytes));
    }
    const JoinedLine here = std::move(line_);
    read_text(file.text, file.path);
    line_ = here;
}

void Parser::define(const std::vector<Word>& words) {
    const std::string& name = words[1].text;
    if (name.empty() || name.find_first_of(":{}") != std::string::npos) {
        return error(words[1].offset, "the name of a Define has no :, { or }");
    }
    if (words.size() > 2) {
        definitions_.define(name, words[2].text);
    } else {
        definitions_.define(name);
    }
}

void Parser::finish() {
    close_layer(layer_, occurrences_);
    if (full_ || layer_.values.count("Listen") > 0) return;
    layer_.diagnostics.push_back(
        {Severity::Error,
         {layer_.file, 0, 0},
         "there is no Listen; at least one is needed, such as \"Listen 80\"",
         ""});
}

}  // namespace

FileLayer parse(std::string_view text, const std::string& file, const Sources& sources) {
    return Parser(file, sources).run(text);
}

Settings default_settings() {
    Settings settings;
    for (const Directive& directive : directives()) {
        if (directive.support != Support::Yes) continue;
        if (directive.accumulates) directive.binding.clear(settings);
        if (directive.fallback.empty()) continue;
        std::vector<std::string> arguments;
        for (const Word& word : split_words(directive.fallback).value_or(std::vector<Word>())) {
            arguments.push_back(word.text);
        }
        // A default that its own entry refuses is a bug that the table's test finds.
        static_cast<void>(assign(directive, settings, arguments, Strictness::Api));
    }
    return settings;
}

}  // namespace mpmd::config
