#include "daemon/config/difference.h"

#include <algorithm>

namespace mpmd::config {
namespace {

int weight(Apply apply) {
    switch (apply) {
        case Apply::Never:
            return 3;
        case Apply::Rolling:
            return 2;
        case Apply::NextStart:
            return 1;
        case Apply::Immediate:
            break;
    }
    return 0;
}

Apply heavier(Apply a, Apply b) {
    return weight(a) < weight(b) ? b : a;
}

}  // namespace

std::vector<Difference> difference(const Settings& before, const Settings& after) {
    std::vector<Difference> out;
    for (const Directive& directive : directives()) {
        if (directive.support != Support::Yes) continue;
        std::string was = value_text(directive, before);
        std::string is = value_text(directive, after);
        if (was != is) out.push_back({&directive, std::move(was), std::move(is)});
    }
    return out;
}

Apply needed_now(std::span<const Difference> differences) {
    Apply need = Apply::Immediate;
    for (const Difference& entry : differences) {
        need = heavier(need, entry.directive->apply);
    }
    return need;
}

Apply needed_by_reload(std::span<const Difference> differences) {
    Apply need = Apply::Immediate;
    for (const Difference& entry : differences) {
        need = heavier(need, entry.directive->reload);
    }
    return need;
}

}  // namespace mpmd::config
