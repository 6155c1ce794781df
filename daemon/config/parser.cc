#include "daemon/config/parser.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/config/value.h"

namespace mpmd::config {
namespace {

constexpr std::string_view kBlank = " \t\r\f\v";

// Sections of httpd. Their own work is not done yet; what stands in them is still checked (D-2).
struct Section {
    std::string_view name;
    bool host;  // a host of its own: server-wide directives are errors inside
};
constexpr Section kSections[] = {
    {"VirtualHost", true},   {"Directory", true}, {"DirectoryMatch", true}, {"Location", true},
    {"LocationMatch", true}, {"Files", true},     {"FilesMatch", true},     {"Limit", true},
    {"LimitExcept", true},   {"Proxy", true},     {"ProxyMatch", true},     {"If", true},
    {"ElseIf", true},        {"Else", true},      {"IfModule", false},      {"IfDefine", false},
    {"IfVersion", false},    {"IfFile", false},   {"Macro", false},
};

const Section* find_section(std::string_view name) {
    for (const Section& section : kSections) {
        if (text::iequals(section.name, name)) return &section;
    }
    return nullptr;
}

class Parser {
public:
    Parser(std::string_view text, const std::string& file) : lines_(text) {
        layer_.file = file;
        layer_.settings = default_settings();
    }

    FileLayer run() {
        while (!full_) {
            auto next = lines_.next();
            if (!next) break;
            line_ = std::move(*next);
            read_line();
        }
        close_file();
        return std::move(layer_);
    }

private:
    struct Open {
        std::string name;
        bool host;
        Place place;
    };

    void report(Severity severity, const Place& place, std::string message) {
        if (full_) return;
        layer_.diagnostics.push_back(
            {severity, position_of(place), std::move(message), place.source});
        if (severity != Severity::Error || ++errors_ < kMaxErrors) return;
        full_ = true;
        layer_.diagnostics.push_back(
            {Severity::Error,
             {layer_.file, 0, 0},
             fmt::format("more than {} errors; the rest is not read", kMaxErrors - 1),
             ""});
    }
    void error(std::size_t offset, std::string message) {
        report(Severity::Error, line_.place(offset), std::move(message));
    }
    [[nodiscard]] Position position_of(const Place& place) const {
        return {layer_.file, place.line, place.column};
    }

    void read_line();
    void read_section(const std::vector<Word>& words);
    void close_section(const Word& name);
    void read_directive(const std::vector<Word>& words);
    [[nodiscard]] const Directive* look_up(const Word& name);
    [[nodiscard]] bool right_count(const Directive& directive, const std::vector<Word>& words);
    [[nodiscard]] bool right_context(const Directive& directive, const Word& name);
    void ignore(const Directive& directive, const Word& name);
    void set(const Directive& directive, const std::vector<Word>& words);
    void close_file();

