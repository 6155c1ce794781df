#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/widgets/dialog.h"
#include "tui/widgets/table.h"

namespace mpmd::tui {

namespace {

using Stage = TuneDialog::Stage;
using Focus = TuneDialog::Focus;
using Check = TuneDialog::Check;

// clang-format off
const Column kColumns[] = {
    {"DIRECTIVE", 25, false, 0}, {"NOW", 8, true, 0}, {"NEW", 9, true, 0}, {"FILE", 8, true, 2},
    {"RANGE", 14, false, 1, true}, {"SOURCE", 8, false, 1},
};
// clang-format on

std::string counted(int count, const char* thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

TableRow row_of(const TuneDialog& dialog, std::size_t index) {
    const v1::Directive& directive = dialog.directives[index];
    const bool here = static_cast<int>(index) == dialog.list.cursor;
    std::string fresh = dialog.edits[index].empty() ? "." : "> " + dialog.edits[index];
    TableRow row;
    row.cells = {directive.name(),
                 directive.value(),
                 fresh,
                 directive.file_value().empty() ? "-" : directive.file_value(),
                 directive.range(),
                 directive.source()};
    row.selected = here && dialog.focus == Focus::Rows && !dialog.input;
    row.mark = here ? '>' : ' ';
    if (!dialog.edits[index].empty()) row.style.bold = true;
    return row;
}

void draw_rows(const Model& model, const TuneDialog& dialog, Canvas& canvas, const Rect& area) {
    std::vector<TableRow> rows;
    const auto first = static_cast<std::size_t>(dialog.list.top);
    for (std::size_t i = first; i < dialog.directives.size(); ++i) {
        if (static_cast<int>(rows.size()) >= tune_rows(model)) break;
        rows.push_back(row_of(dialog, i));
    }
    draw_table(canvas, area, kColumns, rows, {});
    if (!dialog.input) return;
    for (const PlacedColumn& place : place_columns(kColumns, area.width, 0)) {
        if (place.index != 2) continue;
        const int y = area.y + 1 + dialog.list.cursor - dialog.list.top;
        canvas.clear({area.x + place.x, y, place.width, 1});
        dialog.input->draw(canvas, area.x + place.x, y, place.width);
    }
}

std::string effect_text(const v1::UpdateDirectivesResponse& response) {
    std::string out;
    for (const v1::ChangeEffect& effect : response.effects()) {
        out += fmt::format("{}{} {} -> {}", out.empty() ? "" : ", ", effect.name(),
                           effect.old_value(), effect.new_value());
    }
    return out;
}

void draw_warnings(const v1::UpdateDirectivesResponse& response, Canvas& canvas, Rect area) {
    const int bottom = area.bottom();
    for (const std::string& warning : response.warnings()) {
        area.height = bottom - area.y;
        area.y = put_wrapped(canvas, area, "warn    " + warning, Style{Ink::Warn, false, false});
    }
}

// What the selected directive means, and what the columns have no room for.
void draw_description(const TuneDialog& dialog, Canvas& canvas, Rect area) {
    if (dialog.directives.empty()) {
        canvas.put(area.x, area.y, "nothing can be changed here", kDim);
        return;
    }
    const int bottom = area.bottom();
    const v1::Directive& here = dialog.directives[static_cast<std::size_t>(dialog.list.cursor)];
    area.y = put_wrapped(canvas, area, fmt::format("{} {}", here.name(), here.value()), kBold);
    area.height = bottom - area.y;
    area.y = put_wrapped(canvas, area, here.help());
    area.height = bottom - area.y;
    const std::string set = here.position().empty() ? std::string() : ", set at " + here.position();
    area.y = put_wrapped(
        canvas, area,
        fmt::format("range {}, default {}{}", here.range(), here.default_value(), set), kDim);
    area.height = bottom - area.y;
    put_wrapped(canvas, area, "Enter or a digit edits the value", kDim);
}

void draw_check(const TuneDialog& dialog, Canvas& canvas, Rect area) {
    switch (dialog.check) {
        case Check::None:
            draw_description(dialog, canvas, area);
            return;
        case Check::Waiting:
            canvas.put(area.x, area.y, "Check   asking the server", kDim);
            return;
        case Check::Refused: {
            std::string text = "Check   refused: " + dialog.failure.message;
            const auto hint = dialog.failure.metadata.find("suggestion");
            const bool said = hint != dialog.failure.metadata.end() &&
                              dialog.failure.message.find(hint->second) != std::string::npos;
            if (hint != dialog.failure.metadata.end() && !said) text += "; try " + hint->second;
            put_wrapped(canvas, area, text, Style{Ink::Bad, false, false});
            return;
        }
        case Check::Good:
            break;
    }
    canvas.put(area.x, area.y,
               fmt::format("Check   OK: {}, {}", counted(dialog.changes(), "change"),
                           counted(dialog.checked.warnings_size(), "warning")),
               Style{Ink::Good, false, false}, area.right());
    ++area.y;
    --area.height;
    const int bottom = area.bottom();
    if (!dialog.checked.prediction().empty())
        area.y = put_wrapped(canvas, area, "Effect  " + dialog.checked.prediction());
    draw_warnings(dialog.checked, canvas, {area.x, area.y, area.width, bottom - area.y});
}

void draw_editing(const Model& model,
                  const TuneDialog& dialog,
                  Canvas& canvas,
                  const Rect& inside) {
    const int rows = tune_rows(model);
    draw_rows(model, dialog, canvas, {inside.x, inside.y, inside.width, rows + 1});
    int y = inside.y + rows + 1;
    canvas.hline(inside.x, y, inside.width);
    const auto below = static_cast<int>(dialog.directives.size()) - dialog.list.top - rows;
    if (below > 0)
        canvas.put_right(inside.right() - 2, y, fmt::format(" {} more below ", below), kDim);
    draw_check(dialog, canvas, {inside.x, y + 1, inside.width, inside.bottom() - 3 - y});
    const std::string lifetime = dialog.saved ? "( ) until restart  (*) kept across restarts"
                                              : "(*) until restart  ( ) kept across restarts";
    put_field(canvas, inside.x, inside.bottom() - 2, "Lifetime", lifetime);
    const bool ready = dialog.check == Check::Good;
    draw_buttons(canvas, inside.x, inside.bottom() - 1,
                 {{"Apply", dialog.focus == Focus::Apply, ready},
                  {"Do nothing", dialog.focus == Focus::Cancel, true}});
    if (dialog.asked_to_discard)
        canvas.put_right(inside.right(), inside.bottom() - 1,
                         "Esc again drops " + counted(dialog.changes(), "change"),
                         Style{Ink::Warn, true, false});
}

void draw_done(const TuneDialog& dialog, Canvas& canvas, const Rect& inside) {
    Rect area{inside.x, inside.y, inside.width, inside.height - 2};
    const int bottom = area.bottom();
    area.y = put_wrapped(canvas, area,
                         fmt::format("Applied as revision {}: {}", dialog.applied.revision(),
                                     effect_text(dialog.applied)),
                         Style{Ink::Good, false, false});
    area.height = bottom - area.y;
    if (!dialog.applied.prediction().empty())
        area.y = put_wrapped(canvas, area, dialog.applied.prediction());
    draw_warnings(dialog.applied, canvas, {area.x, area.y, area.width, bottom - area.y});
    draw_buttons(canvas, inside.x, inside.bottom() - 1, {{"Close", true, true}});
}

}  // namespace

void draw_tune_box(const Model& model, const TuneDialog& dialog, Canvas& canvas) {
    const Rect inside = draw_dialog(canvas, tune_dialog_area(model), "Apply changes");
    switch (dialog.stage) {
        case Stage::Loading:
            canvas.put(inside.x, inside.y, "reading the directives", kDim);
            return;
        case Stage::Applying:
            canvas.put(inside.x, inside.y, "applying", kDim);
            return;
        case Stage::Editing:
            return draw_editing(model, dialog, canvas, inside);
        case Stage::Done:
            return draw_done(dialog, canvas, inside);
        case Stage::Failed:
            break;
    }
    put_wrapped(canvas, inside, "The directives cannot be read: " + dialog.failure.message,
                Style{Ink::Bad, false, false});
    draw_buttons(canvas, inside.x, inside.bottom() - 1, {{"Close", true, true}});
}

}  // namespace mpmd::tui
