#pragma once

// Pure. The sections of the grammar, and the modules of httpd for which <IfModule> is true: those
// whose work we do. Parser and mpmd.conf(5) read both tables. Constant data: any thread.

#include <span>
#include <string_view>

#include "daemon/mpm/limits.h"

namespace mpmd::config {

enum class SectionKind : std::uint8_t {
    IfModule,
    IfDefine,
    IfVersion,
    Location,
    Directory,
    Host,   // known, not supported: a virtual host (D-2)
    Other,  // known, not supported
};

struct Section {
    std::string_view name;
    std::string_view syntax;  // arguments only
    SectionKind kind = SectionKind::Other;
    std::string_view help;  // one paragraph
    [[nodiscard]] bool condition() const { return kind <= SectionKind::IfVersion; }
    [[nodiscard]] bool supported() const { return kind <= SectionKind::Directory; }
};

[[nodiscard]] std::span<const Section> sections();
[[nodiscard]] const Section* find_section(std::string_view name);  // any case
// The nearest name for "did you mean"; "" when nothing is near. lookup.cc.
[[nodiscard]] std::string_view suggest_section(std::string_view wrong);

struct Module {
    std::string_view name;  // "status_module"
    std::string_view file;  // "mod_status.c"
    bool mpm = false;       // there only under its own model
    mpm::Model model = mpm::Model::Event;
};

[[nodiscard]] std::span<const Module> modules();
[[nodiscard]] bool has_module(std::string_view name_or_file, mpm::Model model);

// <IfVersion>: the version of httpd whose configuration we speak.
inline constexpr std::string_view kHttpdVersion = "2.4.63";

}  // namespace mpmd::config
