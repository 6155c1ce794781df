#include "daemon/config/directory.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace mpmd::config {
namespace {

// A path and the directory that it leads to.
struct Mapping {
    std::string path;
    std::string directory;
};

std::string_view without_slash(std::string_view path) {
    while (!path.empty() && path.back() == '/') {
        path.remove_suffix(1);
    }
    return path;
}

// What is left of `path` below `above`, beginning with '/' or empty; nothing when it is elsewhere.
std::optional<std::string_view> below(std::string_view path, std::string_view above) {
    path = without_slash(path);
    above = without_slash(above);
    if (path.substr(0, above.size()) != above) return std::nullopt;
    const std::string_view rest = path.substr(above.size());
    if (!rest.empty() && rest.front() != '/') return std::nullopt;
    return rest;
}

// The path under which the directory is seen; nothing when it is not.
std::optional<std::string> seen_as(const std::string& directory, const Mapping& mapping) {
    if (below(mapping.directory, directory)) return mapping.path;
    const auto rest = below(directory, mapping.directory);
    if (!rest) return std::nullopt;
    return std::string(without_slash(mapping.path)) + std::string(*rest);
}

std::vector<Location> directories_of(const Settings& settings) {
    std::vector<Location> out;
    for (const Location& section : settings.locations) {
        if (!section.directory.empty()) out.push_back(section);
    }
    std::stable_sort(out.begin(), out.end(), [](const Location& a, const Location& b) {
        return without_slash(a.directory).size() < without_slash(b.directory).size();
    });
    return out;
}

void add(std::vector<Location>& out,
         const std::vector<Location>& directories,
         const Mapping& mapping) {
    for (const Location& section : directories) {
        if (auto path = seen_as(section.directory, mapping)) {
            out.push_back({std::move(*path), section.handler, section.access, section.exec_cgi});
        }
    }
}

}  // namespace

std::vector<Location> locations_by_path(const Settings& settings) {
    const std::vector<Location> directories = directories_of(settings);
    std::vector<Location> out;
    add(out, directories, {"/", settings.document_root});
    if (!directories.empty()) {
        // A ScriptAlias leads elsewhere: nothing that was said of DocumentRoot holds there. The
        // first one that matches counts, so it comes last.
        for (auto alias = settings.script_aliases.rbegin(); alias != settings.script_aliases.rend();
             ++alias) {
            out.push_back({alias->path, SetHandler::None, Access::Granted, false});
            add(out, directories, {alias->path, alias->directory});
        }
    }
    for (const Location& section : settings.locations) {
        if (section.directory.empty()) out.push_back(section);
    }
    return out;
}

}  // namespace mpmd::config
