// directives_mdoc TEMPLATE: mpmd.conf(5) from its template and the table of directives. Prints the
// page.
// directives_mdoc --names: the names in the table, the older ones too, for the test of the manual.
// directives_mdoc --sections: the names of sections and modules, for the same.

#include <fstream>
#include <iostream>
#include <sstream>

#include "daemon/config/directives.h"
#include "daemon/config/sections.h"
#include "man/mdoc.h"

namespace {

using mpmd::config::Context;
using mpmd::config::Directive;
using mpmd::config::Section;
using mpmd::config::Support;
using mpmd::man::argument;
using mpmd::man::paragraph;

std::string facts(const Directive& directive) {
    std::string out;
    if (!directive.fallback.empty()) out += "Default: " + std::string(directive.fallback) + ". ";
    const std::string range = mpmd::config::range_text(directive);
    if (!range.empty()) out += "Allowed: " + range + ". ";
    if (!directive.unit.empty()) out += "Unit: " + std::string(directive.unit) + ". ";
    if (directive.context == Context::Location) out += "Only in a section. ";
    if (directive.support == Support::Reading) return out;
    if (directive.accumulates) out += "Each occurrence adds to the others. ";
    return out + "Changes: " + std::string(mpmd::config::apply_name(directive.apply)) + ".";
}

std::string entry(const Directive& directive) {
    return ".It Cm " + std::string(directive.name) + " Li " + argument(directive.syntax) + "\n" +
           paragraph(directive.help) +
           (directive.support == Support::Reading ? "" : ".Pp\n" + paragraph(facts(directive)));
}

std::string entries() {
    std::string out = ".Bl -tag -width Ds\n";
    for (const Directive& directive : mpmd::config::directives()) {
        if (directive.support == Support::Yes || directive.support == Support::Reading) {
            out += entry(directive);
        }
    }
    return out + ".El";
}

std::string briefly(Support support) {
    std::string out = ".Bl -tag -width Ds -compact\n";
    for (const Directive& directive : mpmd::config::directives()) {
        if (directive.support != support) continue;
        out += ".It Cm " + std::string(directive.name) + "\n" + paragraph(directive.help);
    }
    return out + ".El";
}

std::string old_names() {
    std::string out = ".Bl -tag -width Ds -compact\n";
    for (const mpmd::config::OldName& old : mpmd::config::old_names()) {
        out += ".It Cm " + std::string(old.name) + "\nis now\n.Cm " + std::string(old.current);
        out += old.note.empty() ? " .\n" : " ;\n" + paragraph(std::string(old.note) + ".");
    }
    return out + ".El";
}

std::string sections() {
    std::string out = ".Bl -tag -width Ds\n";
    for (const Section& section : mpmd::config::sections()) {
        if (!section.supported()) continue;
        out += ".It Cm <" + std::string(section.name) + "> Li " + argument(section.syntax) + "\n" +
               paragraph(section.help);
    }
    return out + ".El";
}

std::string known_sections() {
    std::string out = ".Bl -tag -width Ds -compact\n";
    for (const Section& section : mpmd::config::sections()) {
        if (section.supported()) continue;
        out += ".It Cm <" + std::string(section.name) + ">\n" + paragraph(section.help);
    }
    return out + ".El";
}

std::string modules() {
    std::string out = ".Bl -column -offset indent \"reqtimeout_module\" \"mod_log_config.c\"\n";
    for (const mpmd::config::Module& module : mpmd::config::modules()) {
        out += ".It Li " + std::string(module.name) + " Ta Li " + std::string(module.file);
        if (module.mpm) {
            out += std::string(" Ta under MPM ") +
                   (module.model == mpmd::mpm::Model::Event ? "event" : "worker");
        }
        out += '\n';
    }
    return out + ".El";
}

int print_names(const std::string& what) {
    if (what == "--sections") {
        for (const Section& section : mpmd::config::sections())
            std::cout << '<' << section.name << ">\n";
        for (const auto& module : mpmd::config::modules())
            std::cout << module.name << '\n' << module.file << '\n';
        return 0;
    }
    for (const Directive& directive : mpmd::config::directives())
        std::cout << directive.name << '\n';
    for (const auto& old : mpmd::config::old_names())
        std::cout << old.name << '\n';
    return 0;
}

void replace(std::string& page, const std::string& name, const std::string& text) {
    const std::size_t at = page.find(name);
    if (at != std::string::npos) page.replace(at, name.size(), text);
}

}  // namespace

int main(int argc, char** argv) {
    const std::string first = argc == 2 ? argv[1] : "";
    if (first == "--names" || first == "--sections") return print_names(first);
    std::ifstream file(first);
    if (!file) {
        std::cerr << "directives_mdoc: cannot read the template\n";
        return 2;
    }
    std::stringstream text;
    text << file.rdbuf();
    std::string page = text.str();
    replace(page, "@SECTIONS@", sections());
    replace(page, "@MODULES@", modules());
    replace(page, "@KNOWN_SECTIONS@", known_sections());
    replace(page, "@DIRECTIVES@", entries());
    replace(page, "@OLD_NAMES@", old_names());
    replace(page, "@KNOWN@", briefly(Support::Known));
    replace(page, "@IGNORED@", briefly(Support::Ignored));
    std::cout << page;
}
