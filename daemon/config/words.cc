#include "daemon/config/words.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/log/log_format.h"

namespace mpmd::config {

std::string Listen::text() const {
    if (host.empty()) return fmt::format("*:{}", port);
    if (host.find(':') != std::string::npos) return fmt::format("[{}]:{}", host, port);
    return fmt::format("{}:{}", host, port);
}

namespace words {
namespace {

constexpr std::string_view kListenForms = R"(80, 127.0.0.1:80, [::1]:80 or *:80)";

std::string quoted(const std::string& word) {
    return join_words(Arguments(&word, 1));
}

template <class List, class Show>
std::string joined(const List& list, Show show) {
    std::string out;
    for (const auto& item : list) {
        if (!out.empty()) out += ", ";
        out += show(item);
    }
    return out;
}

// Why no line can be made of it, if it is a format at all; nothing when it is good.
std::optional<std::string> wrong_format(const std::string& format) {
    if (format.empty()) return "a log format must not be empty";
    const auto parsed = log::LogFormat::parse(format);
    if (parsed) return std::nullopt;
    return parsed.error().message;
}

bool host_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

bool ipv6_character(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
           c == '.';
}

struct HostPort {
    std::string host;
    std::string_view port;
};

// Splits "[address:]port"; nothing when the brackets are wrong or the port is missing.
std::optional<HostPort> split_address(std::string_view word) {
    if (!word.empty() && word.front() == '[') {
        const auto close = word.find("]:");
        if (close == std::string_view::npos) return std::nullopt;
        return HostPort{std::string(word.substr(1, close - 1)), word.substr(close + 2)};
    }
    const auto colon = word.find(':');
    if (colon == std::string_view::npos) return HostPort{"", word};
    if (word.find(':', colon + 1) != std::string_view::npos) {
        return std::nullopt;  // IPv6, no brackets
    }
    const std::string_view host = word.substr(0, colon);
    return HostPort{host == "*" ? "" : std::string(host), word.substr(colon + 1)};
}

bool good_host(const HostPort& address, bool bracketed) {
    if (bracketed) {
        return !address.host.empty() &&
               std::all_of(address.host.begin(), address.host.end(), ipv6_character);
    }
    return std::all_of(address.host.begin(), address.host.end(), host_character);
}

}  // namespace

Outcome add_listen(Settings& settings, Arguments arguments) {
    const std::string& word = arguments[0];
    const auto address = split_address(word);
    if (!address || address->port.empty() || !good_host(*address, word.front() == '[')) {
        return refuse(fmt::format("Listen takes an address such as {}, not \"{}\"", kListenForms,
                                  text::escape(word)));
    }
    const auto port = text::parse_uint(address->port);
    if (!port || *port > 65535) {
        return refuse(fmt::format(
            "Listen must have a port from 0 (chosen by the system) to 65535, not \"{}\"",
            text::escape(address->port)));
    }
    Listen listen{
        address->host, static_cast<std::uint16_t>(*port),
        arguments.size() > 1 ? text::lower(arguments[1]) : (*port == 443 ? "https" : "http")};
    if (listen.protocol == "https") {
        return refuse(fmt::format("Listen {}: https is known, not supported by this release; write "
                                  "\"Listen {} http\"",
                                  word, word),
                      arguments.size() > 1 ? 1 : 0, word + " http");
    }
    if (listen.protocol != "http") {
        return refuse(fmt::format("Listen knows the protocols http and https, not \"{}\"",
                                  text::escape(arguments[1])),
                      1, word + " http");
    }
    for (const Listen& other : settings.listen) {
        if (other.port != 0 && other.port == listen.port &&
            text::iequals(other.host, listen.host)) {
            return refuse(fmt::format(
                "Listen {} is there already; an address can be listened on once", listen.text()));
        }
    }
    settings.listen.push_back(std::move(listen));
    return {};
}

void clear_listen(Settings& settings) {
    settings.listen.clear();
}

std::string show_listen(const Settings& settings) {
    return joined(settings.listen, [](const Listen& listen) { return listen.text(); });
}

// A format has a '%' somewhere; a word without one is the name of a LogFormat, which may follow.
Outcome add_custom_log(Settings& settings, Arguments arguments) {
    if (arguments[0].empty() || arguments[0].front() == '|') {
        return refuse("CustomLog takes a file; programs are known, not supported by this release");
    }
    if (arguments.size() > 2) {
        return refuse(fmt::format("CustomLog takes a file and a format; \"{}\" is known, not "
                                  "supported by this release",
                                  text::escape(arguments[2])),
                      2);
    }
    if (auto wrong = wrong_format(arguments[1])) return refuse(std::move(*wrong), 1, "combined");
    settings.custom_log.push_back({arguments[0], arguments[1]});
    return {};
}

void clear_custom_log(Settings& settings) {
    auto& logs = settings.custom_log;
    logs.erase(std::remove_if(logs.begin(), logs.end(),
                              [](const CustomLog& log) { return !log.format.empty(); }),
               logs.end());
}

std::string show_custom_log(const Settings& settings) {
    std::vector<CustomLog> logs;
    for (const CustomLog& log : settings.custom_log) {
        if (!log.format.empty()) logs.push_back(log);
    }
    return joined(logs,
                  [](const CustomLog& log) { return quoted(log.path) + " " + quoted(log.format); });
}

Outcome add_transfer_log(Settings& settings, Arguments arguments) {
    if (arguments[0].empty() || arguments[0].front() == '|') {
        return refuse(
            "TransferLog takes a file; programs are known, not supported by this release");
    }
    settings.custom_log.push_back({arguments[0], ""});
    return {};
}

void clear_transfer_log(Settings& settings) {
    auto& logs = settings.custom_log;
    logs.erase(std::remove_if(logs.begin(), logs.end(),
                              [](const CustomLog& log) { return log.format.empty(); }),
               logs.end());
}

std::string show_transfer_log(const Settings& settings) {
    std::vector<CustomLog> logs;
    for (const CustomLog& log : settings.custom_log) {
        if (log.format.empty()) logs.push_back(log);
    }
    return joined(logs, [](const CustomLog& log) { return quoted(log.path); });
}

Outcome add_log_format(Settings& settings, Arguments arguments) {
    const std::string name = arguments.size() > 1 ? arguments[1] : "";
    if (name.find('%') != std::string::npos || (arguments.size() > 1 && name.empty())) {
        return refuse(
            fmt::format("LogFormat takes a format, then its name, not \"{}\"", text::escape(name)),
            1);
    }
    if (auto wrong = wrong_format(arguments[0])) return refuse(std::move(*wrong));
    auto& formats = settings.log_formats;
    formats.erase(std::remove_if(formats.begin(), formats.end(),
                                 [&](const NamedFormat& other) { return other.name == name; }),
                  formats.end());
    formats.push_back({name, arguments[0]});
    return {};
}

void clear_log_format(Settings& settings) {
    settings.log_formats.clear();
}

std::string show_log_format(const Settings& settings) {
    return joined(settings.log_formats, [](const NamedFormat& format) {
        return quoted(format.format) + (format.name.empty() ? "" : " " + quoted(format.name));
    });
}

namespace {

constexpr std::pair<std::string_view, Role> kRoles[] = {
    {"viewer", Role::Viewer}, {"operator", Role::Operator}, {"admin", Role::Admin}};
constexpr std::pair<std::string_view, ControlRole::Subject> kSubjects[] = {
    {"user", ControlRole::Subject::User},
    {"group", ControlRole::Subject::Group},
    {"uid", ControlRole::Subject::Uid}};

std::string show_role(const ControlRole& entry) {
    std::string out;
    for (const auto& [name, role] : kRoles) {
        if (role == entry.role) out = name;
    }
    std::string who;
    for (const auto& [name, subject] : kSubjects) {
        if (subject == entry.subject) who = name;
    }
    return out + " " + quoted(who + ":" + entry.name);
}

}  // namespace

Outcome add_control_role(Settings& settings, Arguments arguments) {
    ControlRole entry;
    for (const auto& [name, role] : kRoles) {
        if (text::iequals(arguments[0], name)) entry.role = role;
    }
    if (entry.role == Role::None) {
        return refuse(
            fmt::format("ControlRole must begin with viewer, operator or admin, not \"{}\"",
                        text::escape(arguments[0])));
    }
    const std::string_view subject = arguments[1];
    const auto colon = subject.find(':');
    const std::string_view kind = subject.substr(0, colon);
    if (text::iequals(kind, "san")) {
        return refuse(
            "ControlRole san: needs ControlListen; both are known, not supported by this release",
            1);
    }
    bool found = false;
    for (const auto& [name, value] : kSubjects) {
        if (!text::iequals(kind, name)) continue;
        entry.subject = value;
        found = true;
    }
    if (!found || colon == std::string_view::npos || colon + 1 == subject.size()) {
        return refuse(
            fmt::format("ControlRole must name user:NAME, group:NAME or uid:N, not \"{}\"",
                        text::escape(subject)),
            1);
    }
    entry.name = subject.substr(colon + 1);
    if (entry.subject == ControlRole::Subject::Uid) {
        const auto uid = text::parse_uint(entry.name);
        if (!uid || *uid >= 4294967295U) {
            return refuse(fmt::format("ControlRole uid: must be from 0 to 4294967294, not \"{}\"",
                                      text::escape(entry.name)),
                          1);
        }
    }
    settings.control_roles.push_back(std::move(entry));
    return {};
}

void clear_control_role(Settings& settings) {
    settings.control_roles.clear();
}

std::string show_control_role(const Settings& settings) {
    return joined(settings.control_roles, show_role);
}

// "disabled" empties the list, as in httpd; further occurrences add to it.
Outcome add_directory_index(Settings& settings, Arguments arguments) {
    if (arguments.size() == 1 && text::iequals(arguments[0], "disabled")) {
        settings.directory_index.clear();
        return {};
    }
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].empty() || arguments[i].find('/') != std::string::npos) {
            return refuse(
                fmt::format("DirectoryIndex takes names of files in the directory, not \"{}\"",
                            text::escape(arguments[i])),
                i);
        }
    }
    settings.directory_index.insert(settings.directory_index.end(), arguments.begin(),
                                    arguments.end());
    return {};
}

void clear_directory_index(Settings& settings) {
    settings.directory_index.clear();
}

std::string show_directory_index(const Settings& settings) {
    if (settings.directory_index.empty()) return "disabled";
    return join_words(settings.directory_index);
}

}  // namespace words
}  // namespace mpmd::config
