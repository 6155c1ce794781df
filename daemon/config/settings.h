#pragma once

// Pure. Every value a configuration carries, typed, after parsing. One field per directive of the
// table (directives.cc); that table is the only place that knows names, defaults, ranges and help.
//
// LiveSettings are the IMMEDIATE values that living children obey: a fixed-size, trivially copyable
// block that travels to each child in one LIMITS message (decisions.md 5). Times are milliseconds,
// sizes bytes.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "daemon/http/limits.h"
#include "daemon/mpm/limits.h"

namespace mpmd::config {

// LogLevel, most severe first; a message is written when its level <= the configured one.
enum class LogLevel : std::uint8_t { Emerg, Alert, Crit, Error, Warn, Notice, Info, Debug, Trace };

struct LiveSettings {
    std::int64_t async_factor_micro = 2 * mpm::kFactorUnit;
    std::int64_t max_connections_per_child = 0;      // 0 = never retire by connections
    std::int64_t max_requests_served_per_child = 0;  // 0 = never retire by requests
    std::int64_t keep_alive_timeout_ms = 5000;
    std::int64_t max_keep_alive_requests = 100;  // 0 = unlimited; negative disables persistence
    std::int64_t timeout_ms = 60000;
    std::int64_t request_read_timeout_ms = 0;  // RequestReadTimeout header bound; 0 = TimeOut alone
    std::int64_t request_head_max_ms = 0;      // the bound grows to this with head_min_rate; 0: not
    std::int64_t request_head_min_rate = 0;    // bytes that are worth one second more; 0: none
    std::int64_t request_body_timeout_ms = 0;  // the same three for the body; 0 = TimeOut alone
    std::int64_t request_body_max_ms = 0;      // 0 = no end, as long as body_min_rate is kept
    std::int64_t request_body_min_rate = 0;
    std::int64_t keep_alive_shed_age_ms = 1000;    // 0 = never (E-14 d)
    std::int64_t head_shed_age_ms = 2000;          // 0 = never (E-14 e)
    std::int64_t child_drain_timeout_ms = 300000;  // 0 = unlimited (E-18)
    std::int64_t drain_keep_alive_grace_ms = 1000;
    std::int64_t graceful_shutdown_timeout_ms = 0;          // 0 = wait for ever
    std::int64_t request_queue_timeout_ms = 1000;           // E-14 b
    std::int64_t max_mem_free = std::int64_t{2048} * 1024;  // bytes; 0 = unlimited
    std::int64_t send_buffer_size = 0;                      // 0 = the system's
    std::int64_t receive_buffer_size = 0;
    std::int64_t file_cache_check_ms = 1000;  // FileCacheCheck; 0 = every request on a worker
    std::uint8_t keep_alive = 1;
    std::uint8_t listener_answers = 1;
    std::uint8_t extended_status = 1;
    std::uint8_t see_request_tail = 0;
    LogLevel log_level = LogLevel::Warn;
    std::array<std::uint8_t, 3> reserved{};
    bool operator==(const LiveSettings&) const = default;
};
static_assert(std::is_trivially_copyable_v<LiveSettings>);

struct Listen {
    std::string host;        // "" = any; IPv6 without brackets
    std::uint16_t port = 0;  // 0 = the kernel chooses (written to the log and to run-status)
    std::string protocol = "http";
    bool operator==(const Listen&) const = default;
    [[nodiscard]] std::string text() const;  // "127.0.0.1:80", "[::1]:80", "*:80"
};

enum class Role : std::uint8_t { None, Viewer, Operator, Admin };

struct ControlRole {
    Role role = Role::None;
    enum class Subject : std::uint8_t { User, Group, Uid, San } subject = Subject::User;
    std::string name;  // as written after the colon
    bool operator==(const ControlRole&) const = default;
};

struct CustomLog {
    std::string path;
    std::string format;  // a format string or the name of one; "" = TransferLog's. Effective: the
                         // string, or the names "common", "combined"
    bool operator==(const CustomLog&) const = default;
};

struct NamedFormat {
    std::string name;  // "" = for TransferLog
    std::string format;
    bool operator==(const NamedFormat&) const = default;
};

// <Location PATH>: the sections that match are merged in the order of the file; what a later one
// sets wins. What a section does not set is nullopt.
enum class SetHandler : std::uint8_t { None, ServerStatus, CgiScript };
enum class Access : std::uint8_t {
    Granted,
    Denied,
    Local
};  // Require all granted|all denied|local

struct Location {
    std::string path;  // decoded prefix, "/server-status"; matches itself and what is below it
    std::optional<SetHandler> handler;
    std::optional<Access> access;
    std::optional<bool> exec_cgi;  // Options +ExecCGI, -ExecCGI
    std::string
        directory{};  // <Directory>: where on disk; path is "". Effective settings have none
    bool operator==(const Location&) const = default;
};

struct ScriptAlias {
    std::string path;       // "/cgi-bin/"
    std::string directory;  // absolute
    bool operator==(const ScriptAlias&) const = default;
};

// RLimitCPU (seconds), RLimitMEM (bytes), RLimitNPROC: for CGI scripts. nullopt: as the server's;
// -1: "max".
struct ResourceLimit {
    std::int64_t soft = -1;
    std::int64_t hard = -1;
    bool operator==(const ResourceLimit&) const = default;
};

// Mutex (2.5). Mechanisms that cannot promise recovery are mapped to Pthread with a warning (D-44).
enum class MutexMechanism : std::uint8_t { Default, Pthread, Flock, Fcntl, None };
struct MutexChoice {
    std::string name;  // "default" or "mpm-accept"
    MutexMechanism mechanism = MutexMechanism::Default;
    std::string directory;  // file mechanisms; "" = the run directory
    bool omit_pid = false;  // OmitPID
    bool operator==(const MutexChoice&) const = default;
};

struct Settings {
    mpm::Limits limits;  // as asked for, or as normalised: see Config
    LiveSettings live;
    http::RequestLimits request;

