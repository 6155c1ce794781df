#pragma once

// Whether any request can mean a script (CGI), by a configuration. Pure; any thread.

#include <algorithm>

#include "daemon/config/settings.h"

namespace mpmd::config {

[[nodiscard]] inline bool runs_scripts(const Settings& settings) {
    return !settings.script_aliases.empty() ||
           std::any_of(
               settings.locations.begin(), settings.locations.end(),
               [](const Location& place) { return place.handler == SetHandler::CgiScript; });
}

}  // namespace mpmd::config