    Lines lines_;
    JoinedLine line_;
    FileLayer layer_;
    std::vector<Open> open_;
    std::vector<const Directive*> ignored_;  // whose notice is out
    std::size_t errors_ = 0;
    bool full_ = false;
};

void Parser::read_line() {
    const std::string& text = line_.text();
    const auto first = text.find_first_not_of(kBlank);
    if (first == std::string::npos || text[first] == '#') return;
    if (text.size() > kMaxLineBytes) {
        return error(first, fmt::format("the line is longer than {} bytes", kMaxLineBytes));
    }
    std::string_view rest = text;
    const bool section = text[first] == '<';
    if (section) {
        const auto last = text.find_last_not_of(kBlank);
        if (text[last] != '>') return error(first, "a section line must end with >");
        rest = rest.substr(0, last);
    }
    const auto words = split_words(rest);
    if (!words) return error(words.error().offset, words.error().message);
    section ? read_section(*words) : read_directive(*words);
}

void Parser::read_section(const std::vector<Word>& words) {
    const Word name{words.front().text.substr(1), words.front().offset + 1};
    if (!name.text.empty() && name.text.front() == '/') {
        return close_section({name.text.substr(1), name.offset + 1});
    }
    const Section* section = find_section(name.text);
    if (section == nullptr) {
        error(name.offset, fmt::format("unknown section <{}>", text::escape(name.text)));
    } else {
        error(name.offset,
              fmt::format("<{}> is known, not supported by this release", section->name));
    }
    open_.push_back(
        {name.text, section != nullptr && section->host, line_.place(words.front().offset)});
}

void Parser::close_section(const Word& name) {
    if (open_.empty()) {
        return error(name.offset, fmt::format("</{}> closes nothing", text::escape(name.text)));
    }
    const Open last = open_.back();
    open_.pop_back();
    if (text::iequals(last.name, name.text)) return;
    error(name.offset, fmt::format("</{}> where </{}> is due; <{}> was opened on line {}",
                                   text::escape(name.text), text::escape(last.name),
                                   text::escape(last.name), last.place.line));
}

const Directive* Parser::look_up(const Word& name) {
    if (const OldName* old = find_old_name(name.text)) {
        report(Severity::Warning, line_.place(name.offset),
               fmt::format("{} is an old name: write {}{}{}", old->name, old->current,
                           old->note.empty() ? "" : "; ", old->note));
        return find_directive(old->current);
    }
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
    if (directive.context == Context::ServerAndHost) return true;
    for (const Open& section : open_) {
        if (!section.host) continue;
        error(name.offset, fmt::format("{} is for the whole server: not allowed inside <{}>",
                                       directive.name, text::escape(section.name)));
        return false;
    }
    return true;
}

// One message per directive is enough: a file from httpd has dozens of LoadModule.
void Parser::ignore(const Directive& directive, const Word& name) {
    if (std::find(ignored_.begin(), ignored_.end(), &directive) != ignored_.end()) return;
    ignored_.push_back(&directive);
    const bool old_lock = directive.name == "AcceptMutex" || directive.name == "LockFile";
    report(
        old_lock ? Severity::Warning : Severity::Notice, line_.place(name.offset),
        old_lock
            ? fmt::format("{} is not needed, ignored: the event MPM takes no lock to accept "
                          "(MPM worker: Mutex)",
                          directive.name)
            : fmt::format("{} is accepted and ignored: {}", directive.name,
                          directive.name == "LoadModule" ? "what mpmd does is built in"
                                                         : "silent clients cost no thread here"));
}

void Parser::read_directive(const std::vector<Word>& words) {
    const Word& name = words.front();
    const Directive* directive = look_up(name);
    if (directive == nullptr) return;
    if (!right_context(*directive, name)) return;
    if (directive->support == Support::Known) {
        return error(name.offset,
                     fmt::format("{} is known, not supported by this release", directive->name));
    }
    if (!right_count(*directive, words)) return;
    if (directive->support == Support::Ignored) {
        if (directive->kind != Kind::Choice) return ignore(*directive, name);
        const auto choice = parse_number(*directive, words[1].text, Strictness::File);
        if (!choice) return error(words[1].offset, choice.error().message);
        return ignore(*directive, name);
    }
    set(*directive, words);
}

void Parser::set(const Directive& directive, const std::vector<Word>& words) {
    std::vector<std::string> arguments;
    for (std::size_t i = 1; i < words.size(); ++i) {
        arguments.push_back(words[i].text);
    }
    FileValue& value = layer_.values[std::string(directive.name)];
    const bool first = value.position.line == 0;
    value.position = position_of(line_.place(words.front().offset));
    if (first && directive.accumulates) {
        directive.binding.clear(layer_.settings);  // the default goes
    }
    const Outcome outcome = assign(directive, layer_.settings, arguments, Strictness::File);
    if (!outcome) return error(words[outcome.error().argument + 1].offset, outcome.error().message);
    const std::string text = join_words(arguments);
    if (directive.accumulates && !value.text.empty()) {
        value.text += ", " + text;
    } else {
        value.text = text;
    }
}

void Parser::close_file() {
    for (const Open& section : open_) {
        report(Severity::Error, section.place,
               fmt::format("<{}> is never closed", text::escape(section.name)));
    }
    if (full_ || layer_.values.count("Listen") > 0) return;
    layer_.diagnostics.push_back(
        {Severity::Error,
         {layer_.file, 0, 0},
         "there is no Listen; at least one is needed, such as \"Listen 80\"",
         ""});
}

}  // namespace

FileLayer parse(std::string_view text, const std::string& file) {
    const auto nul = text.find('\0');
    if (nul != std::string_view::npos) {
        FileLayer layer;
        layer.file = file;
        layer.settings = default_settings();
        const auto line =
            std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n') + 1;
        layer.diagnostics.push_back({Severity::Error,
                                     {file, static_cast<int>(line), 1},
                                     "there is a NUL byte in the line; is this a text file?",
                                     ""});
        return layer;
    }
    return Parser(text, file).run();
}

Settings default_settings() {
    Settings settings;
    for (const Directive& directive : directives()) {
        if (directive.support != Support::Yes) continue;
        if (directive.accumulates) directive.binding.clear(settings);
        if (directive.fallback.empty()) continue;
        const std::vector<std::string> one{std::string(directive.fallback)};
        // A default that its own entry refuses is a bug that the table's test finds.
        static_cast<void>(assign(directive, settings, one, Strictness::Api));
    }
    return settings;
}

}  // namespace mpmd::config
