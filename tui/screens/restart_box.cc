#include <algorithm>

#include <fmt/format.h>

#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"
#include "tui/widgets/dialog.h"
#include "tui/widgets/gauge.h"

namespace mpmd::tui {

namespace {

using Stage = RestartDialog::Stage;

std::string target_text(const RestartTarget& target) {
    return fmt::format("child {} (slot {}, pid {}): {} busy, {} connections", target.uid,
                       target.slot, target.pid, target.busy, target.connections);
}

std::string command_text(const RestartDialog& dialog) {
    if (dialog.all) return "mpmctl restart --all";
    std::string out = "mpmctl restart";
    for (const RestartTarget& target : dialog.targets)
        out += fmt::format(" {}", target.uid);
    return out;
}

void draw_question(const RestartDialog& dialog, Canvas& canvas, const Rect& inside) {
    Rect area{inside.x, inside.y, inside.width, inside.height - 3};
    if (dialog.all) {
        std::uint64_t busy = 0;
        std::uint64_t connections = 0;
        for (const RestartTarget& target : dialog.targets) {
            busy += target.busy;
            connections += target.connections;
        }
        area.y = put_wrapped(canvas, area,
                             fmt::format("All {} children: {} busy threads, {} connections.",
                                         dialog.targets.size(), busy, connections));
    } else {
        const int most = std::max(area.height - 4, 1);
        int shown = 0;
        for (const RestartTarget& target : dialog.targets) {
            if (shown == most) {
                canvas.put(area.x, area.y++,
                           fmt::format("and {} more",
                                       dialog.targets.size() - static_cast<std::size_t>(shown)));
                break;
            }
            canvas.put(area.x, area.y++, cut(target_text(target), area.width));
            ++shown;
        }
    }
    ++area.y;
    area.height = inside.bottom() - 2 - area.y;
    put_wrapped(canvas, area,
                "Each is replaced by a successor that is ready before the old one stops accepting. "
                "Requests in "
                "progress are finished. No file is read; the generation stays.");
    canvas.put(inside.x, inside.bottom() - 2, cut(command_text(dialog), inside.width), kDim);
    draw_buttons(canvas, inside.x, inside.bottom() - 1,
                 {{"Restart", dialog.go, true}, {"Do nothing", !dialog.go, true}});
}

Ink ink_of_state(v1::OperationState state) {
    if (state == v1::OPERATION_STATE_FAILED || state == v1::OPERATION_STATE_CANCELLED)
        return Ink::Bad;
    return state == v1::OPERATION_STATE_SUCCEEDED ? Ink::Good : Ink::Info;
}

std::string state_text(v1::OperationState state) {
    switch (state) {
        case v1::OPERATION_STATE_PENDING:
            return "PENDING";
        case v1::OPERATION_STATE_RUNNING:
            return "RUNNING";
        case v1::OPERATION_STATE_SUCCEEDED:
            return "SUCCEEDED";
        case v1::OPERATION_STATE_FAILED:
            return "FAILED";
        case v1::OPERATION_STATE_CANCELLED:
            return "CANCELLED";
        default:
            return "STARTED";
    }
}

void draw_steps(const Model& model,
                const v1::Operation& operation,
                Canvas& canvas,
                const Rect& area) {
    canvas.put(area.x, area.y, "SLOT     OLD     NEW  STEP        TIME  LEFT  NOTE", kBold,
               area.right());
    int y = area.y + 1;
    for (const v1::OperationStep& step : operation.steps()) {
        if (y >= area.bottom()) break;
        const std::int64_t end = step.has_end_time()
                                     ? step.end_time().seconds()
                                     : std::max(sample_second(model), step.start_time().seconds());
        const std::string time = step.has_start_time()
                                     ? human_duration(Seconds(end - step.start_time().seconds()))
                                     : std::string("-");
        const std::string fresh =
            step.new_pid() == 0 ? std::string("-") : fmt::format("{}", step.new_pid());
        const std::string line =
            fmt::format("{:>4} {:>7} {:>7}  {:<9} {:>6} {:>5}  {}", step.slot(), step.old_pid(),
                        fresh, step.state(), time, step.connections_left(), step.note());
        canvas.put(area.x, y++, cut(line, area.width));
    }
}

void draw_progress(const Model& model,
                   const RestartDialog& dialog,
                   Canvas& canvas,
                   const Rect& inside) {
    const v1::Operation& operation = dialog.operation;
    int x = canvas.put(inside.x, inside.y, operation.name(), kBold) + 2;
    canvas.put(x, inside.y, state_text(operation.state()),
               Style{ink_of_state(operation.state()), true, false});
    const double share =
        operation.total() > 0 ? static_cast<double>(operation.done()) / operation.total() : 0;
    const int gauge = std::min(inside.width, 40);
    draw_gauge(canvas, {inside.x, inside.y + 1, gauge, 1}, share, ink_of_state(operation.state()));
    canvas.put(inside.x + gauge + 1, inside.y + 1, operation.progress(), kPlain, inside.right());
    draw_steps(model, operation, canvas, {inside.x, inside.y + 2, inside.width, inside.height - 5});
    canvas.put(inside.x, inside.bottom() - 2, cut(operation.result(), inside.width),
               Style{ink_of_state(operation.state()), false, false});
    draw_buttons(canvas, inside.x, inside.bottom() - 1, {{"Close", true, true}});
    x = inside.x + 12;
    if (operation.state() == v1::OPERATION_STATE_RUNNING)
        canvas.put(x, inside.bottom() - 1, "it goes on when this closes", kDim, inside.right());
}

}  // namespace

void draw_restart_box(const Model& model, const RestartDialog& dialog, Canvas& canvas) {
    const bool progress = dialog.stage == Stage::Running;
    const int targets =
        dialog.all ? 1 : static_cast<int>(std::min<std::size_t>(dialog.targets.size(), 6));
    const int height =
        progress ? std::min(8 + dialog.operation.steps_size(), canvas.height() - 4) : targets + 9;
    const Rect box = centred(canvas, progress ? 90 : 72, height);
    const Rect inside = draw_dialog(canvas, box, dialog.all ? "Restart all" : "Restart child");
    switch (dialog.stage) {
        case Stage::Asking:
            return draw_question(dialog, canvas, inside);
        case Stage::Running:
            return draw_progress(model, dialog, canvas, inside);
        case Stage::Sent:
            canvas.put(inside.x, inside.y, "asking the server", kDim);
            return;
        case Stage::Refused:
            break;
    }
    put_wrapped(canvas, inside, "Refused: " + dialog.failure.message,
                Style{Ink::Bad, false, false});
    draw_buttons(canvas, inside.x, inside.bottom() - 1, {{"Close", true, true}});
}

}  // namespace mpmd::tui
