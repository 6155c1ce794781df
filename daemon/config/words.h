#pragma once

// Pure. Directives whose arguments are more than one number or one text: how words become their
// part of Settings, and back. Used by the table only.

#include <string>

#include "daemon/config/directives.h"

namespace mpmd::config::words {

Outcome add_listen(Settings& settings, Arguments arguments);
void clear_listen(Settings& settings);
std::string show_listen(const Settings& settings);

Outcome add_custom_log(Settings& settings, Arguments arguments);
void clear_custom_log(Settings& settings);
std::string show_custom_log(const Settings& settings);

Outcome add_control_role(Settings& settings, Arguments arguments);
void clear_control_role(Settings& settings);
std::string show_control_role(const Settings& settings);

Outcome add_directory_index(Settings& settings, Arguments arguments);
void clear_directory_index(Settings& settings);
std::string show_directory_index(const Settings& settings);

}  // namespace mpmd::config::words
