#include <fmt/format.h>

#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

std::string role_text(v1::Role role) {
    switch (role) {
        case v1::ROLE_VIEWER:
            return "viewer";
        case v1::ROLE_OPERATOR:
            return "operator";
        case v1::ROLE_ADMIN:
            return "admin";
        default:
            return {};
    }
}

struct State {
    std::string text;
    Ink ink;
};

State state_of(const Model& model) {
    if (is_stale(model)) {
        const Seconds age = std::chrono::duration_cast<Seconds>(model.now - model.frame_at);
        return {fmt::format("STALE {}s", age.count()), Ink::Bad};
    }
    if (!model.newest) return {model.link == Link::Lost ? "LOST" : "CONNECTING", Ink::Warn};
    const std::string interval = human_duration(model.interval);
    if (model.paused) return {"PAUSED " + interval, Ink::Warn};
    return {"LIVE " + interval, Ink::Good};
}

// What the bottom message says when nothing else is to be said.
Message standing_message(const Model& model) {
    if (model.link == Link::Lost) {
        const auto left = std::chrono::ceil<Seconds>(model.retry_at - model.now).count();
        const std::string retry =
            left > 0 ? fmt::format("trying again in {} s", left) : std::string("trying again");
        const std::string since =
            model.newest
                ? fmt::format(
                      "data is {} s old, ",
                      std::chrono::duration_cast<Seconds>(model.now - model.frame_at).count())
                : std::string();
        return {fmt::format("connection lost: {}{} ({})", since, retry, model.link_reason),
                Ink::Bad,
                {}};
    }
    if (is_stale(model))
        return {"no answer: the server holds the connection but sends nothing", Ink::Bad, {}};
    if (!model.frame) return {"waiting for the first sample", Ink::Dim, {}};
    for (const v1::Operation& operation : model.frame->operations()) {
        if (operation.state() != v1::OPERATION_STATE_RUNNING) continue;
        return {fmt::format("{} {}: {}", operation.name(), operation.kind(), operation.progress()),
                Ink::Info,
                {}};
    }
    const v1::Server& server = model.frame->server();
    if (server.shortage().empty() || server.shortage() == "none") return {};
    return {
        "short: " + (server.shortage_text().empty() ? server.shortage() : server.shortage_text()),
        Ink::Warn,
        {}};
}

void draw_keys(const Model& model, Canvas& canvas, int y) {
    const Scope scope = scope_of(model);
    int x = 0;
    for (const auto& entry : footer_keys(scope)) {
        if (entry.second == "Help" || entry.second == "Quit") continue;
        if (x + width(entry.first) + 1 + width(entry.second) > canvas.width()) break;
        x = canvas.put(x, y, entry.first, kBold);
        x = canvas.put(x + 1, y, entry.second) + 2;
    }
}

void draw_screens(const Model& model, Canvas& canvas, int y) {
    constexpr const char* kNames[] = {"1 Overview", "2 Children", "3 Connections"};
    int x = 0;
    for (std::size_t i = 0; i < std::size(kNames); ++i) {
        const bool here = !model.help && static_cast<std::size_t>(model.screen) == i;
        x = canvas.put(x, y, kNames[i], Style{Ink::Normal, here, here}) + 2;
    }
    canvas.put_right(canvas.width(), y, "? Help  q Quit");
}

}  // namespace

std::int64_t sample_second(const Model& model) {
    return model.frame ? model.frame->sample_time().seconds() : 0;
}

void draw_title(const Model& model, Canvas& canvas, const std::string& title) {
    int x = canvas.put(0, 0, title, Style{Ink::Normal, true, true}) + 2;
    const State state = state_of(model);
    const std::string clock =
        model.frame ? clock_text(sample_second(model), model.utc_offset_seconds) : std::string();
    const int right = canvas.width() - width(clock) - width(state.text) - 2;
    canvas.put_right(canvas.width(), 0, clock);
    canvas.put(right, 0, state.text, Style{state.ink, true, false});
    if (!model.frame) return;
    const v1::Server& server = model.frame->server();
    const std::string parts[] = {
        server.name(), "mpmd " + server.version(), fmt::format("gen {}", server.generation()),
        fmt::format("rev {}", server.revision()), role_text(server.you().role())};
    for (const std::string& part : parts) {
        if (x + width(part) + 1 > right) break;
        x = canvas.put(x, 0, part) + 2;
    }
}

void draw_footer(const Model& model, Canvas& canvas) {
    const int y = canvas.height() - 3;
    const bool broken = model.link == Link::Lost || is_stale(model);
    const Message message = model.message && !broken ? *model.message : standing_message(model);
    canvas.put(0, y, cut(message.text, canvas.width()), Style{message.ink, false, false});
    draw_keys(model, canvas, y + 1);
    draw_screens(model, canvas, y + 2);
}

int put_field(Canvas& canvas, int x, int y, const std::string& label, const std::string& value) {
    x = canvas.put(x, y, label, kDim);
    return canvas.put(x + 1, y, value) + 2;
}

}  // namespace mpmd::tui
