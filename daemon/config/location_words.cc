// What stands in <Location>, and ScriptAlias. A section is there before its lines: they set the
// last one.

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/config/words.h"

namespace mpmd::config::words {
namespace {

tl::unexpected<Refusal> outside(std::string_view name) {
    return refuse(fmt::format("{} must stand in a <Location> or <Directory> section", name));
}

// "text in /path" of each section for which `text` has something.
template <class Text>
std::string show(const Settings& settings, Text text) {
    std::string out;
    for (const Location& location : settings.locations) {
        const std::string_view word = text(location);
        if (word.empty()) continue;
        const std::string& where = location.directory.empty() ? location.path : location.directory;
        out += fmt::format("{}{} in {}", out.empty() ? "" : ", ", word,
                           join_words(Arguments(&where, 1)));
    }
    return out;
}

constexpr std::pair<std::string_view, SetHandler> kHandlers[] = {
    {"none", SetHandler::None},
    {"server-status", SetHandler::ServerStatus},
    {"cgi-script", SetHandler::CgiScript}};

constexpr std::pair<std::string_view, Access> kAccess[] = {
    {"all denied", Access::Denied}, {"local", Access::Local}, {"all granted", Access::Granted}};

// What an option means here, without its sign.
enum class Option : std::uint8_t {
    ExecCgi,
    Never,   // what we never do: taking it away is what we do anyway
    Missed,  // the same, and asking for it is only a warning (closing.cc)
    Always,  // what we always do
    Unknown
};

struct OptionWord {
    std::string_view word;
    Option option;
};
constexpr OptionWord kOptions[] = {{"ExecCGI", Option::ExecCgi},
                                   {"Indexes", Option::Missed},
                                   {"Includes", Option::Never},
                                   {"IncludesNOEXEC", Option::Never},
                                   {"MultiViews", Option::Never},
                                   {"FollowSymLinks", Option::Always},
                                   {"SymLinksIfOwnerMatch", Option::Unknown}};

char sign_of(std::string_view word) {
    return !word.empty() && (word.front() == '+' || word.front() == '-') ? word.front() : '\0';
}

Option find_option(std::string_view word) {
    for (const OptionWord& one : kOptions) {
        if (text::iequals(one.word, word)) return one.option;
    }
    return Option::Unknown;
}

// Nothing when the word may stand there; else why not.
std::optional<std::string> refused_option(std::string_view word) {
    const char sign = sign_of(word);
    const std::string_view name = word.substr(sign == '\0' ? 0 : 1);
    switch (find_option(name)) {
        case Option::ExecCgi:
        case Option::Missed:
            return std::nullopt;
        case Option::Never:
            if (sign == '-') return std::nullopt;
            break;
        case Option::Always:
            if (sign != '-') return std::nullopt;
            break;
        case Option::Unknown:
            break;
    }
    const bool known =
        std::any_of(std::begin(kOptions), std::end(kOptions),
                    [&](const OptionWord& one) { return text::iequals(one.word, name); });
    if (known) {
        return fmt::format("Options {} is known, not supported by this release", word);
    }
    return fmt::format("Options knows +ExecCGI, -ExecCGI and None, not \"{}\"", text::escape(word));
}

}  // namespace

Outcome add_set_handler(Settings& settings, Arguments arguments) {
    if (settings.locations.empty()) return outside("SetHandler");
    for (const auto& [word, handler] : kHandlers) {
        if (!text::iequals(arguments[0], word)) continue;
        settings.locations.back().handler = handler;
        return {};
    }
    return refuse(fmt::format("SetHandler knows server-status, cgi-script and none, not \"{}\"",
                              text::escape(arguments[0])),
                  0, "none");
}

void clear_set_handler(Settings& settings) {
    for (Location& location : settings.locations) {
        location.handler.reset();
    }
}

std::string show_set_handler(const Settings& settings) {
    return show(settings, [](const Location& location) {
        for (const auto& [word, handler] : kHandlers) {
            if (location.handler == handler) return word;
        }
        return std::string_view();
    });
}

// Several lines in one section: it is enough to satisfy one of them, as in httpd.
Outcome add_require(Settings& settings, Arguments arguments) {
    if (settings.locations.empty()) return outside("Require");
    const std::string wanted = text::lower(join_words(arguments));
    for (const auto& [word, access] : kAccess) {
        if (wanted != word) continue;
        std::optional<Access>& had = settings.locations.back().access;
        const bool wider = !had || *had == Access::Denied || access == Access::Granted;
        if (wider) had = access;
        return {};
    }
    return refuse(fmt::format("Require knows local, all granted and all denied, not \"{}\"",
                              text::escape(join_words(arguments))),
                  0, "local");
}

void clear_require(Settings& settings) {
    for (Location& location : settings.locations) {
        location.access.reset();
    }
}

std::string show_require(const Settings& settings) {
    return show(settings, [](const Location& location) {
        for (const auto& [word, access] : kAccess) {
            if (location.access == access) return word;
        }
        return std::string_view();
    });
}

Outcome add_options(Settings& settings, Arguments arguments) {
    if (settings.locations.empty()) return outside("Options");
    std::optional<bool>& exec = settings.locations.back().exec_cgi;
    if (arguments.size() == 1 && text::iequals(arguments[0], "None")) {
        exec = false;
        return {};
    }
    const bool relative = sign_of(arguments[0]) != '\0';
    std::optional<bool> wanted = relative ? exec : std::optional<bool>(false);
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const char sign = sign_of(arguments[i]);
        if ((sign != '\0') != relative) {
            return refuse("either all Options have + or - or none of them", i);
        }
        if (auto why = refused_option(arguments[i])) return refuse(std::move(*why), i);
        const std::string_view name = std::string_view(arguments[i]).substr(relative ? 1 : 0);
        if (find_option(name) == Option::ExecCgi) wanted = sign != '-';
    }
    exec = wanted;
    return {};
}

void clear_options(Settings& settings) {
    for (Location& location : settings.locations) {
        location.exec_cgi.reset();
    }
}

std::string show_options(const Settings& settings) {
    return show(settings, [](const Location& location) -> std::string_view {
        if (!location.exec_cgi) return "";
        return *location.exec_cgi ? "+ExecCGI" : "-ExecCGI";
    });
}

Outcome add_script_alias(Settings& settings, Arguments arguments) {
    if (arguments[0].empty() || arguments[0].front() != '/') {
        return refuse(
            fmt::format("ScriptAlias must begin with a path such as /cgi-bin/, not \"{}\"",
                        text::escape(arguments[0])),
            0, "/cgi-bin/");
    }
    if (arguments[1].empty()) return refuse("ScriptAlias must name a directory", 1);
    for (const ScriptAlias& other : settings.script_aliases) {
        if (other.path == arguments[0]) {
            return refuse(fmt::format("ScriptAlias {} is there already", arguments[0]));
        }
    }
    settings.script_aliases.push_back({arguments[0], arguments[1]});
    return {};
}

void clear_script_alias(Settings& settings) {
    settings.script_aliases.clear();
}

std::string show_script_alias(const Settings& settings) {
    std::string out;
    for (const ScriptAlias& alias : settings.script_aliases) {
        const std::vector<std::string> words{alias.path, alias.directory};
        out += (out.empty() ? "" : ", ") + join_words(words);
    }
    return out;
}

}  // namespace mpmd::config::words
