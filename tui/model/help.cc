#include "tui/model/help.h"

#include <algorithm>

#include "tui/model/layout.h"

namespace mpmd::tui {

namespace {

Scope scope_of(Screen screen) {
    switch (screen) {
        case Screen::Children:
            return Scope::Children;
        case Screen::Connections:
            return Scope::Connections;
        default:
            return Scope::Overview;
    }
}

}  // namespace

std::vector<HelpLine> help_lines(Screen screen) {
    std::vector<HelpLine> out;
    for (const Binding& binding : keymap()) {
        if ((binding.scopes & bit(scope_of(screen))) == 0) continue;
        out.push_back({keys_text(binding), std::string(binding.help)});
    }
    out.push_back({"", ""});
    out.push_back({"KA RD RN", "connections kept alive; reading a request; with a worker"});
    out.push_back({"WC CL", "writing to a slow client; lingering close"});
    out.push_back({"L 73%", "the listener was busy for 73% of the last second"});
    out.push_back({"_ S R W L", "thread: idle, starting, reading, running, logging"});
    out.push_back({"C G I .", "thread: closing, finishing, leaving, not there"});
    out.push_back({"! *", "needs a look; tagged"});
    return out;
}

int help_rows(const Model& model) {
    return std::max(model.height - kFooterLines - 3, 1);
}

int help_columns(const Model& model) {
    return model.width >= 140 ? 2 : 1;
}

int last_help_top(const Model& model) {
    const auto count = static_cast<int>(help_lines(model.screen).size());
    return std::max(count - help_rows(model) * help_columns(model), 0);
}

}  // namespace mpmd::tui
