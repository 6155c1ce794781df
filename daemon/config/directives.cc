#include "daemon/config/directives.h"

#include <type_traits>

#include "daemon/config/words.h"

namespace mpmd::config {
namespace {

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kDay = 86400 * kSecond;
constexpr std::int64_t kWeek = 7 * kDay;
constexpr std::int64_t kMaxInt = 2147483647;
constexpr std::int64_t kMaxThreads = mpm::kMaxServerLimit * mpm::kMaxThreadLimitEvent;
constexpr std::int64_t kTera = std::int64_t{1} << 40;

// clang-format off
#define NUMBER(field)                                                                                         \
    {.number = [](const Settings& s) { return static_cast<std::int64_t>(s.field); },                           \
     .set_number = [](Settings& s, std::int64_t value) {                                                       \
         s.field = static_cast<std::remove_reference_t<decltype(s.field)>>(value);                             \
     }}
#define TEXT(field)                                                                                           \
    {.text = [](const Settings& s) -> const std::string& { return s.field; },                                  \
     .set_text = [](Settings& s, std::string value) { s.field = std::move(value); }}
#define WORDS(stem) {.add = words::add_##stem, .clear = words::clear_##stem, .shown = words::show_##stem}

constexpr Apply kNow = Apply::Immediate;
constexpr Apply kRolling = Apply::Rolling;
constexpr Apply kNextStart = Apply::NextStart;

// httpd's, for files that come from there.
constexpr Directive known(std::string_view name, std::string_view syntax, std::string_view help) {
    return {.name = name, .syntax = syntax, .kind = Kind::Words, .context = Context::ServerAndHost,
            .accumulates = true, .support = Support::Known, .max_arguments = 64, .help = help};
}

// The same, of what is so here anyway or has no meaning. `help` says "..., without effect: WHY."
constexpr Directive without_effect(std::string_view name, std::string_view syntax, std::string_view help) {
    return {.name = name, .syntax = syntax, .kind = Kind::Words, .context = Context::ServerAndHost, .reload = kNow,
            .accumulates = true, .support = Support::Ignored, .max_arguments = 64, .help = help};
}
// One value is so here anyway, the others are refused; the parser has the value.
constexpr Directive fixed(std::string_view name, std::string_view syntax, std::string_view help) {
    return {.name = name, .syntax = syntax, .kind = Kind::Words, .context = Context::ServerAndHost, .reload = kNow,
            .accumulates = true, .support = Support::Reading, .help = help};
}

// Order: as in the manual. What a directive is not told here it has from Directive's defaults:
// not overridable, children replaced when the file changed, one argument.
// Constant data, so that it is there before any other static object.
constexpr Directive kTable[] = {
    // ---- the file itself ----
    {.name = "Include", .syntax = "file|directory|pattern", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .support = Support::Reading,
     .help = "Reads further files in its place: one file, all files of a directory and of those below it, or all that match a pattern with "
             "*, ? and [...], in the order of their names. A relative path begins at ServerRoot. It is an error when there is none. "
             "Files can be included 20 deep.",
     .binding = {}},
    {.name = "IncludeOptional", .syntax = "file|directory|pattern", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .support = Support::Reading,
     .help = "As Include, but it may find nothing.",
     .binding = {}},
    {.name = "Define", .syntax = "name [value]", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .support = Support::Reading, .max_arguments = 2,
     .help = "Defines a name for <IfDefine>, and with a value also for ${name}.",
     .binding = {}},
    {.name = "UnDefine", .syntax = "name", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .support = Support::Reading,
     .help = "Takes a definition back, also one of the command line.",
     .binding = {}},

    // ---- process model ----
    {.name = "MPM", .syntax = "event|worker", .kind = Kind::Choice, .fallback = MPMD_DEFAULT_MPM, .max = 1,
     .choices = "event|worker", .reload = kNextStart,
     .help = "The process model. With event one listener thread per child holds all connections that wait for the network, and "
             "worker threads run requests. With worker each connection holds a thread from its first byte to its close: while the thread "
             "reads (R), runs the request and writes (W), waits for the next one (K) and for the client's end (C, at most 2 s of silence and "
             "30 s in all). MaxRequestWorkers is then also the greatest number of connections, an idle client included, and a child "
             "accepts while one of its threads is idle; KeepAliveShedAge, HeadShedAge, DrainKeepAliveGrace, ListenerAnswers and "
             "AsyncRequestWorkerFactor have no meaning. A child that drains leaves an idle client until KeepAliveTimeout. "
             "Children with several listening sockets take turns (Mutex). Changing it needs a stop and a start: a reload that changes it is refused.",
     .binding = NUMBER(limits.model)},
    {.name = "StartServers", .syntax = "number", .kind = Kind::Count, .unit = "processes", .fallback = "3",
     .min = 1, .max = mpm::kMaxServerLimit, .clamps = true, .apply = kNextStart, .reload = kNextStart,
     .help = "Children created at a start. Afterwards their number follows the load between MinSpareThreads and MaxSpareThreads. "
             "A graceful restart begins with as many children as were active, and at least with this many. "
             "Never more than MaxRequestWorkers / ThreadsPerChild are started.",
     .binding = NUMBER(limits.start_servers)},
    {.name = "ServerLimit", .syntax = "number", .kind = Kind::Count, .unit = "processes", .fallback = "16",
     .min = 1, .max = mpm::kMaxServerLimit, .clamps = true, .apply = kNow, .reload = kNow,
     .help = "The greatest number of active children. MaxRequestWorkers cannot be above ServerLimit x ThreadsPerChild. "
             "Other than in httpd it can be changed while the server runs.",
     .binding = NUMBER(limits.server_limit)},
    {.name = "ThreadLimit", .syntax = "number", .kind = Kind::Count, .unit = "threads", .fallback = "64",
     .min = 1, .max = mpm::kMaxThreadLimitEvent, .clamps = true, .apply = kRolling,
     .help = "The greatest value that ThreadsPerChild can have. Other than in httpd it can be changed while the server runs.",
     .binding = NUMBER(limits.thread_limit)},
    {.name = "ThreadsPerChild", .syntax = "number", .kind = Kind::Count, .unit = "threads", .fallback = "25",
     .min = 1, .max = mpm::kMaxThreadLimitEvent, .clamps = true, .apply = kRolling,
     .help = "Worker threads of one child, fixed at its birth; the number of children is what follows the load. "
             "At most ThreadLimit. A change replaces the children one after the other, successor first.",
     .binding = NUMBER(limits.threads_per_child)},
    {.name = "MaxRequestWorkers", .syntax = "number", .kind = Kind::Count, .unit = "threads", .fallback = "400",
     .min = 1, .max = kMaxThreads, .clamps = true, .apply = kNow, .reload = kNow,
     .help = "Requests that can run at the same time: worker threads of all children together. It limits threads, not connections; "
             "see AsyncRequestWorkerFactor. It must be a multiple of ThreadsPerChild, from ThreadsPerChild to ServerLimit x ThreadsPerChild.",
     .binding = NUMBER(limits.max_request_workers)},
    {.name = "MinSpareThreads", .syntax = "number", .kind = Kind::Count, .unit = "threads", .fallback = "75",
     .min = 1, .max = kMaxThreads, .clamps = true, .apply = kNow, .reload = kNow,
     .help = "With fewer idle worker threads in the whole server than this, children are added: one at the first check, then twice as many "
             "at each following one.",
     .binding = NUMBER(limits.min_spare_threads)},
    {.name = "MaxSpareThreads", .syntax = "number", .kind = Kind::Count, .unit = "threads", .fallback = "250",
     .min = 1, .max = kMaxThreads, .clamps = true, .apply = kNow, .reload = kNow,
     .help = "With more idle worker threads in the whole server than this, one child is retired at each check. At least "
             "MinSpareThreads + ThreadsPerChild + 1. Equal to MaxRequestWorkers it keeps children for ever.",
     .binding = NUMBER(limits.max_spare_threads)},
    {.name = "AsyncRequestWorkerFactor", .syntax = "factor", .kind = Kind::Factor, .unit = "connections per idle worker",
     .fallback = "2", .min = mpm::kFactorUnit, .max = 100000 * mpm::kFactorUnit, .clamps = true, .apply = kNow, .reload = kNow,
     .help = "A child accepts new connections while it has fewer than ThreadsPerChild + factor x idle workers. "
             "Decimals count exactly: with 1.5 and 4 idle workers that is 6. The whole server holds at most (factor + 1) x "
             "MaxRequestWorkers connections. A value below 1 is raised to 1.",
     .binding = NUMBER(limits.async_factor_micro)},
    {.name = "MaxConnectionsPerChild", .syntax = "number", .kind = Kind::Count, .unit = "connections", .fallback = "0",
     .min = 0, .max = kMaxInt, .zero = "never", .apply = kNow, .reload = kNow,
     .help = "A child that has accepted this many connections is replaced; its successor is ready before it stops accepting. "
             "It counts connections, not requests: see MaxRequestsServedPerChild.",
     .binding = NUMBER(live.max_connections_per_child)},
    {.name = "MaxRequestsServedPerChild", .syntax = "number", .kind = Kind::Count, .unit = "requests", .fallback = "0",
     .min = 0, .max = kMaxInt, .zero = "never", .apply = kNow, .reload = kNow,
     .help = "A child that has answered this many requests is replaced, successor first.",
     .binding = NUMBER(live.max_requests_served_per_child)},
    {.name = "MaxChildRSS", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "0",
     .min = 1048576, .max = kTera, .zero = "never", .apply = kNow, .reload = kNow,
     .help = "A child whose resident memory is above this is replaced, successor first; the next one 5 to 10 s later.",
     .binding = NUMBER(max_child_rss)},
    {.name = "MaxMemFree", .syntax = "kibibytes", .kind = Kind::Count, .unit = "KiB", .fallback = "2048",
     .min = 0, .max = kMaxInt, .zero = "unlimited", .apply = kNow, .reload = kNow,
     .help = "Free memory that a connection keeps for the next one, its buffers and its request's body. With a limit a child keeps it for three "
             "quarters of ThreadsPerChild connections, and what is free beyond goes back to the system; without one everything is kept, and the "
             "next large request finds its memory present.",
     .binding = {.number = [](const Settings& s) { return s.live.max_mem_free / 1024; },
                 .set_number = [](Settings& s, std::int64_t value) { s.live.max_mem_free = value * 1024; }}},
    {.name = "ThreadStackSize", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "0",
     .min = 0, .max = kTera, .zero = "the system's", .apply = kRolling,
     .help = "Stack of each worker and listener thread. A size that the system refuses is reported by each child, which then uses the "
             "system's default; a size so large that no thread can be made stops the server.",
     .binding = NUMBER(thread_stack_size)},

    // ---- sockets ----
    {.name = "Listen", .syntax = "[address:]port [protocol]", .kind = Kind::Words, .reload = kRolling,
     .accumulates = true, .max_arguments = 2,
     .help = "An address to accept connections on; at least one is needed, each occurrence adds one. IPv6 addresses stand in brackets, "
             "* is any address, port 0 lets the system choose. The protocol is http; https (the default of port 443) is "
             "known, not supported by this release. An address that stays in the file keeps its socket over reloads.",
     .binding = WORDS(listen)},
    {.name = "ListenBacklog", .syntax = "number", .kind = Kind::Count, .unit = "connections", .fallback = "511",
     .min = 1, .max = kMaxInt, .apply = kNow, .reload = kNow,
     .help = "Connections that the system keeps for us before they are accepted. The system may lower it (net.core.somaxconn). "
             "A change reaches open sockets at once.",
     .binding = NUMBER(listen_backlog)},
    {.name = "ListenCoresBucketsRatio", .syntax = "number", .kind = Kind::Count,
     .min = 1, .max = kMaxInt, .reload = kNextStart,
     .help = "Without it there is one set of listening sockets. With it there is one for so many processor cores, when that makes at least two; each child serves one of them. "
             "The kernel divides the clients between them. MinSpareThreads and MaxSpareThreads are shared out between the sets and raised so that each "
             "set has its children. A graceful restart keeps the number of sets, a hard one changes it; sockets that are then too "
             "many get no new clients, and are closed a few seconds later, when nobody waits there any more.",
     .binding = NUMBER(listen_cores_buckets_ratio)},
    {.name = "SendBufferSize", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "0",
     .min = 512, .max = kMaxInt, .zero = "the system's", .apply = kNow, .reload = kNow,
     .help = "Send buffer of each connection, from the next one accepted. Gone from the file it is the system's again.",
     .binding = NUMBER(live.send_buffer_size)},
    {.name = "ReceiveBufferSize", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "0",
     .min = 512, .max = kMaxInt, .zero = "the system's", .apply = kNow, .reload = kNow,
     .help = "Receive buffer of each connection, from the next one accepted.",
     .binding = NUMBER(live.receive_buffer_size)},
    {.name = "AcceptFilter", .syntax = "protocol filter", .kind = Kind::Words, .fallback = "none", .reload = kNow,
     .accumulates = true, .support = Support::Ignored, .min_arguments = 2, .max_arguments = 2,
     .help = "Accepted for httpd's files, without effect: a silent client costs no thread here, so nothing is gained by hiding it in the system."},
    {.name = "ConnectionFallback", .syntax = "none", .kind = Kind::Words, .support = Support::Reading,
     .help = "Which connections hold a worker thread for their whole life although the MPM is event: none, whatever is written. tls is known, not "
             "supported by this release."},

    // ---- time ----
    {.name = "TimeOut", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "60",
     .min = kSecond, .max = kDay, .context = Context::ServerAndHost, .apply = kNow, .reload = kNow,
     .help = "How long a connection may make no progress while a request is read or a response written; also the whole time that a "
             "response may wait for its client to take more.",
     .binding = NUMBER(live.timeout_ms)},
    {.name = "RequestReadTimeout", .syntax = "header|body=time[-time][,MinRate=bytes] ...", .kind = Kind::Words,
     .fallback = "header=0 body=0", .apply = kNow, .reload = kNow, .max_arguments = 2,
     .help = "Seconds within which the head and the body of a request must arrive, or it is answered 408. With MinRate the time grows by a "
             "second for each so many bytes, up to the second time where there is one. 0 leaves it to TimeOut.",
     .binding = WORDS(request_read_timeout)},
    {.name = "KeepAlive", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "On", .max = 1,
     .context = Context::ServerAndHost, .apply = kNow, .reload = kNow,
     .help = "Whether a connection stays open for further requests.",
     .binding = NUMBER(live.keep_alive)},
    {.name = "KeepAliveTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "5",
     .min = 0, .max = kDay, .context = Context::ServerAndHost, .apply = kNow, .reload = kNow,
     .help = "How long an idle connection waits for its next request; 0 closes after each response. A change reaches connections "
             "that are waiting already.",
     .binding = NUMBER(live.keep_alive_timeout_ms)},
    {.name = "MaxKeepAliveRequests", .syntax = "number", .kind = Kind::Count, .unit = "requests", .fallback = "100",
     .min = -1, .max = kMaxInt, .zero = "unlimited", .clamps = true, .context = Context::ServerAndHost, .apply = kNow, .reload = kNow,
     .help = "Requests answered on one connection, exactly; then it is closed. 0 is unlimited, -1 closes after each response; any other "
             "negative number of a file is taken as -1.",
     .binding = NUMBER(live.max_keep_alive_requests)},
    {.name = "KeepAliveShedAge", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "1",
     .min = 0, .max = kDay, .zero = "never", .apply = kNow, .reload = kNow,
     .help = "At the connection limit with idle workers, idle kept-alive connections of at least this age are closed, oldest first and "
             "only as many as needed, so that new clients are served.",
     .binding = NUMBER(live.keep_alive_shed_age_ms)},
    {.name = "HeadShedAge", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "2",
     .min = 0, .max = kDay, .zero = "never", .apply = kNow, .reload = kNow,
     .help = "At the connection limit, connections that have not completed a request head for this long are closed, oldest first, "
             "before any kept-alive connection. Where one peer network (IPv4 /24, IPv6 /64) holds more than half of all connections "
             "in that way, its own are closed after 100 ms.",
     .binding = NUMBER(live.head_shed_age_ms)},
    {.name = "RequestQueueTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "1",
     .min = 0, .max = kDay, .apply = kNow, .reload = kNow,
     .help = "How long a request on an open connection waits for an idle worker before it is answered 503 with Retry-After.",
     .binding = NUMBER(live.request_queue_timeout_ms)},

    // ---- life of children and server ----
    {.name = "MaintenanceInterval", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "1",
     .min = 100, .max = 10 * kSecond, .reload = kNow,
     .help = "How often spare threads are counted and children added or retired.",
     .binding = NUMBER(maintenance_interval_ms)},
    {.name = "ChildHangTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "0",
     .min = 5 * kSecond, .max = kDay, .zero = "only an event", .reload = kNow,
     .help = "A child without a heartbeat for this long is killed and replaced. With 0 it is only reported, after 5 seconds.",
     .binding = NUMBER(child_hang_timeout_ms)},
    {.name = "ChildDrainTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "300",
     .min = 0, .max = kWeek, .zero = "unlimited", .apply = kNow, .reload = kNow,
     .help = "How long a child that leaves may finish what it has, whatever the cause. Then the connections that are left are "
             "closed. A change also holds for children that leave already, from when they began; a graceful stop of the server, "
             "or its end, gives them no more time.",
     .binding = NUMBER(live.child_drain_timeout_ms)},
    {.name = "DrainKeepAliveGrace", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "1",
     .min = 0, .max = kDay, .apply = kNow, .reload = kNow,
     .help = "How long an idle kept-alive connection of a leaving child may still bring a request, which is then answered with "
             "Connection: close. A change also holds for children that leave already.",
     .binding = NUMBER(live.drain_keep_alive_grace_ms)},
    {.name = "GracefulShutdownTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "0",
     .min = 0, .max = kWeek, .zero = "wait for ever", .apply = kNow, .reload = kNow,
     .help = "How long a graceful stop of the server may take before it becomes a stop at once. It does not bound restarts: "
             "see ChildDrainTimeout.",
     .binding = NUMBER(live.graceful_shutdown_timeout_ms)},
    {.name = "StopTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "3",
     .min = 0, .max = kDay, .apply = kNow, .reload = kNow,
     .help = "How long children have to leave at a stop at once or a hard restart before they are killed. A change also holds "
             "for children that were told to stop already.",
     .binding = NUMBER(stop_timeout_ms)},
    {.name = "RetiringLimit", .syntax = "number", .kind = Kind::Count, .unit = "processes", .fallback = "0",
     .min = 1, .max = mpm::kMaxServerLimit, .zero = "MaxRequestWorkers", .apply = kNow, .reload = kNow,
     .help = "Children that may be on their way out at the same time, beyond ServerLimit. When one more has to leave (a restart, "
             "a quota), the one that has been leaving longest is ended: its connections are closed, and the error log names it. A "
             "restart never waits for them. Children that are only too many wait until there is room. A graceful stop of the "
             "server ends nobody for this.",
     .binding = NUMBER(retiring_limit)},

    // ---- who and where ----
    {.name = "User", .syntax = "name|#number", .kind = Kind::Text, .fallback = "www-data",
     .help = "The user that children run as when the server is started by root. Never root. Ignored without root.",
     .binding = TEXT(user)},
    {.name = "Group", .syntax = "name|#number", .kind = Kind::Text, .fallback = "www-data",
     .help = "The group that children run as when the server is started by root. Never root, nor may User be a member of that group. Ignored without root.",
     .binding = TEXT(group)},
    {.name = "ChrootDir", .syntax = "directory", .kind = Kind::Path, .support = Support::Known,
     .help = "A root directory for the children."},
    {.name = "PidFile", .syntax = "file", .kind = Kind::Path, .fallback = "logs/mpmd.pid", .reload = kNow,
     .help = "The file with the supervisor's process id, locked while it lives. "
             "Its directory must exist, but for that of the control socket, which is made. A relative path begins at ServerRoot.",
     .binding = TEXT(pid_file)},
    {.name = "ScoreBoardFile", .syntax = "file", .kind = Kind::Path, .reload = kNextStart,
     .help = "The file that holds the scoreboard while the server runs, for readers without the control plane: "
             "mpmctl board --local, or a program that maps it. Mode 0640, of the group mpmd-view where there is one. "
             "A file that a dead server left is replaced, anything else in its place prevents the start; it is removed at the end. With -X there is none. "
             "It is written all the time: a file in memory (/run) is its place, with room for 25 MB and some 100 KB for each child; ls shows a size of 64 GiB, nearly all of it holes, and du what it takes; without room no child is started and that is said. Without this directive the scoreboard is memory without a name. A relative path begins at ServerRoot.",
     .binding = TEXT(score_board_file)},
    {.name = "CoreDumpDirectory", .syntax = "directory", .kind = Kind::Path, .apply = kRolling,
     .help = "Where a crashing process leaves its core file, as far as kernel.core_pattern allows; it must exist, and User must be "
             "able to write there. Only when it is set are children allowed to dump core after they have given up root, "
             "up to the hard limit of core files. Default: ServerRoot, without that permission.",
     .binding = TEXT(core_dump_directory)},
    {.name = "EnableExceptionHook", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "Off", .max = 1,
     .apply = kRolling,
     .help = "Whether a child that dies of SEGV, BUS, ABRT, ILL or FPE leaves a crash record: signal, thread, request and return "
             "addresses. mpmctl crashes lists the last 64.",
     .binding = NUMBER(enable_exception_hook)},
    {.name = "Mutex", .syntax = "mechanism [default|mpm-accept] ... [OmitPID]", .kind = Kind::Words,
     .accumulates = true, .max_arguments = 16,
     .help = "How children exclude one another while they accept connections, under MPM worker with several Listen. Mechanisms are default, "
             "pthread, flock[:directory], fcntl[:directory] and file[:directory]; posixsem, sysvsem and sem are taken as pthread with a "
             "warning, because they leave the server hanging when their holder dies. The directory must exist; without it files are "
             "made in the run directory. OmitPID leaves the process id out of their names. none is refused for mpm-accept. "
             "The event MPM needs no mutex: naming mpm-accept is then ignored with a warning.",
     .binding = WORDS(mutex)},
    {.name = "LoadModule", .syntax = "name file", .kind = Kind::Words, .reload = kNow, .accumulates = true,
     .support = Support::Ignored, .min_arguments = 2, .max_arguments = 2,
     .help = "Accepted for httpd's files, without effect: what mpmd does is built in."},
    {.name = "ScriptSock", .syntax = "file", .kind = Kind::Path, .reload = kNow, .support = Support::Ignored,
     .help = "Accepted for httpd's files, without effect: scripts are started by the children, without a daemon between."},
    {.name = "ServerRoot", .syntax = "directory", .kind = Kind::Path, .fallback = "/etc/mpmd",
     .help = "Relative paths in the file begin here.",
     .binding = TEXT(server_root)},
    {.name = "Instance", .syntax = "name", .kind = Kind::Text, .fallback = "main", .reload = kNextStart,
     .help = "The name of this server among several on one machine: part of the run directory and the default StateDir. "
             "Letters, digits, - and _.",
     .binding = TEXT(instance)},
    {.name = "StateDir", .syntax = "directory", .kind = Kind::Path, .reload = kNextStart,
     .help = "What must outlive the server: overrides, counters, history. Default /var/lib/mpmd/NAME.",
     .binding = TEXT(state_dir)},

    // ---- what is served ----
    {.name = "ServerName", .syntax = "[http://]name[:port]", .kind = Kind::Text, .context = Context::ServerAndHost,
     .help = "The name that the server calls itself: %v in logs and SERVER_NAME of scripts; also %V and the title of the status page where the "
             "client named none. The port, where it is written, is %p in logs. The scheme means nothing: redirects are relative. Default: "
             "what the client asked for, and the port that it came to.",
     .binding = TEXT(server_name)},
    {.name = "DocumentRoot", .syntax = "directory", .kind = Kind::Path, .fallback = "/var/www/html", .context = Context::ServerAndHost,
     .help = "The directory that is served. Files are opened beneath it only; a symbolic link cannot lead out.",
     .binding = TEXT(document_root)},
    {.name = "DirectoryIndex", .syntax = "name ...|disabled", .kind = Kind::Words, .fallback = "index.html",
     .context = Context::ServerAndHost, .accumulates = true, .max_arguments = 16,
     .help = "Files that stand for their directory, the first that exists. Further occurrences add to the list.",
     .binding = WORDS(directory_index)},
    {.name = "TypesConfig", .syntax = "file", .kind = Kind::Path, .fallback = "/etc/mime.types",
     .help = "Content types by file name extension, in the format of mime.types. Without the default file a small built-in table is used.",
     .binding = TEXT(types_config)},
    {.name = "LimitRequestLine", .syntax = "bytes", .kind = Kind::Size, .unit = "bytes", .fallback = "8190",
     .min = 64, .max = 65536, .context = Context::ServerAndHost,
     .help = "The longest request line; longer ones are answered 414.",
     .binding = NUMBER(request.line)},
    {.name = "LimitRequestFields", .syntax = "number", .kind = Kind::Count, .unit = "fields", .fallback = "100",
     .min = 1, .max = 32767, .zero = "unlimited", .context = Context::ServerAndHost,
     .help = "The greatest number of fields in a request's head; more are answered 431.",
     .binding = NUMBER(request.fields)},
    {.name = "LimitRequestFieldSize", .syntax = "bytes", .kind = Kind::Size, .unit = "bytes", .fallback = "8190",
     .min = 64, .max = 65536, .context = Context::ServerAndHost,
     .help = "The longest field line in a request's head; longer ones are answered 431.",
     .binding = NUMBER(request.field_size)},
    {.name = "LimitRequestBody", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "1073741824",
     .min = 1, .max = 1024 * kTera, .zero = "unlimited", .context = Context::ServerAndHost,
     .help = "The longest request body; longer ones are answered 413.",
     .binding = NUMBER(request.body)},
    {.name = "ListenerAnswers", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "On", .max = 1, .apply = kNow, .reload = kNow,
     .help = "Whether the listener thread answers by itself what it has in memory (cached small files, 304, errors). Off sends every request "
             "through a worker thread, as httpd does.",
     .binding = NUMBER(live.listener_answers)},
    {.name = "FileCacheCheck", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "1",
     .min = 0, .max = 3600 * kSecond, .zero = "every request on a worker", .reload = kNow,
     .help = "A cached file checked within this time is answered from memory; up to twice the time it is answered and checked meanwhile. "
             "So no answer is older than twice this time.",
     .binding = NUMBER(live.file_cache_check_ms)},
    {.name = "FileCacheEntries", .syntax = "number", .kind = Kind::Count, .unit = "files", .fallback = "2048",
     .min = 1, .max = 1000000, .zero = "no cache",
     .help = "Files in the cache of one child.",
     .binding = NUMBER(file_cache_entries)},
    {.name = "FileCacheSize", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "16M",
     .min = 65536, .max = kTera, .zero = "no cache",
     .help = "Memory of the file cache of one child.",
     .binding = NUMBER(file_cache_bytes)},
    {.name = "TestHandlers", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "Off", .max = 1,
     .help = "Serves /mpmd-test/sleep?N, bytes?N, echo, stream?N&rate=R, status?CODE and crash?SIG by worker threads, for tests. Only when every "
             "Listen is a loopback address; else a warning and no handlers.",
     .binding = NUMBER(test_handlers)},

    {.name = "SetHandler", .syntax = "server-status|cgi-script|none", .kind = Kind::Words, .context = Context::Location,
     .accumulates = true,
     .help = "What answers there: the status page, or a file as a script (it also needs Options +ExecCGI). none: what would answer anyway.",
     .binding = WORDS(set_handler)},
    {.name = "Require", .syntax = "local|all granted|all denied", .kind = Kind::Words, .context = Context::Location,
     .accumulates = true, .max_arguments = 8,
     .help = "Who is answered there; others get 403. local: clients of this machine. With several lines in one section one that holds is enough.",
     .binding = WORDS(require)},
    {.name = "Options", .syntax = "[+|-]ExecCGI|None ...", .kind = Kind::Words, .context = Context::Location,
     .accumulates = true, .max_arguments = 16,
     .help = "Whether scripts may run there. For httpd's files FollowSymLinks (links are followed, but not out of DocumentRoot) and taking away "
             "Indexes, Includes and MultiViews, which are not done, may be written too, and Indexes with a warning: no directory is listed.",
     .binding = WORDS(options)},
    {.name = "AllowOverride", .syntax = "None", .kind = Kind::Words, .context = Context::Location,
     .accumulates = true, .support = Support::Reading, .max_arguments = 16,
     .help = "Which .htaccess directives are taken. None: files of that name are never read."},
    {.name = "ScriptAlias", .syntax = "path directory", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .min_arguments = 2, .max_arguments = 2,
     .help = "Requests for this path and what is below it run the scripts in that directory (CGI/1.1), each in a process of its own, with the "
             "User and Group of the children; see CGI.",
     .binding = WORDS(script_alias)},
    {.name = "CGIScriptTimeout", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "0",
     .min = 100, .max = kDay, .zero = "TimeOut",
     .help = "How long a script may say nothing on its standard output before it is ended, with everything it started, and its client is told 504. "
             "While the client is slow, TimeOut holds instead. Its whole run has no bound: RLimitCPU bounds its processor time.",
     .binding = NUMBER(cgi_timeout_ms)},
    {.name = "RLimitCPU", .syntax = "seconds|max [seconds|max]", .kind = Kind::Words, .unit = "seconds", .max_arguments = 2,
     .help = "Processor time of a script: soft limit, then hard limit. max is what the server itself has.",
     .binding = WORDS(rlimit_cpu)},
    {.name = "RLimitMEM", .syntax = "bytes|max [bytes|max]", .kind = Kind::Words, .unit = "bytes", .max_arguments = 2,
     .help = "Address space of a script: soft limit, then hard limit.",
     .binding = WORDS(rlimit_mem)},
    {.name = "RLimitNPROC", .syntax = "number|max [number|max]", .kind = Kind::Words, .unit = "processes", .max_arguments = 2,
     .help = "Processes of the scripts' user, which is that of the children unless the server was not started by root: soft limit, then hard limit.",
     .binding = WORDS(rlimit_nproc)},

    // ---- logs and status ----
    {.name = "ErrorLog", .syntax = "file", .kind = Kind::Path, .fallback = "logs/error_log", .context = Context::ServerAndHost, .reload = kNow,
     .help = "The file for the server's own messages. Programs (|program) and syslog are known, not supported by this release.",
     .binding = TEXT(error_log)},
    {.name = "LogLevel", .syntax = "level", .kind = Kind::Choice, .fallback = "warn", .max = 8,
     .choices = "emerg|alert|crit|error|warn|notice|info|debug|trace", .context = Context::ServerAndHost, .apply = kNow, .reload = kNow,
     .max_arguments = 64,
     .help = "The least severe messages that are written; notices always are, as by httpd. httpd's trace1 to trace8 are all trace; levels of single modules are known, not "
             "supported by this release.",
     .binding = NUMBER(live.log_level)},
    {.name = "CustomLog", .syntax = "file format|name", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .min_arguments = 2, .max_arguments = 3,
     .help = "A log with one line per request. Each occurrence adds one. The format is written out as in LogFormat, or the name of one, "
             "or common or combined. Conditions (env=, expr=) are known, not supported by this release.",
     .binding = WORDS(custom_log)},
    {.name = "LogFormat", .syntax = "format [name]", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .max_arguments = 2,
     .help = "Names a format for CustomLog; without a name it is TransferLog's. As in httpd: %a %A %h %l %u %t %{format}t %r %m %U %q %H %s %>s %b %B "
             "%I %O %S %D %T %{ms}T %k %X %v %V %p %{local}p %P %{tid}P %{name}i %{name}o %%, with status lists (%!200,304r). Any other letter is "
             "an error. The names common and combined are built in and may be given other formats.",
     .binding = WORDS(log_format)},
    {.name = "TransferLog", .syntax = "file", .kind = Kind::Words, .context = Context::ServerAndHost, .accumulates = true,
     .help = "A log with one line per request in the format of the LogFormat without a name, else common.",
     .binding = WORDS(transfer_log)},
    {.name = "ExtendedStatus", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "On", .max = 1, .apply = kNow, .reload = kNow,
     .help = "Whether the scoreboard keeps method, host and target of requests, and the status page has totals, rates and the "
             "table of workers.",
     .binding = NUMBER(live.extended_status)},
    {.name = "SeeRequestTail", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "Off", .max = 1, .apply = kNow, .reload = kNow,
     .help = "Which 103 characters of a longer target the scoreboard keeps: On the last ones, Off the first.",
     .binding = NUMBER(live.see_request_tail)},

    // ---- control plane ----
    {.name = "ControlSocket", .syntax = "file", .kind = Kind::Path, .reload = kNextStart,
     .help = "The socket of the control plane; at most 107 bytes. Default: control.sock in the run directory.",
     .binding = TEXT(control_socket)},
    {.name = "MonitorSocket", .syntax = "file", .kind = Kind::Path, .reload = kNextStart, .support = Support::Known,
     .help = "A second socket, for reading only."},
    {.name = "ControlListen", .syntax = "host:port", .kind = Kind::Words, .reload = kNextStart, .accumulates = true, .support = Support::Known,
     .help = "A TCP address for the control plane, with certificates on both sides."},
    {.name = "ControlCertificateFile", .syntax = "file", .kind = Kind::Path, .support = Support::Known,
     .help = "The control plane's certificate for ControlListen."},
    {.name = "ControlCertificateKeyFile", .syntax = "file", .kind = Kind::Path, .support = Support::Known,
     .help = "The key of ControlCertificateFile."},
    {.name = "ControlClientCAFile", .syntax = "file", .kind = Kind::Path, .support = Support::Known,
     .help = "The authorities whose client certificates ControlListen takes."},
    {.name = "ControlCRLPath", .syntax = "file", .kind = Kind::Path, .support = Support::Known,
     .help = "Revoked client certificates."},
    {.name = "ControlProgram", .syntax = "file", .kind = Kind::Path, .reload = kNow,
     .help = "The mpmd-control to run. Default: in the library directory, then beside mpmd. Taken at the next start of the control process.",
     .binding = TEXT(control_program)},
    {.name = "ControlUser", .syntax = "name", .kind = Kind::Text, .reload = kNow,
     .help = "The user of the control process when there is root; never the User of the children. Default: mpmd-control if it exists, else nobody. "
             "Taken at the next start of the control process.",
     .binding = TEXT(control_user)},
    {.name = "ControlRole", .syntax = "viewer|operator|admin user:NAME|group:NAME|uid:N", .kind = Kind::Words, .reload = kNow,
     .accumulates = true, .min_arguments = 2, .max_arguments = 2,
     .help = "Gives a local user or group a role: viewers look, operators tune and restart children, admins reload and stop. Each occurrence adds "
             "one; the highest counts. Root, and without root the user of the server, are always admin.",
     .binding = WORDS(control_role)},
    {.name = "ControlReflection", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "On", .max = 1, .reload = kNow,
     .help = "Whether the control socket answers gRPC reflection.",
     .binding = NUMBER(control_reflection)},
    {.name = "ControlMaxWatchers", .syntax = "number", .kind = Kind::Count, .unit = "streams", .fallback = "256",
     .min = 1, .max = 65536, .reload = kNow,
     .help = "Watching streams of the control plane that are served at the same time.",
     .binding = NUMBER(control_max_watchers)},
    {.name = "MetricsListen", .syntax = "host:port", .kind = Kind::Words, .reload = kNextStart, .accumulates = true, .support = Support::Known,
     .help = "An address that serves metrics over HTTP."},
    {.name = "HistoryInterval", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "1",
     .min = kSecond, .max = 3600 * kSecond, .support = Support::Known,
     .help = "How often the state is kept in the history."},
    {.name = "HistoryMaxSize", .syntax = "bytes[K|M|G]", .kind = Kind::Size, .unit = "bytes", .fallback = "512M",
     .min = 1048576, .max = kTera, .support = Support::Known,
     .help = "The size of the history on disk."},
    {.name = "HistoryMaxAge", .syntax = "time", .kind = Kind::Duration, .unit = "seconds", .fallback = "604800",
     .min = 3600 * kSecond, .max = 3660 * kDay, .support = Support::Known,
     .help = "How long the history is kept."},
    {.name = "AuditSyslog", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "Off", .max = 1, .support = Support::Known,
     .help = "Whether every change is also written to syslog."},
    {.name = "RequireReason", .syntax = "On|Off", .kind = Kind::Switch, .fallback = "Off", .max = 1, .support = Support::Known,
     .help = "Whether every change needs a reason."},

    // ---- httpd's, for files that come from there ----
    known("ServerAlias", "name ...", "Further names of a virtual host."),
    fixed("HostnameLookups", "Off", "Accepted for httpd's files, without effect: names of clients are never looked up."),
    fixed("TraceEnable", "Off", "Accepted for httpd's files, without effect: TRACE is never answered."),
    without_effect("AccessFileName", "name ...", "Accepted for httpd's files, without effect: files of that kind are never read."),
    without_effect("DefaultRuntimeDir", "directory", "Accepted for httpd's files, without effect: the files of a run are in the run directory of the Instance."),
    without_effect("ServerTokens", "word", "Accepted for httpd's files, without effect: the Server line names mpmd and its version, nothing else."),
    without_effect("ServerSignature", "On|Off|EMail", "Accepted for httpd's files, without effect: pages of errors have no signature."),
    without_effect("EnableSendfile", "On|Off", "Accepted for httpd's files, without effect: how a file is sent is decided for each file."),
    without_effect("EnableMMAP", "On|Off", "Accepted for httpd's files, without effect: files are never mapped."),
    without_effect("ServerAdmin", "address", "Accepted for httpd's files, without effect: pages of errors name nobody."),
    known("Alias", "path directory", "Serves a part of the site from another directory."),
    known("Redirect", "[status] path target", "Answers with a redirect."),
    known("ErrorDocument", "status text|path|URL", "Replaces the text of an error."),
    known("AddType", "type extension ...", "Adds content types."),
    known("SSLEngine", "On|Off", "TLS for a virtual host."),
    known("SSLCertificateFile", "file", "The certificate of a virtual host."),
    known("SSLCertificateKeyFile", "file", "The key of SSLCertificateFile."),
    {.name = "SuexecUserGroup", .syntax = "user group", .kind = Kind::Words, .context = Context::ServerAndHost,
     .accumulates = true, .support = Support::Known, .max_arguments = 64,
     .help = "Runs the scripts of a virtual host as another user.",
     .instead = "scripts run as User and Group, never as somebody else; remove the line, or serve those scripts by a second "
                "mpmd with that User"},
    known("ProxyPass", "path URL", "Hands a part of the site to another server."),
    known("AliasMatch", "expression directory", "Alias by a regular expression."),
    known("ScriptAliasMatch", "expression directory", "ScriptAlias by a regular expression."),
    known("RedirectMatch", "[status] expression target", "Redirect by a regular expression."),
    known("RewriteEngine", "On|Off", "Rewrites requests by rules."),
    known("RewriteBase", "path", "Where the rules of a directory begin."),
    known("RewriteCond", "test pattern [flags]", "A condition of the next rule."),
    known("RewriteRule", "pattern target [flags]", "A rule of RewriteEngine."),
    known("Header", "action field ...", "Changes fields of answers."),
    known("RequestHeader", "action field ...", "Changes fields of requests."),
    known("Order", "order", "The order of Allow and Deny; today one writes Require."),
    known("Allow", "from address ...", "Who is answered; today one writes Require."),
    known("Deny", "from address ...", "Who is not answered; today one writes Require."),
    known("Satisfy", "Any|All", "Whether address and password must both be right."),
    known("AuthType", "type", "Passwords."),
    known("AuthName", "text", "The name of a place with passwords."),
    known("AuthUserFile", "file", "The passwords."),
    known("Protocols", "protocol ...", "HTTP/2 and others."),
    known("SetEnv", "name [value]", "Variables for scripts."),
    known("PassEnv", "name ...", "Variables of the server for scripts."),
    known("UnsetEnv", "name ...", "Takes variables from scripts."),
    known("SetEnvIf", "field expression name ...", "Variables by fields of the request."),
    known("SetEnvIfNoCase", "field expression name ...", "SetEnvIf regardless of case."),
    known("BrowserMatch", "expression name ...", "Variables by the client's program."),
    known("BrowserMatchNoCase", "expression name ...", "BrowserMatch regardless of case."),
    known("AddHandler", "name extension ...", "Handlers by file name extension."),
    known("AddEncoding", "coding extension ...", "Content codings by file name extension."),
    known("AddLanguage", "language extension ...", "Languages by file name extension."),
    known("AddCharset", "charset extension ...", "Character sets by file name extension."),
    known("AddDefaultCharset", "charset|On|Off", "A character set for text."),
    known("AddOutputFilter", "filter extension ...", "Filters by file name extension."),
    known("AddOutputFilterByType", "filter type ...", "Filters by content type."),
    known("SetOutputFilter", "filter ...", "Filters of a place."),
    known("ForceType", "type", "A content type for all files of a place."),
    known("FileETag", "part ...", "What an ETag is made from."),
    known("UseCanonicalName", "On|Off|DNS", "Which name redirects have."),
    known("IndexOptions", "option ...", "How directories are listed."),
    known("IndexIgnore", "name ...", "What a listing leaves out."),
    known("DirectorySlash", "On|Off", "Whether a directory without / is redirected."),
    known("FallbackResource", "path", "What answers for files that are missing."),
    known("ExpiresActive", "On|Off", "Expires lines."),
    known("ExpiresByType", "type time", "Expires lines by content type."),
    known("ExpiresDefault", "time", "Expires lines of everything else."),
    known("LanguagePriority", "language ...", "Which language is preferred."),
    known("UserDir", "directory ...", "Sites of users."),
    known("SSLProtocol", "version ...", "The versions of TLS."),
    known("SSLCipherSuite", "ciphers", "The ciphers of TLS."),
    known("ProxyPassReverse", "path URL", "Redirects of another server."),
    known("ProxyRequests", "On|Off", "A forward proxy."),
    known("ProxyPreserveHost", "On|Off", "The Host line for another server."),
};
#undef WORDS
#undef TEXT
#undef NUMBER
// clang-format on

constexpr OldName kOldNames[] = {
    {"MaxClients", "MaxRequestWorkers", ""},
    {"MaxRequestsPerChild", "MaxConnectionsPerChild", "it counts connections, not requests"},
    {"AcceptMutex", "Mutex", "it names the mutex it is for", words::add_accept_mutex, true},
    {"LockFile", "Mutex", "it takes the directory only", words::add_lock_file, true},
};

}  // namespace

std::span<const Directive> directives() {
    return kTable;
}
std::span<const OldName> old_names() {
    return kOldNames;
}

}  // namespace mpmd::config
