#include "daemon/config/sections.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace mpmd::config {
namespace {

// clang-format off
constexpr Section kSections[] = {
    {"IfModule", "[!]module", SectionKind::IfModule,
     "What stands in it is read when mpmd does the work of that module of httpd, named as status_module or mod_status.c. "
     "! turns it round."},
    {"IfDefine", "[!]name", SectionKind::IfDefine,
     "What stands in it is read when the name is defined, by Define above it or by -D on the command line."},
    {"IfVersion", "[[!]operator] version", SectionKind::IfVersion,
     "What stands in it is read when the version of httpd whose configuration mpmd speaks compares so. Operators are =, ==, >, >=, < and <=."},
    {"Location", "path", SectionKind::Location,
     "SetHandler, Options and Require for this path and what is below it. All sections that match a request count, in the order of the "
     "file: what a later one sets wins."},
    {"Directory", "path", SectionKind::Directory,
     "The same for what is in a directory on disk and below it, as far as DocumentRoot or a ScriptAlias leads there. As in httpd these "
     "sections count before any <Location>, the shorter paths before the longer. Patterns are known, not supported by this release."},
    {"VirtualHost", "address ...", SectionKind::Host, "A host of its own."},
    {"DirectoryMatch", "expression", SectionKind::Other, "Directories by a regular expression."},
    {"LocationMatch", "expression", SectionKind::Other, "Paths by a regular expression."},
    {"Files", "name", SectionKind::Other, "Files by name."},
    {"FilesMatch", "expression", SectionKind::Other, "Files by a regular expression. Only httpd's own <FilesMatch \"^\\.ht\"> is taken, without effect: names that begin with .ht are never served."},
    {"Limit", "method ...", SectionKind::Other, "Access by method."},
    {"LimitExcept", "method ...", SectionKind::Other, "Access by all other methods."},
    {"RequireAll", "", SectionKind::Other, "Conditions that must all hold."},
    {"RequireAny", "", SectionKind::Other, "Conditions of which one must hold."},
    {"RequireNone", "", SectionKind::Other, "Conditions of which none may hold."},
    {"Proxy", "URL", SectionKind::Other, "Other servers."},
    {"ProxyMatch", "expression", SectionKind::Other, "Other servers by a regular expression."},
    {"If", "expression", SectionKind::Other, "A condition at each request."},
    {"ElseIf", "expression", SectionKind::Other, "A further condition."},
    {"Else", "", SectionKind::Other, "When no condition held."},
    {"IfFile", "[!]file", SectionKind::Other, "Whether a file exists."},
    {"IfDirective", "[!]name", SectionKind::Other, "Whether a directive exists."},
    {"IfSection", "[!]name", SectionKind::Other, "Whether a section exists."},
    {"Macro", "name parameter ...", SectionKind::Other, "Text with parameters."},
};

constexpr Module kModules[] = {
    {"core_module", "core.c"},
    {"http_module", "http_core.c"},
    {"so_module", "mod_so.c"},
    {"mpm_event_module", "event.c", true, mpm::Model::Event},
    {"mpm_worker_module", "worker.c", true, mpm::Model::Worker},
    {"alias_module", "mod_alias.c"},
    {"authz_core_module", "mod_authz_core.c"},
    {"authz_host_module", "mod_authz_host.c"},
    {"cgi_module", "mod_cgi.c"},
    {"cgid_module", "mod_cgid.c"},
    {"dir_module", "mod_dir.c"},
    {"log_config_module", "mod_log_config.c"},
    {"logio_module", "mod_logio.c"},
    {"mime_module", "mod_mime.c"},
    {"reqtimeout_module", "mod_reqtimeout.c"},
    {"status_module", "mod_status.c"},
    {"unixd_module", "mod_unixd.c"},
    {"version_module", "mod_version.c"},
};
// clang-format on

}  // namespace

std::span<const Section> sections() {
    return kSections;
}

const Section* find_section(std::string_view name) {
    for (const Section& section : kSections) {
        if (text::iequals(section.name, name)) return &section;
    }
    return nullptr;
}

std::span<const Module> modules() {
    return kModules;
}

bool has_module(std::string_view name_or_file, mpm::Model model) {
    return std::any_of(std::begin(kModules), std::end(kModules), [&](const Module& module) {
        if (module.mpm && module.model != model) return false;
        return text::iequals(module.name, name_or_file) || text::iequals(module.file, name_or_file);
    });
}

}  // namespace mpmd::config
