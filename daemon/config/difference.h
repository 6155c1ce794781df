#pragma once

// Pure. What differs between two configurations, by effective value, and what the difference needs.

#include <span>
#include <string>
#include <vector>

#include "daemon/config/config.h"
#include "daemon/config/directives.h"

namespace mpmd::config {

struct Difference {
    const Directive* directive = nullptr;
    std::string before;
    std::string after;
};

[[nodiscard]] std::vector<Difference> difference(const Settings& before, const Settings& after);

// Strongest need: by the control plane (Directive::apply), or when the file was read again
// (Directive::reload). Rolling outweighs NextStart outweighs Immediate: NextStart waits by itself,
// Rolling asks for an act.
[[nodiscard]] Apply needed_now(std::span<const Difference> differences);
[[nodiscard]] Apply needed_by_reload(std::span<const Difference> differences);

}  // namespace mpmd::config