    std::vector<Listen> listen;
    std::int64_t listen_backlog = 511;
    std::string user = "www-data";
    std::string group = "www-data";

    std::string server_root = "/etc/mpmd";
    std::string server_name;  // "" = derived from the request's Host; bare once it is effective
    std::uint16_t server_port = 0;  // that ServerName names, once it is effective
    std::string document_root = "/var/www/html";
    std::vector<std::string> directory_index = {"index.html"};
    std::string types_config = "/etc/mime.types";  // missing default: the built-in table alone
    std::string error_log = "logs/error_log";      // relative to ServerRoot
    std::vector<CustomLog> custom_log;             // CustomLog and TransferLog
    std::vector<NamedFormat> log_formats;          // LogFormat; the last of a name counts
    std::string pid_file = "logs/mpmd.pid";
    std::string score_board_file;  // "" = anonymous memory

    std::vector<Location> locations;            // in the order of the file (effective: directory.h)
    std::vector<ScriptAlias> script_aliases;    // the first that matches counts
    std::optional<ResourceLimit> rlimit_cpu;    // RLimitCPU, seconds
    std::optional<ResourceLimit> rlimit_mem;    // RLimitMEM, bytes
    std::optional<ResourceLimit> rlimit_nproc;  // RLimitNPROC, processes
    std::int64_t cgi_timeout_ms = 0;            // CGIScriptTimeout: 0 = TimeOut
    std::vector<MutexChoice> mutexes;  // Mutex; AcceptMutex and LockFile are turned into one
    std::string core_dump_directory;   // "" = not set: ServerRoot, and dumps stay off (P-24)
    bool enable_exception_hook = false;
    std::int64_t listen_cores_buckets_ratio = 0;  // 0 = one bucket

    std::int64_t stop_timeout_ms = 3000;  // StopTimeout: until KILL
    std::int64_t retiring_limit = 0;      // RetiringLimit: 0 = MaxRequestWorkers
    std::int64_t maintenance_interval_ms = 1000;
    std::int64_t child_hang_timeout_ms = 0;  // 0 = only alarm
    std::int64_t max_child_rss = 0;          // bytes; 0 = never
    std::int64_t thread_stack_size = 0;      // bytes; 0 = the system's

    std::string control_socket;  // "" = run directory (decisions.md 7)
    std::string monitor_socket;
    std::string control_program;  // "" = beside mpmd
    std::string control_user;     // "" = mpmd-control, else nobody
    bool control_reflection = true;
    std::vector<ControlRole> control_roles;
    std::int64_t control_max_watchers = 256;
    std::string state_dir;  // "" = /var/lib/mpmd/NAME
    std::string instance = "main";
    bool test_handlers = false;
    std::int64_t file_cache_entries = 2048;
    std::int64_t file_cache_bytes = std::int64_t{16} * 1024 * 1024;
    bool operator==(const Settings&) const = default;
};

}  // namespace mpmd::config
