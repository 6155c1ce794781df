#include <iterator>

#include <fmt/format.h>

#include "daemon/handlers/status_page.h"
#include "daemon/handlers/status_text.h"

namespace mpmd::handlers {

namespace {

using scoreboard::ConnectionState;

class Lines {
public:
    template <class Value>
    void put(std::string_view key, const Value& value) {
        fmt::format_to(std::back_inserter(text_), "{}: {}\n", key, value);
    }
    void put(std::string_view key, double value) { put(key, short_number(value)); }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void put_server(Lines& out, const StatusFigures& figures) {
    out.put("ServerVersion", figures.version);
    out.put("ServerMPM", figures.mpm);
    out.put("Server Built", figures.built);
    out.put("CurrentTime", figures.current_time);
    out.put("RestartTime", figures.restart_time);
    out.put("ParentServerConfigGeneration", figures.config_generation);
    out.put("ParentServerMPMGeneration", figures.mpm_generation);
    out.put("ServerUptimeSeconds", figures.uptime);
    out.put("ServerUptime", uptime_text(figures.uptime));
    out.put("Load1", fmt::format("{:.2f}", figures.load[0]));
    out.put("Load5", fmt::format("{:.2f}", figures.load[1]));
    out.put("Load15", fmt::format("{:.2f}", figures.load[2]));
}

void put_extended(Lines& out, const StatusFigures& figures) {
    const auto uptime = static_cast<double>(figures.uptime);
    const auto accesses = static_cast<double>(figures.accesses);
    const auto bytes = static_cast<double>(figures.bytes);
    out.put("Total Accesses", figures.accesses);
    out.put("Total kBytes", figures.bytes / 1024);
    out.put("Total Duration", static_cast<std::uint64_t>(figures.duration_ms));
    out.put("CPUUser", figures.cpu_user);
    out.put("CPUSystem", figures.cpu_system);
    out.put("CPUChildrenUser", figures.cpu_gone_user);
    out.put("CPUChildrenSystem", figures.cpu_gone_system);
    if (figures.cpu() > 0 && figures.uptime > 0) out.put("CPULoad", figures.cpu() / uptime * 100);
    out.put("Uptime", figures.uptime);
    if (figures.uptime > 0) {
        out.put("ReqPerSec", accesses / uptime);
        out.put("BytesPerSec", bytes / uptime);
    }
    if (figures.accesses > 0) {
        out.put("BytesPerReq", bytes / accesses);
        out.put("DurationPerReq", figures.duration_ms / accesses);
    }
}

// httpd has them where connections can be parked; under MPM worker they are ours (7.3, A-50).
void put_connections(Lines& out, const StatusFigures& figures) {
    out.put("Processes", figures.children.size());
    out.put("Stopping", figures.stopping);
    out.put("ConnsTotal", figures.connections);
    out.put("ConnsAsyncWaitIO", figures.in(ConnectionState::WaitIo));
    out.put("ConnsAsyncWriting", figures.in(ConnectionState::Writing));
    out.put("ConnsAsyncKeepAlive", figures.in(ConnectionState::KeepAlive));
    out.put("ConnsAsyncClosing", figures.in(ConnectionState::Closing));
}

}  // namespace

std::string status_auto(const StatusFigures& figures) {
    Lines out;
    put_server(out, figures);
    if (figures.extended) put_extended(out, figures);
    out.put("BusyWorkers", figures.busy);
    out.put("GracefulWorkers", figures.graceful);
    out.put("IdleWorkers", figures.idle);
    const bool parks = figures.mpm != "worker";
    if (parks) put_connections(out, figures);
    out.put("Scoreboard", figures.letters);
    if (!parks) put_connections(out, figures);
    out.put("ListenerBusy", figures.listener_busy);
    out.put("RequestsOnListener", figures.on_listener);
    out.put("RequestsOnWorkers", figures.on_workers);
    out.put("RequestsInProgress", figures.in_progress);
    return out.take();
}

}  // namespace mpmd::handlers
