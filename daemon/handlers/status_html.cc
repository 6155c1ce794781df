#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "daemon/handlers/status_page.h"
#include "daemon/handlers/status_text.h"

namespace mpmd::handlers {

namespace sb = scoreboard;
using sb::ConnectionState;
using sb::WorkerState;

namespace {

constexpr std::size_t kLettersPerLine = 64;

template <class... Values>
void put(std::string& html, fmt::format_string<Values...> format, Values&&... values) {
    fmt::basic_memory_buffer<char, 1000> piece;  // far faster than growing the page by each value
    fmt::format_to(fmt::appender(piece), format, std::forward<Values>(values)...);
    html.append(piece.data(), piece.size());
}

std::string escaped(std::string_view text) {
    std::string html;
    append_escaped(html, text);
    return html;
}

// ---- head of the page

void put_server(std::string& html, const StatusFigures& figures) {
    put(html,
        "<dl><dt>Server Version: {}</dt>\n<dt>Server MPM: {}</dt>\n<dt>Server Built: {}</dt></dl>"
        "<hr>\n",
        escaped(figures.version), figures.mpm, escaped(figures.built));
    put(html,
        "<dl><dt>Current Time: {}</dt>\n<dt>Restart Time: {}</dt>\n"
        "<dt>Parent Server Config. Generation: {}</dt>\n<dt>Parent Server MPM Generation: {}</dt>\n"
        "<dt>Server uptime: {}</dt>\n<dt>Server load: {:.2f} {:.2f} {:.2f}</dt>\n",
        escaped(figures.current_time), escaped(figures.restart_time), figures.config_generation,
        figures.mpm_generation, uptime_text(figures.uptime), figures.load[0], figures.load[1],
        figures.load[2]);
}

void put_totals(std::string& html, const StatusFigures& figures) {
    const auto uptime = static_cast<double>(figures.uptime);
    const auto accesses = static_cast<double>(figures.accesses);
    put(html, "<dt>Total accesses: {} - Total Traffic: {} - Total Duration: {}</dt>\n",
        figures.accesses, kbytes_text(figures.bytes / 1024),
        static_cast<std::uint64_t>(figures.duration_ms));
    put(html, "<dt>CPU Usage: u{} s{} cu{} cs{}", short_number(figures.cpu_user),
        short_number(figures.cpu_system), short_number(figures.cpu_gone_user),
        short_number(figures.cpu_gone_system));
    if (figures.cpu() > 0 && figures.uptime > 0)
        put(html, " - {}% CPU load", short_number(figures.cpu() / uptime * 100, 3));
    html += "</dt>\n<dt>";
    if (figures.uptime > 0)
        put(html, "{} requests/sec - {}/second", short_number(accesses / uptime, 3),
            bytes_text(figures.bytes / figures.uptime));
    if (figures.uptime > 0 && figures.accesses > 0) html += " - ";
    if (figures.accesses > 0)
        put(html, "{}/request - {} ms/request", bytes_text(figures.bytes / figures.accesses),
            short_number(figures.duration_ms / accesses));
    html += "</dt>\n";
}

// ---- processes

std::string_view stopping_text(const StatusChild& child) {
    if (child.stopping) return child.old_generation ? "yes (old gen)" : "yes";
    return child.old_generation ? "no (old gen)" : "no";
}

template <class Counted>
void put_numbers(std::string& html, const Counted& counted, const sb::ConnectionCounts& states) {
    put(html, "<td>{}</td><td>{}</td><td>{}</td>", counted.busy, counted.graceful, counted.idle);
    for (const ConnectionState state : {ConnectionState::WaitIo, ConnectionState::Writing,
                                        ConnectionState::KeepAlive, ConnectionState::Closing})
        put(html, "<td>{}</td>", states[static_cast<std::size_t>(state)]);
    html += "</tr>\n";
}

void put_processes(std::string& html, const StatusFigures& figures) {
    html +=
        "\n<table rules=\"all\" cellpadding=\"1%\">\n"
        "<tr><th rowspan=\"2\">Slot</th><th rowspan=\"2\">PID</th><th rowspan=\"2\">Stopping</th>"
        "<th colspan=\"2\">Connections</th>\n"
        "<th colspan=\"3\">Threads</th><th colspan=\"4\">Async connections</th></tr>\n"
        "<tr><th>total</th><th>accepting</th><th>busy</th><th>graceful</th><th>idle</th>"
        "<th>wait-io</th><th>writing</th><th>keep-alive</th><th>closing</th></tr>\n";
    for (const StatusChild& child : figures.children) {
        put(html, "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>", child.slot,
            child.pid, stopping_text(child), child.open, child.accepting ? "yes" : "no");
        put_numbers(html, child, child.connections);
    }
    put(html, "<tr><td>Sum</td><td>{}</td><td>{}</td><td>{}</td><td>&nbsp;</td>",
        figures.children.size(), figures.stopping, figures.connections);
    put_numbers(html, figures, figures.by_state);
    html += "</table>\n";
}

// ---- threads

void put_map(std::string& html, const StatusFigures& figures) {
    html += "<pre>";
    for (std::size_t at = 0; at < figures.letters.size(); at += kLettersPerLine)
        put(html, "{}\n", std::string_view(figures.letters).substr(at, kLettersPerLine));
    html += "</pre>\n<p>Scoreboard Key:<br>\n";
    struct Key {
        char letter;
        std::string_view meaning;
    };
    static constexpr Key kKeys[] = {{'_', "Waiting for Connection"},
                                    {'S', "Starting up"},
                                    {'R', "Reading Request"},
                                    {'W', "Sending Reply"},
                                    {'K', "Keepalive (read)"},
                                    {'D', "DNS Lookup"},
                                    {'C', "Closing connection"},
                                    {'L', "Logging"},
                                    {'G', "Gracefully finishing"},
                                    {'I', "Idle cleanup of worker"},
                                    {'.', "Open slot with no current process"}};
    for (std::size_t i = 0; i < std::size(kKeys); ++i)
        put(html, "\"<b><code>{}</code></b>\" {}{}\n", kKeys[i].letter, kKeys[i].meaning,
            i + 1 == std::size(kKeys) ? "</p>" : (i % 3 == 2 ? ",<br>" : ","));
}

void put_pid_key(std::string& html, const StatusFigures& figures) {
    html += "PID Key: <br>\n<pre>\n";
    std::size_t count = 0;
    for (const StatusChild& child : figures.children)
        for (const char letter : child.letters) {
            if (count > 0) html += count % 3 == 0 ? "\n" : ",";
            put(html, "   {} in state: {} ", child.pid, letter);
            ++count;
        }
    html +=
        "\n</pre>\n<hr>To obtain a full report with current status information you need to use "
        "the <code>ExtendedStatus On</code> directive.\n";
}

// "198.51.100.7" of "198.51.100.7:51122", "::1" of "[::1]:80".
std::string_view host_of(std::string_view peer) {
    std::string_view host = peer.substr(0, peer.rfind(':'));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return host;
}

std::string_view protocol_of(const sb::WorkerRow& row) {
    if (row.version == 0) return "";
    return row.version == 10 ? "http/1.0" : "http/1.1";
}

std::string request_of(const sb::WorkerRow& row) {
    const std::string_view method = sb::text(row.method);
    if (method.empty()) return "";
    return fmt::format("{} {} {}", method, without_password(sb::text(row.target)),
                       row.version == 10 ? "HTTP/1.0" : "HTTP/1.1");
}

// The figures of a row as the table has them.
struct WorkerFigures {
    double cpu = 0;           // s
    std::uint64_t since = 0;  // s
    std::uint64_t last = 0;   // ms
    std::uint64_t duration = 0;
};
WorkerFigures figures_of(const StatusWorker& worker, std::uint64_t mono_ns) {
    const sb::WorkerRow& row = worker.row;
    WorkerFigures out;
    out.cpu = static_cast<double>(row.cpu_ns) / 1e9;
    if (row.since_ns != 0 && mono_ns > row.since_ns)
        out.since = (mono_ns - row.since_ns) / 1'000'000'000;
    out.last = row.last_ns / 1'000'000;
    out.duration = row.slot_duration_ns / 1'000'000;
    return out;
}

bool shown_bold(WorkerState state) {
    return state != WorkerState::Ready && state != WorkerState::Dead;
}

void put_worker_row(std::string& html, const StatusWorker& worker, std::uint64_t mono_ns) {
    constexpr double kKiB = 1024;
    const sb::WorkerRow& row = worker.row;
    const WorkerFigures figures = figures_of(worker, mono_ns);
    const bool bold = shown_bold(row.state);
    put(html, "<tr><td><b>{}-{}</b></td><td>{}</td><td>{}/{}/{}</td><td>{}{}{}</td>", worker.slot,
        worker.generation, worker.pid == 0 ? "-" : fmt::to_string(worker.pid),
        row.connection_requests, row.requests, row.slot_requests, bold ? "<b>" : "",
        sb::letter(row.state), bold ? "</b>" : "");
    put(html, "<td>{:.2f}</td><td>{}</td><td>{}</td><td>{}</td>", figures.cpu, figures.since,
        figures.last, figures.duration);
    put(html, "<td>{:.1f}</td><td>{:.2f}</td><td>{:.2f}</td>",
        static_cast<double>(worker.connection_bytes) / kKiB,
        static_cast<double>(row.bytes_out) / kKiB / kKiB,
        static_cast<double>(row.slot_bytes) / kKiB / kKiB);
    html += "<td>";
    append_escaped(html, host_of(sb::text(row.peer)));
    put(html, "</td><td>{}</td><td nowrap>", protocol_of(row));
    append_escaped(html, sb::text(row.vhost));
    html += "</td><td nowrap>";
    append_escaped(html, request_of(row));
    html += "</td></tr>\n";
}

std::string_view state_word(WorkerState state) {
    static constexpr std::string_view kWords[] = {
        "Open slot", "Starting", "Ready", "Read",    "Write",
        "Keepalive", "Logging",  "DNS",   "Closing", "Gracefully finishing",
        "Dying"};
    const auto index = static_cast<std::size_t>(state);
    return index < std::size(kWords) ? kWords[index] : "?";
}

void put_worker_paragraph(std::string& html, const StatusWorker& worker, std::uint64_t mono_ns) {
    const sb::WorkerRow& row = worker.row;
    const WorkerFigures figures = figures_of(worker, mono_ns);
    const bool bold = shown_bold(row.state);
    put(html, "<p><b>Server {}-{}</b> ({}): {}|{}|{} [{}{}{}] u{:.2f}\n {} {} {} ({}|{}|{})\n <i>",
        worker.slot, worker.generation, worker.pid == 0 ? "-" : fmt::to_string(worker.pid),
        row.connection_requests, row.requests, row.slot_requests, bold ? "<b>" : "",
        state_word(row.state), bold ? "</b>" : "", figures.cpu, figures.since, figures.last,
        figures.duration, bytes_text(worker.connection_bytes), bytes_text(row.bytes_out),
        bytes_text(row.slot_bytes));
    append_escaped(html, host_of(sb::text(row.peer)));
    html += " {";
    append_escaped(html, request_of(row));
    put(html, "}}</i> <i>({})</i> <b>[", protocol_of(row));
    append_escaped(html, sb::text(row.vhost));
    html += "]</b></p>\n";
}

void put_legend(std::string& html) {
    struct Term {
        std::string_view title;
        std::string_view meaning;
    };
    static constexpr Term kTerms[] = {
        {"Srv", "Child Server number - generation"},
        {"PID", "OS process ID"},
        {"Acc", "Number of accesses this connection / this child / this slot"},
        {"M", "Mode of operation"},
        {"CPU", "CPU usage of this thread, number of seconds"},
        {"SS", "Seconds since its state changed"},
        {"Req", "Milliseconds required to process most recent request"},
        {"Dur", "Sum of milliseconds required to process all requests"},
        {"Conn", "Kilobytes transferred this connection"},
        {"Child", "Megabytes transferred this child"},
        {"Slot", "Total megabytes transferred this slot"}};
    html += "<hr>\n<table>\n";
    for (const Term& term : kTerms)
        put(html, "<tr><th>{}</th><td>{}</td></tr>\n", term.title, term.meaning);
    html += "</table>\n";
}

void put_workers(std::string& html, const StatusFigures& figures, bool as_table) {
    if (as_table)
        html +=
            "\n<table border=\"0\"><tr><th>Srv</th><th>PID</th><th>Acc</th><th>M</th><th>CPU</th>"
            "<th>SS</th><th>Req</th><th>Dur</th><th>Conn</th><th>Child</th><th>Slot</th>"
            "<th>Client</th><th>Protocol</th><th>VHost</th><th>Request</th></tr>\n";
    else
        html += "<hr>\n<h2>Server Details</h2>\n";
    for (const StatusWorker& worker : figures.workers)
        as_table ? put_worker_row(html, worker, figures.mono_ns)
                 : put_worker_paragraph(html, worker, figures.mono_ns);
    if (as_table) html += "</table>\n";
    if (figures.workers_left_out > 0)
        put(html, "<p>{} more workers are not shown.</p>\n", figures.workers_left_out);
    if (as_table) put_legend(html);
}

// What httpd does not have: after everything that its readers look at (M-24).
void put_listeners(std::string& html, const StatusFigures& figures) {
    html +=
        "<hr>\n<h2>Listeners</h2>\n<table rules=\"all\" cellpadding=\"1%\">\n"
        "<tr><th rowspan=\"2\">Slot</th><th rowspan=\"2\">Listener</th><th rowspan=\"2\">Busy "
        "%</th>"
        "<th colspan=\"2\">Requests answered by</th><th rowspan=\"2\">Requests in progress</th>"
        "<th rowspan=\"2\">Waiting for a worker</th><th colspan=\"2\">Connections</th></tr>\n"
        "<tr><th>listener</th><th>workers</th><th>reading</th><th>running</th></tr>\n";
    std::uint64_t on_listener = 0;
    std::uint64_t on_workers = 0;
    std::uint32_t queued = 0;
    const auto put_tail = [&html](std::uint32_t in_progress, std::uint32_t waiting,
                                  const sb::ConnectionCounts& states) {
        put(html, "<td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", in_progress, waiting,
            states[static_cast<std::size_t>(ConnectionState::Reading)],
            states[static_cast<std::size_t>(ConnectionState::Running)]);
    };
    for (const StatusChild& child : figures.children) {
        put(html, "<tr><td>{}</td><td><code>{}</code></td><td>{:.1f}</td><td>{}</td><td>{}</td>",
            child.slot, child.listener, child.listener_busy, child.on_listener, child.on_workers);
        put_tail(child.in_progress, child.queued, child.connections);
        on_listener += child.on_listener;
        on_workers += child.on_workers;
        queued += child.queued;
    }
    put(html, "<tr><td>Sum</td><td>&nbsp;</td><td>&nbsp;</td><td>{}</td><td>{}</td>", on_listener,
        on_workers);
    put_tail(figures.in_progress, queued, figures.by_state);
    html += "</table>\n";
}

}  // namespace

std::string status_html_head(std::string_view name, std::string_view address) {
    return fmt::format(
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" "
        "\"http://www.w3.org/TR/html4/strict.dtd\">\n<html><head>\n<title>mpmd Status</title>\n"
        "</head><body>\n<h1>mpmd Server Status for {} (via {})</h1>\n\n",
        escaped(name), escaped(address));
}

std::string status_html(const StatusFigures& figures, bool as_table) {
    std::string html;
    html.reserve(8192 + 512 * (figures.workers.size() + figures.children.size()));
    put_server(html, figures);
    if (figures.extended) put_totals(html, figures);
    put(html,
        "<dt>{} requests currently being processed, {} workers gracefully restarting, {} idle "
        "workers</dt>\n</dl>\n",
        figures.in_progress, figures.graceful, figures.idle);
    put_processes(html, figures);
    put_map(html, figures);
    if (figures.extended)
        put_workers(html, figures, as_table);
    else
        put_pid_key(html, figures);
    put_listeners(html, figures);
    html += "</body></html>\n";
    return html;
}

}  // namespace mpmd::handlers
