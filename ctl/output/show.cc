#include "ctl/output/show.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "ctl/output/table.h"

namespace mpmd::ctl {

namespace v1 = api::v1;

namespace {

using google::protobuf::util::TimeUtil;

std::string number(std::uint64_t value) {
    return std::to_string(value);
}

double percent(double part, double whole) {
    return whole > 0 ? 100.0 * part / whole : 0.0;
}

std::string state_name(v1::ServerState state) {
    const std::string name = v1::ServerState_Name(state);
    constexpr std::string_view kPrefix = "SERVER_STATE_";
    return name.rfind(kPrefix, 0) == 0 ? name.substr(kPrefix.size()) : name;
}

std::uint64_t age_ms(const google::protobuf::Timestamp& since,
                     const google::protobuf::Timestamp& now) {
    const std::int64_t age =
        TimeUtil::TimestampToMilliseconds(now) - TimeUtil::TimestampToMilliseconds(since);
    return age > 0 ? static_cast<std::uint64_t>(age) : 0;
}

std::string connection_words(const v1::Connections& c) {
    return fmt::format("reading {}  running {}  wait_io {}  writing {}  keep_alive {}  closing {}",
                       c.reading(), c.running(), c.wait_io(), c.writing(), c.keep_alive(),
                       c.closing());
}

std::string where_served(const v1::Requests& requests) {
    const double total = static_cast<double>(requests.on_listener() + requests.on_workers());
    return fmt::format("served: {:.0f}% listener, {:.0f}% workers",
                       percent(static_cast<double>(requests.on_listener()), total),
                       percent(static_cast<double>(requests.on_workers()), total));
}

}  // namespace

std::string timestamp_text(const google::protobuf::Timestamp& time) {
    if (time.seconds() == 0) return "-";
    google::protobuf::Timestamp whole = time;
    whole.set_nanos(0);
    return TimeUtil::ToString(whole);
}

std::string apply_class_words(v1::ApplyClass apply_class) {
    switch (apply_class) {
        case v1::APPLY_CLASS_IMMEDIATE:
            return "now";
        case v1::APPLY_CLASS_ROLLING:
            return "rolling";
        case v1::APPLY_CLASS_NEXT_START:
            return "next start";
        case v1::APPLY_CLASS_NEVER:
            return "file only";
        default:
            return "?";
    }
}

std::string show_server(const v1::Server& s) {
    std::string listen;
    for (const std::string& address : s.listen())
        listen += (listen.empty() ? "" : " ") + address;
    std::string out =
        fmt::format("{}  mpmd {}  MPM {}  pid {}  gen {}  rev {}  up {}  {}\n", s.name(),
                    s.version(), s.mpm(), s.pid(), s.generation(), s.revision(),
                    scaled_age(std::uint64_t{s.uptime_seconds()} * 1000), state_name(s.state()));
    const auto& w = s.workers();
    const auto& r = s.requests();
    out += fmt::format("listen       {}\n", listen);
    out += fmt::format(
        "workers      {} busy of {}, {} idle, {} starting, {} finishing   spare {}..{}\n", w.busy(),
        w.limit(), w.idle(), w.starting(), w.graceful(), s.limits().min_spare_threads(),
        s.limits().max_spare_threads());
    out += fmt::format("connections  {} of {}:  {}\n", s.connections().total(),
                       s.connections().limit(), connection_words(s.connections()));
    out += fmt::format(
        "children     {} active of {}, {} starting, {} draining; {} not accepting{}\n",
        s.children().active(), s.children().limit(), s.children().starting(),
        s.children().draining(), s.children().not_accepting(),
        s.children().crashed() > 0 ? fmt::format("; {} crashed", s.children().crashed()) : "");
    out += fmt::format(
        "requests     {} total, {} in progress, {:.1f}/s now, {:.1f}/s over 10 s   {}\n", r.total(),
        r.in_progress(), r.per_second(), r.per_second_10s(), where_served(r));
    if (s.latency().count() > 0)
        out += fmt::format("on workers   p50 {:.1f} ms  p95 {:.1f} ms  p99 {:.1f} ms\n",
                           s.latency().p50_us() / 1000, s.latency().p95_us() / 1000,
                           s.latency().p99_us() / 1000);
    out += show_limit_episodes(s);
    if (r.shed_keep_alive() + r.shed_head() + r.queue_timeouts() > 0)
        out += fmt::format(
            "shed         {} keep-alives, {} half heads, {} requests answered 503 after waiting\n",
            r.shed_keep_alive(), r.shed_head(), r.queue_timeouts());
    if (r.accept_errors() > 0)
        out += fmt::format("accepting    {} times short of descriptors or memory\n",
                           r.accept_errors());
    for (const v1::Adjustment& a : s.adjustments())
        out += fmt::format("adjusted     {}: requested {}, effective {}, because {} ({})\n",
                           a.directive(), a.requested_text(), a.effective_text(), a.because(),
                           a.rule());
    if (s.last_reload().time().seconds() != 0 && !s.last_reload().succeeded())
        out += fmt::format("reload       refused {}: {}\n", timestamp_text(s.last_reload().time()),
                           s.last_reload().error());
    for (const std::string& notice : s.notices())
        out += fmt::format("notice       {}\n", notice);
    // The sentence begins with the word.
    out += fmt::format("busy {}/{} ({:.0f}%)  short of: {}\n", w.busy(), w.limit(),
                       percent(w.busy(), w.limit()),
                       s.shortage_text().empty() ? s.shortage() : s.shortage_text());
    return out;
}

namespace {

// Why a child leaves, how long it still may, and what it waits for; and that it may hang.
std::string child_note(const v1::Child& child, const google::protobuf::Timestamp& now) {
    std::string silence;
    if (child.heartbeat_age_ms() > api::kSilentMs)
        silence =
            fmt::format("may hang: no sign of life for {}", scaled_age(child.heartbeat_age_ms()));
    if (child.retire_reason().empty())
        return !silence.empty() || child.accepting() ? silence : "not accepting";
    std::string note = silence.empty() ? "" : silence + "; ";
    note += child.retire_reason();
    if (child.has_drain_deadline())
        note += fmt::format(", {} left", scaled_age(age_ms(now, child.drain_deadline())));
    if (!child.held_by().empty()) note += ", held by " + child.held_by();
    return note;
}

}  // namespace

std::string show_children(const v1::ListChildrenResponse& list, std::size_t width) {
    Table table({{"CHILD", Align::Right},
                 {"SLOT", Align::Right},
                 {"PID", Align::Right},
                 {"GEN", Align::Right},
                 {"REV", Align::Right},
                 {"STATE"},
                 {"UP", Align::Right},
                 {"BUSY", Align::Right},
                 {"IDLE", Align::Right},
                 {"CONNS", Align::Right},
                 {"LISTENER", Align::Right},
                 {"REQ/S", Align::Right},
                 {"RSS", Align::Right},
                 {"CPU", Align::Right},
                 {"FDS", Align::Right},
                 {"NOTE"}});
    for (const v1::Child& c : list.children())
        table.add({number(c.uid()), number(c.slot()), number(c.pid()), number(c.generation()),
                   number(c.revision()), c.state(),
                   scaled_age(age_ms(c.start_time(), list.sample_time())), number(c.busy()),
                   number(c.idle()), number(c.connections()), permille(c.listener_busy_permille()),
                   fmt::format("{:.1f}", c.requests_per_second()), scaled_bytes(c.rss_bytes()),
                   permille(c.cpu_permille()), number(c.open_fds()),
                   child_note(c, list.sample_time())});
    return table.text(width);
}

std::string show_threads(const v1::ListChildrenResponse& list, std::size_t width) {
    Table table({{"CHILD", Align::Right},
                 {"THREAD", Align::Right},
                 {"TID", Align::Right},
                 {"S"},
                 {"AGE", Align::Right},
                 {"REQUESTS", Align::Right},
                 {"CLIENT"},
                 {"VHOST"},
                 {"REQUEST"}});
    for (const v1::Child& c : list.children())
        for (const v1::Worker& w : c.workers())
            table.add({number(c.uid()), number(w.thread()), number(w.tid()), w.state(),
                       scaled_age(w.state_age_ms()), number(w.requests()), w.peer(), w.vhost(),
                       w.request()});
    return table.text(width);
}

std::string show_board(const v1::ScoreboardFrame& frame, std::size_t width) {
    Table table({{"CHILD", Align::Right},
                 {"PID", Align::Right},
                 {"GEN"},
                 {"L", Align::Right},
                 {"KA", Align::Right},
                 {"WC", Align::Right},
                 {"RD", Align::Right},
                 {"CL", Align::Right},
                 {"THREADS"}});
    for (const v1::Child& c : frame.children()) {
        const auto& s = c.connection_states();
        table.add({number(c.uid()), number(c.pid()), fmt::format("g{}", c.generation()),
                   fmt::format("{}%", (c.listener_busy_permille() + 5) / 10),
                   number(s.keep_alive()), number(s.writing()), number(s.reading()),
                   number(s.closing()),
                   c.board() + (c.state() == "running" ? "" : " " + c.state())});
    }
    const auto& server = frame.server();
    return table.text(width) +
           fmt::format("{}; {} busy, {} idle; short of: {}\n", where_served(server.requests()),
                       server.workers().busy(), server.workers().idle(), server.shortage()) +
           "_ idle  S start  R read  W write  K keep-alive  L log  C close  G finish  . empty\n";
}

namespace {

// What runs, or ran last; and the CGI script that does it.
std::string request_of(const v1::Connection& connection) {
    if (connection.method().empty()) return "";
    std::string text = connection.method() + " " + connection.target();
    if (connection.script_pid() != 0)
        text += fmt::format(" (script {} for {})", connection.script_pid(),
                            scaled_age(connection.script_age_ms()));
    return text;
}

}  // namespace

std::string show_connections(const v1::ListConnectionsResponse& list, std::size_t width) {
    Table table({{"ID"},
                 {"CHILD.THR"},
                 {"CLIENT"},
                 {"STATE"},
                 {"FOR", Align::Right},
                 {"AGE", Align::Right},
                 {"REQS", Align::Right},
                 {"IN", Align::Right},
                 {"OUT", Align::Right},
                 {"LAST", Align::Right},
                 {"VHOST"},
                 {"REQUEST"}});
    for (const v1::Connection& c : list.connections())
        table.add({c.id(),
                   c.has_thread() ? fmt::format("{}.{}", c.child_uid(), c.thread())
                                  : number(c.child_uid()),
                   c.peer(), c.state(), scaled_age(c.state_age_ms()), scaled_age(c.age_ms()),
                   number(c.requests()), scaled_bytes(c.bytes_in()), scaled_bytes(c.bytes_out()),
                   c.status() == 0 ? "-" : number(c.status()), c.vhost(), request_of(c)});
    std::string out = table.text(width);
    if (static_cast<std::uint32_t>(list.connections_size()) != list.total_size())
        out += fmt::format("{} of {} shown\n", list.connections_size(), list.total_size());
    return out;
}

std::string show_crashes(const v1::ListCrashesResponse& list, bool stacks, std::size_t width) {
    Table table({{"NO", Align::Right},
                 {"TIME"},
                 {"CHILD", Align::Right},
                 {"SLOT", Align::Right},
                 {"PID", Align::Right},
                 {"GEN", Align::Right},
                 {"SIGNAL"},
                 {"THREAD"},
                 {"CORE"},
                 {"REQUEST"}});
    std::string addresses;
    for (const v1::Crash& c : list.crashes()) {
        table.add({number(c.number()), timestamp_text(c.time()), number(c.child_uid()),
                   number(c.slot()), number(c.pid()), number(c.generation()), c.signal(),
                   c.thread(), c.core_dumped() ? "yes" : "no",
                   c.request().empty() ? "-" : c.request()});
        if (stacks)
            addresses += fmt::format("\n{}  {} at {}\n", c.number(), c.signal(),
                                     c.address().empty() ? "no address" : c.address());
        for (int i = 0; stacks && i < c.stack_size(); ++i)
            addresses += fmt::format("  {}\n", c.stack(i));
    }
    if (table.empty()) return "no child has left a crash record (EnableExceptionHook)\n";
    return table.text(width) + addresses;
}

std::string show_directives(const v1::ListDirectivesResponse& list, std::size_t width) {
    Table table(
        {{"DIRECTIVE"}, {"NOW"}, {"FILE"}, {"DEFAULT"}, {"APPLIES"}, {"SOURCE"}, {"RANGE"}});
    for (const v1::Directive& d : list.directives())
        table.add({d.name(), d.value(), d.file_value().empty() ? "-" : d.file_value(),
                   d.default_value(), apply_class_words(d.apply_class()), d.source(), d.range()});
    return table.text(width);
}

std::string show_directive(const v1::Directive& d) {
    std::string out = fmt::format("{} = {}\n", d.name(), d.value());
    if (d.has_adjustment())
        out += fmt::format("  requested {}, effective {}, because {} ({})\n",
                           d.adjustment().requested_text(), d.adjustment().effective_text(),
                           d.adjustment().because(), d.adjustment().rule());
    out += fmt::format(
        "  default   {}\n  in file   {}{}\n  type      {}{}\n  range     {}\n  applies   {}{}\n",
        d.default_value(), d.file_value().empty() ? "-" : d.file_value(),
        d.position().empty() ? "" : " (" + d.position() + ")", d.type(),
        d.unit().empty() ? "" : ", " + d.unit(), d.range(), apply_class_words(d.apply_class()),
        d.overridable() ? "" : "; not to be changed from here");
    out += fmt::format("  source    {}{}\n", d.source(),
                       d.author().empty()
                           ? ""
                           : fmt::format(", by {} {} (rev {})", d.author(),
                                         timestamp_text(d.change_time()), d.revision()));
    for (const std::string& name : d.old_names())
        out += fmt::format("  old name  {}\n", name);
    if (!d.note().empty()) out += fmt::format("  note      {}\n", d.note());
    return out + "\n" + d.help() + (d.help().empty() ? "" : "\n");
}

std::string show_update(const v1::UpdateDirectivesResponse& response) {
    std::string out;
    for (const v1::ChangeEffect& e : response.effects())
        out += e.old_value() == e.new_value()
                   ? fmt::format("{}: stays {}\n", e.name(), e.new_value())
                   : fmt::format("{}: {} -> {} ({})\n", e.name(), e.old_value(), e.new_value(),
                                 apply_class_words(e.apply_class()));
    for (const std::string& warning : response.warnings())
        out += "warning: " + warning + "\n";
    if (!response.prediction().empty()) out += response.prediction() + "\n";
    out += response.validated_only() || response.unchanged()
               ? fmt::format("nothing changed: rev {} stays\n", response.revision())
               : fmt::format("rev {} applied\n", response.revision());
    return out;
}

bool has_ended(const v1::Operation& operation) {
    return operation.state() == v1::OPERATION_STATE_SUCCEEDED ||
           operation.state() == v1::OPERATION_STATE_FAILED ||
           operation.state() == v1::OPERATION_STATE_CANCELLED;
}

std::string outcome_line(const v1::Operation& o) {
    const std::string word = o.state() == v1::OPERATION_STATE_SUCCEEDED   ? "succeeded"
                             : o.state() == v1::OPERATION_STATE_FAILED    ? "failed"
                             : o.state() == v1::OPERATION_STATE_CANCELLED ? "cancelled"
                                                                          : "running";
    const std::string& what = has_ended(o) && !o.result().empty() ? o.result() : o.progress();
    const std::string said = what.empty() ? "" : ": " + what;
    if (!has_ended(o)) return fmt::format("{} {}{}", o.name(), word, said);
    const std::string took = scaled_age(age_ms(o.create_time(), o.end_time()));
    // Why it failed is a sentence of its own.
    if (o.state() != v1::OPERATION_STATE_SUCCEEDED)
        return fmt::format("{} {} after {}{}", o.name(), word, took, said);
    return fmt::format("{} {}{} in {}", o.name(), word, said, took);
}

std::string show_operations(const v1::ListOperationsResponse& list, std::size_t width) {
    Table table({{"OPERATION"}, {"KIND"}, {"STARTED"}, {"BY"}, {"OUTCOME"}});
    for (const v1::Operation& o : list.operations())
        table.add({o.name(), o.kind(), timestamp_text(o.create_time()), o.author(),
                   outcome_line(o).substr(o.name().size() + 1)});
    return table.text(width);
}

std::string show_operation(const v1::Operation& o, std::size_t width) {
    std::string out = outcome_line(o) + "\n";
    out +=
        fmt::format("{} by {}, started {}{}\n", o.kind(), o.author(),
                    timestamp_text(o.create_time()), o.reason().empty() ? "" : ": " + o.reason());
    Table table({{"SLOT", Align::Right},
                 {"OLD", Align::Right},
                 {"PID", Align::Right},
                 {"NEW", Align::Right},
                 {"PID", Align::Right},
                 {"STEP"},
                 {"LEFT", Align::Right},
                 {"NOTE"}});
    for (const v1::OperationStep& s : o.steps())
        table.add({number(s.slot()), number(s.old_uid()), number(s.old_pid()),
                   s.new_uid() == 0 ? "-" : number(s.new_uid()),
                   s.new_pid() == 0 ? "-" : number(s.new_pid()), s.state(),
                   number(s.connections_left()), s.note()});
    return table.empty() ? out : out + table.text(width);
}

}  // namespace mpmd::ctl
