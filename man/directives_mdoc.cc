// directives_mdoc TEMPLATE: mpmd.conf(5) from its template and the table of directives. Prints the
// page.
// directives_mdoc --names: the names in the table, the older ones too, for the test of the manual.

#include <fstream>
#include <iostream>
#include <sstream>

#include "daemon/config/directives.h"
#include "man/mdoc.h"

namespace {

using mpmd::config::Context;
using mpmd::config::Directive;
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

void replace(std::string& page, const std::string& name, const std::string& text) {
    const std::size_t at = page.find(name);
    if (at != std::string::npos) page.replace(at, name.size(), text);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 2 && std::string(argv[1]) == "--names") {
        for (const Directive& directive : mpmd::config::directives())
            std::cout << directive.name << '\n';
        for (const auto& old : mpmd::config::old_names())
            std::cout << old.name << '\n';
        return 0;
    }
    std::ifstream file(argc == 2 ? argv[1] : "");
    if (!file) {
        std::cerr << "directives_mdoc: cannot read the template\n";
        return 2;
    }
    std::stringstream text;
    text << file.rdbuf();
    std::string page = text.str();
    replace(page, "@DIRECTIVES@", entries());
    replace(page, "@OLD_NAMES@", old_names());
    replace(page, "@KNOWN@", briefly(Support::Known));
    replace(page, "@IGNORED@", briefly(Support::Ignored));
    std::cout << page;
}
