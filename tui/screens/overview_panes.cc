#include <algorithm>

#include <fmt/format.h>

#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

char mark_of_severity(const std::string& severity) {
    return severity == "error" || severity == "warn" ? '!' : ' ';
}

Ink ink_of_severity(const std::string& severity) {
    if (severity == "error") return Ink::Bad;
    return severity == "warn" ? Ink::Warn : Ink::Normal;
}

}  // namespace

void draw_events(const Model& model, Canvas& canvas, const Rect& area) {
    canvas.put(area.x, area.y, "EVENTS", kBold);
    const auto& events = model.frame->events();
    const int shown = std::min(events.size(), area.height - 1);
    for (int i = 0; i < shown; ++i) {  // newest first
        const v1::Event& event = events.Get(events.size() - 1 - i);
        const std::string text =
            fmt::format("{} {} {}", clock_text(event.time().seconds(), model.utc_offset_seconds),
                        mark_of_severity(event.severity()), event.text());
        canvas.put(area.x, area.y + 1 + i, cut(text, area.width),
                   Style{ink_of_severity(event.severity()), false, false});
    }
}

void draw_limits(const Model& model, Canvas& canvas, int y) {
    const v1::Limits& limits = model.frame->server().limits();
    int x = canvas.put(0, y, "LIMITS", kBold) + 2;
    x = put_field(canvas, x, y, "MinSpare", fmt::format("{}", limits.min_spare_threads()));
    x = put_field(canvas, x, y, "MaxSpare", fmt::format("{}", limits.max_spare_threads()));
    x = put_field(canvas, x, y, "Threads/Child", fmt::format("{}", limits.threads_per_child()));
    x = put_field(canvas, x, y, "MaxRequestWorkers",
                  fmt::format("{}", limits.max_request_workers()));
    x = put_field(canvas, x, y, "ServerLimit", fmt::format("{}", limits.server_limit()));
    put_field(canvas, x, y, "AsyncFactor",
              fmt::format("{:g}", limits.async_request_worker_factor()));
}

}  // namespace mpmd::tui
