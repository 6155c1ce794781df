#pragma once

// Pure. <Directory> by means of <Location>: what is asked for a directory on disk becomes sections
// for the paths that lead there, through DocumentRoot and each ScriptAlias.

#include <vector>

#include "daemon/config/settings.h"

namespace mpmd::config {

// As httpd merges them: <Directory> sections first, the shorter ones before the longer, then
// <Location> in the order of the file. A directory that no path leads to is left out. `settings`
// has absolute paths. No entry of the result has a directory.
[[nodiscard]] std::vector<Location> locations_by_path(const Settings& settings);

}  // namespace mpmd::config
