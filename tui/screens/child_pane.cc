#include <algorithm>

#include <fmt/format.h>

#include "tui/model/lists.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"
#include "tui/widgets/table.h"

namespace mpmd::tui {

namespace {

// clang-format off
const Column kThreadColumns[] = {
    {"THR", 4, true, 0}, {"S", 1, false, 0}, {"TID", 7, true, 2}, {"IN-ST", 6, true, 0}, {"REQS", 6, true, 2},
    {"CLIENT", 21, false, 0}, {"VHOST", 14, false, 3}, {"REQUEST", 16, false, 0, true},
};
// clang-format on

// Why it leaves, and the countdown to the end of its patience (ChildDrainTimeout).
std::string leaving_text(const v1::Child& child, std::int64_t now) {
    if (!child.has_drain_deadline()) return child.retire_reason();
    const std::int64_t left = std::max<std::int64_t>(child.drain_deadline().seconds() - now, 0);
    return fmt::format("{}, {} left", child.retire_reason(), human_duration(Seconds(left)));
}

void draw_identity(const v1::Child& child, Canvas& canvas, const Rect& area, std::int64_t now) {
    int x = put_field(canvas, area.x, area.y, "child", fmt::format("{}", child.uid()));
    // Of one that leaves other things are asked, and 80 columns have no room for both.
    if (child.retire_reason().empty() || area.width >= 100)
        x = put_field(canvas, x, area.y, "slot", fmt::format("{}", child.slot()));
    x = put_field(canvas, x, area.y, "pid", fmt::format("{}", child.pid()));
    x = canvas.put(x, area.y, child.state(), kBold) + 2;
    x = put_field(canvas, x, area.y, "age",
                  human_duration(Seconds(now - child.start_time().seconds())));
    if (!child.retire_reason().empty())
        x = put_field(canvas, x, area.y, "leaves:", leaving_text(child, now));
    if (child.heartbeat_age_ms() > api::kSilentMs)
        x = put_field(canvas, x, area.y, "no heartbeat for",
                      human_duration(Milliseconds(child.heartbeat_age_ms())));
    const auto all =
        static_cast<double>(child.requests_on_listener() + child.requests_on_workers());
    const std::string share = human_percent(static_cast<double>(child.requests_on_listener()), all);
    constexpr std::string_view kShare = "on listener";
    if (x + width(kShare) + 1 + width(share) <= area.right())
        put_field(canvas, x, area.y, std::string(kShare), share);
}

// The connection that one which leaves has had longest; returns the line after it.
int draw_holder(const v1::Child& child, Canvas& canvas, const Rect& area) {
    if (child.held_by().empty() || area.height < 2) return area.y;
    constexpr std::string_view kLabel = "held by";
    put_field(canvas, area.x, area.y, std::string(kLabel),
              cut(child.held_by(), area.width - width(kLabel) - 1));
    return area.y + 1;
}

// The letters, wrapped; returns the line after them.
int draw_letters(const v1::Child& child, Canvas& canvas, const Rect& area) {
    int x = canvas.put(area.x, area.y, listener_text(child),
                       Style{ink_of_listener(child), false, false});
    x += 2;
    const auto columns = static_cast<std::size_t>(std::max(area.right() - x, 1));
    std::string_view rest = child.board();
    int y = area.y;
    for (; !rest.empty() && y < area.bottom(); ++y) {
        put_letters(canvas, x, y, std::string(rest.substr(0, columns)));
        rest.remove_prefix(std::min(columns, rest.size()));
    }
    return std::max(y, area.y + 1);
}

void draw_parked(const v1::Child& child, Canvas& canvas, int y) {
    const v1::Connections& states = child.connection_states();
    int x = put_field(canvas, 0, y, "connections", fmt::format("{}", child.connections()));
    x = put_field(canvas, x, y, "KA", fmt::format("{}", states.keep_alive()));
    x = put_field(canvas, x, y, "WC", fmt::format("{}", states.writing()));
    x = put_field(canvas, x, y, "RD", fmt::format("{}", states.reading()));
    x = put_field(canvas, x, y, "RN", fmt::format("{}", states.running()));
    x = put_field(canvas, x, y, "CL", fmt::format("{}", states.closing()));
    x = put_field(canvas, x, y, "queued", fmt::format("{}", child.queued()));
    x = put_field(canvas, x, y, "in", human_bytes(child.bytes_in()));
    put_field(canvas, x, y, "out", human_bytes(child.bytes_out()));
}

bool works(const v1::Worker& worker) {
    return !worker.connection().empty();
}

TableRow row_of(const v1::Worker& worker) {
    TableRow row;
    row.cells = {fmt::format("{}", worker.thread()),
                 worker.state(),
                 fmt::format("{}", worker.tid()),
                 human_duration(Milliseconds(worker.state_age_ms())),
                 human_count(worker.requests()),
                 worker.peer(),
                 worker.vhost(),
                 worker.request()};
    if (!works(worker)) row.style.ink = Ink::Dim;
    return row;
}

// Threads that run something first, longest first: those are what one opens the pane for.
void draw_threads(const v1::Child& child, Canvas& canvas, const Rect& area) {
    std::vector<const v1::Worker*> workers;
    for (const v1::Worker& worker : child.workers())
        workers.push_back(&worker);
    std::stable_sort(workers.begin(), workers.end(), [](const v1::Worker* a, const v1::Worker* b) {
        if (works(*a) != works(*b)) return works(*a);
        return works(*a) && a->state_age_ms() > b->state_age_ms();
    });
    std::vector<TableRow> rows;
    for (const v1::Worker* worker : workers) {
        if (static_cast<int>(rows.size()) >= area.height - 1) break;
        rows.push_back(row_of(*worker));
    }
    draw_table(canvas, area, kThreadColumns, rows, {});
}

}  // namespace

void draw_child_pane(const Model& model, Canvas& canvas, const Rect& area) {
    const v1::Child* child = selected_child(model);
    if (child == nullptr) {
        canvas.put(area.x, area.y, "no child is selected", kDim);
        return;
    }
    draw_identity(*child, canvas, area, sample_second(model));
    if (area.height < 2) return;
    const int top = draw_holder(*child, canvas, {area.x, area.y + 1, area.width, area.height - 1});
    const int most = model.children.detail ? area.height / 3 : area.bottom() - top - 1;
    const int y = draw_letters(*child, canvas, {area.x, top, area.width, std::max(most, 1)});
    if (y < area.bottom()) draw_parked(*child, canvas, y);
    if (model.children.detail && y + 2 < area.bottom())
        draw_threads(*child, canvas, {area.x, y + 1, area.width, area.bottom() - y - 1});
}

}  // namespace mpmd::tui
