#pragma once

// Pure. Directives whose arguments are more than one number or one text: how words become their
// part of Settings, and back. Used by the table only.

#include <cstddef>
#include <string>
#include <utility>

#include "daemon/config/directives.h"

namespace mpmd::config::words {

// `argument`: which of them is wrong, from 0.
inline tl::unexpected<Refusal> refuse(std::string message,
                                      std::size_t argument = 0,
                                      std::string suggestion = "") {
    return tl::unexpected<Refusal>(Refusal{std::move(message), std::move(suggestion), argument});
}

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

Outcome add_log_format(Settings& settings, Arguments arguments);
void clear_log_format(Settings& settings);
std::string show_log_format(const Settings& settings);

Outcome add_transfer_log(Settings& settings, Arguments arguments);
void clear_transfer_log(Settings& settings);
std::string show_transfer_log(const Settings& settings);

// ---- what stands in <Location>: each sets a field of the last of Settings::locations ----

Outcome add_set_handler(Settings& settings, Arguments arguments);
void clear_set_handler(Settings& settings);
std::string show_set_handler(const Settings& settings);

Outcome add_require(Settings& settings, Arguments arguments);
void clear_require(Settings& settings);
std::string show_require(const Settings& settings);

Outcome add_options(Settings& settings, Arguments arguments);
void clear_options(Settings& settings);
std::string show_options(const Settings& settings);

Outcome add_script_alias(Settings& settings, Arguments arguments);
void clear_script_alias(Settings& settings);
std::string show_script_alias(const Settings& settings);

// ---- bounds ----

Outcome add_rlimit_cpu(Settings& settings, Arguments arguments);
void clear_rlimit_cpu(Settings& settings);
std::string show_rlimit_cpu(const Settings& settings);

Outcome add_rlimit_mem(Settings& settings, Arguments arguments);
void clear_rlimit_mem(Settings& settings);
std::string show_rlimit_mem(const Settings& settings);

Outcome add_rlimit_nproc(Settings& settings, Arguments arguments);
void clear_rlimit_nproc(Settings& settings);
std::string show_rlimit_nproc(const Settings& settings);

Outcome add_request_read_timeout(Settings& settings, Arguments arguments);
void clear_request_read_timeout(Settings& settings);
std::string show_request_read_timeout(const Settings& settings);

// ---- Mutex (2.5) ----

Outcome add_mutex(Settings& settings, Arguments arguments);
void clear_mutex(Settings& settings);
std::string show_mutex(const Settings& settings);
// What a person should know although the line was taken; "" when nothing. `model`: in force.
std::string mutex_remark(Arguments arguments, mpm::Model model);

Outcome add_accept_mutex(Settings& settings, Arguments arguments);
Outcome add_lock_file(Settings& settings, Arguments arguments);
// The arguments of a Mutex for mpm-accept that say what these two have made of it together.
std::string show_accept_mutex(const Settings& settings);
// As mutex_remark, for AcceptMutex.
std::string accept_mutex_remark(Arguments arguments);

}  // namespace mpmd::config::words
