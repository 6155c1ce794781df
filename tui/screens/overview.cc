#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"
#include "tui/widgets/gauge.h"

namespace mpmd::tui {

namespace {

std::string state_text(v1::ServerState state) {
    switch (state) {
        case v1::SERVER_STATE_STARTING:
            return "STARTING";
        case v1::SERVER_STATE_RUNNING:
            return "RUNNING";
        case v1::SERVER_STATE_DEGRADED:
            return "DEGRADED";
        case v1::SERVER_STATE_DRAINING:
            return "DRAINING";
        case v1::SERVER_STATE_STOPPING:
            return "STOPPING";
        default:
            return "UNKNOWN";
    }
}

void draw_state(const Model& model, Canvas& canvas) {
    const v1::Server& server = model.frame->server();
    const bool good = server.state() == v1::SERVER_STATE_RUNNING;
    int x = canvas.put(0, 1, state_text(server.state()),
                       Style{good ? Ink::Good : Ink::Bad, true, false}) +
            2;
    x = put_field(canvas, x, 1, "up", human_duration(Seconds(server.uptime_seconds())));
    x = put_field(canvas, x, 1, "pid", fmt::format("{}", server.pid()));
    std::string notice = "no notices";
    if (server.notices_size() > 0) {
        const std::string more = server.notices_size() > 1
                                     ? fmt::format(" (1 of {})", server.notices_size())
                                     : std::string();
        notice = "! " + server.notices(0) + more;
    }
    canvas.put(x, 1, cut(notice, canvas.width() - x),
               Style{server.notices_size() > 0 ? Ink::Warn : Ink::Dim, false, false});
}

void draw_workers(const v1::Workers& workers, Canvas& canvas, int y, int right) {
    const int gauge = std::clamp(right - 48, 12, 60);
    const double share =
        workers.limit() > 0 ? static_cast<double>(workers.busy()) / workers.limit() : 0;
    canvas.put(0, y, "Workers", kBold);
    draw_gauge(canvas, {8, y, gauge, 1}, share, ink_of_share(share));
    const std::string graceful =
        workers.graceful() > 0 ? fmt::format("  {} finishing", workers.graceful()) : std::string();
    canvas.put(
        gauge + 9, y,
        fmt::format("{}/{} busy {}  {} idle{}", workers.busy(), workers.limit(),
                    human_percent(workers.busy(), workers.limit()), workers.idle(), graceful),
        kPlain, right);
}

void draw_connections_line(const v1::Connections& states, Canvas& canvas, int y, int right) {
    const int gauge = std::clamp(right - 48, 12, 60);
    const double share =
        states.limit() > 0 ? static_cast<double>(states.total()) / states.limit() : 0;
    canvas.put(0, y, "Conns", kBold);
    draw_gauge(canvas, {8, y, gauge, 1}, share, ink_of_share(share));
    canvas.put(
        gauge + 9, y,
        fmt::format("{} KA {} RD {} RN {} WC {} CL {}{}", states.total(), states.keep_alive(),
                    states.reading(), states.running(), states.writing(), states.closing(),
                    states.wait_io() > 0 ? fmt::format(" IO {}", states.wait_io()) : std::string()),
        kPlain, right);
}

std::string error_text(const Model& model) {
    const auto share = (model.held ? *model.held : model.history).error_share();
    return share ? human_percent(*share, 1) : "-";
}

void draw_rates(const Model& model, Canvas& canvas, int y) {
    const v1::Requests& requests = model.frame->server().requests();
    const v1::Latency& latency = model.frame->server().latency();
    int x = put_field(canvas, 0, y, "Req/s", human_rate(requests.per_second()));
    x = put_field(canvas, x, y, "5xx/min", error_text(model));
    x = put_field(canvas, x, y, "p50", human_latency_us(latency.p50_us()));
    x = put_field(canvas, x, y, "p95", human_latency_us(latency.p95_us()));
    x = put_field(canvas, x, y, "p99", human_latency_us(latency.p99_us()));
    const auto out = static_cast<std::uint64_t>(std::max(requests.bytes_out_per_second(), 0.0));
    x = put_field(canvas, x, y, "out", human_bytes(out) + "/s");
    put_field(canvas, x, y, "queued", fmt::format("{}", requests.queued()));
}

void draw_wide_rates(const Model& model, Canvas& canvas, int x, int y) {
    const v1::Requests& requests = model.frame->server().requests();
    const v1::Latency& latency = model.frame->server().latency();
    int at = put_field(canvas, x, y, "req/s", human_rate(requests.per_second()));
    at = put_field(canvas, at, y, "10s", human_rate(requests.per_second_10s()));
    put_field(canvas, at, y, "60s", human_rate(requests.per_second_60s()));
    at = put_field(canvas, x, y + 1, "5xx/min", error_text(model));
    at = put_field(canvas, at, y + 1, "queued", fmt::format("{}", requests.queued()));
    put_field(canvas, at, y + 1, "shed",
              human_count(requests.shed_keep_alive() + requests.shed_head()));
    at = put_field(canvas, x, y + 2, "p50", human_latency_us(latency.p50_us()));
    at = put_field(canvas, at, y + 2, "p95", human_latency_us(latency.p95_us()));
    put_field(canvas, at, y + 2, "p99", human_latency_us(latency.p99_us()));
    const auto out = static_cast<std::uint64_t>(std::max(requests.bytes_out_per_second(), 0.0));
    at = put_field(canvas, x, y + 3, "out", human_bytes(out) + "/s");
    put_field(canvas, at, y + 3, "total", human_count(requests.total()));
}

void draw_spare(const v1::Server& server, Canvas& canvas, int y, int right) {
    const v1::Limits& limits = server.limits();
    const std::uint32_t idle = server.workers().idle();
    const char* verdict = "within limits";
    if (idle < limits.min_spare_threads()) verdict = "below the minimum";
    if (idle > limits.max_spare_threads()) verdict = "above the maximum";
    canvas.put(0, y, "Spare", kBold);
    canvas.put(8, y,
               fmt::format("{} idle, wanted {} to {}: {}", idle, limits.min_spare_threads(),
                           limits.max_spare_threads(), verdict),
               kPlain, right);
}

void draw_served(const v1::Server& server, Canvas& canvas, int y) {
    const v1::Requests& requests = server.requests();
    const auto all = static_cast<double>(requests.on_listener() + requests.on_workers());
    const std::string served =
        fmt::format("served: {} listener, {} workers",
                    human_percent(static_cast<double>(requests.on_listener()), all),
                    human_percent(static_cast<double>(requests.on_workers()), all));
    const int x = canvas.put(0, y, served) + 3;
    const bool none = server.shortage().empty() || server.shortage() == "none";
    if (none) {
        canvas.put(x, y, "nothing is short", Style{Ink::Good, false, false});
        return;
    }
    // The sentence begins with the word.
    const std::string text =
        "! short: " + (server.shortage_text().empty() ? server.shortage() : server.shortage_text());
    canvas.put(x, y, cut(text, canvas.width() - x), Style{Ink::Bad, true, false});
}

}  // namespace

void draw_gauges(const Model& model, Canvas& canvas) {
    const OverviewLayout layout = overview_layout(model);
    const v1::Server& server = model.frame->server();
    const int right = layout.wide ? canvas.width() - 36 : canvas.width();
    draw_workers(server.workers(), canvas, 3, right);
    draw_connections_line(server.connections(), canvas, 4, right);
    if (layout.wide) {
        draw_spare(server, canvas, 5, right);
        canvas.vline(right, 3, 4);
        draw_wide_rates(model, canvas, right + 2, 3);
    } else {
        draw_rates(model, canvas, 5);
    }
    if (layout.history >= 0) {
        canvas.put(0, layout.history, "req/s 5m", kDim);
        draw_history(canvas, {9, layout.history, right - 10, 1},
                     (model.held ? *model.held : model.history).request_rates());
    }
    draw_served(server, canvas, layout.served);
}

void draw_overview(const Model& model, Canvas& canvas) {
    if (!model.frame) return;
    const OverviewLayout layout = overview_layout(model);
    draw_state(model, canvas);
    canvas.hline(0, 2, canvas.width());
    draw_gauges(model, canvas);
    canvas.hline(0, layout.served + 1, canvas.width());
    if (!layout.wide) {
        draw_child_table(model, canvas, layout.children);
        return;
    }
    draw_board(model, canvas);
    canvas.vline(layout.events.x - 2, layout.events.y, layout.events.height);
    draw_events(model, canvas, layout.events);
    canvas.hline(0, layout.connections.y - 1, canvas.width());
    draw_connection_heading(model, canvas, layout.connections.y);
    Rect table = layout.connections;
    table.y += 1;
    table.height -= 1;
    draw_connection_table(model, canvas, table);
    draw_limits(model, canvas, layout.tune);
}

}  // namespace mpmd::tui
