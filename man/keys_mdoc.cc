// keys_mdoc TEMPLATE: mpmctl-top(1) from its template and the dashboard's table of keys. Prints the
// page.

#include <fstream>
#include <iostream>
#include <sstream>
#include <utility>
#include <vector>

#include "man/mdoc.h"
#include "tui/model/keymap.h"

namespace {

using mpmd::man::argument;
using mpmd::man::paragraph;
using mpmd::tui::Binding;
using mpmd::tui::bit;
using mpmd::tui::Scope;

constexpr std::uint16_t kScreens =
    bit(Scope::Overview) | bit(Scope::Children) | bit(Scope::Connections) | bit(Scope::Help);

const std::vector<std::pair<Scope, const char*>>& places() {
    static const std::vector<std::pair<Scope, const char*>> kPlaces = {
        {Scope::Overview, "overview"},
        {Scope::Children, "children"},
        {Scope::Connections, "connections"},
        {Scope::Help, "help"},
        {Scope::FilterInput, "the filter line"},
        {Scope::SortMenu, "the sort menu"},
        {Scope::Restart, "the restart dialogs"},
        {Scope::Tune, "the tuning dialog"},
        {Scope::TuneEdit, "a value being typed"},
    };
    return kPlaces;
}

std::string where(const Binding& binding) {
    std::string out;
    std::uint16_t left = binding.scopes;
    if ((left & kScreens) == kScreens) {
        out = "every screen";
        left = static_cast<std::uint16_t>(left & ~kScreens);
    }
    for (const auto& [scope, name] : places()) {
        if ((left & bit(scope)) != 0) out += (out.empty() ? "" : ", ") + std::string(name);
    }
    return out;
}

std::string sentence(std::string text) {
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text + ".";
}

std::string keys() {
    std::string out = ".Bl -tag -width Ds -compact\n";
    for (const Binding& binding : mpmd::tui::keymap()) {
        out += ".It Li " + argument(mpmd::tui::keys_text(binding)) + "\n" +
               paragraph(sentence(std::string(binding.help)) + " In: " + where(binding) + ".");
    }
    return out + ".El";
}

}  // namespace

int main(int argc, char** argv) {
    std::ifstream file(argc == 2 ? argv[1] : "");
    if (!file) {
        std::cerr << "keys_mdoc: cannot read the template\n";
        return 2;
    }
    std::stringstream text;
    text << file.rdbuf();
    std::string page = text.str();
    const std::string name = "@KEYS@";
    page.replace(page.find(name), name.size(), keys());
    std::cout << page;
}
