#include <algorithm>

#include <fmt/format.h>

#include "tui/model/layout.h"
#include "tui/model/lists.h"
#include "tui/screens/parts.h"
#include "tui/text/display.h"
#include "tui/text/human.h"

namespace mpmd::tui {

namespace {

// Everything of a board row that is not a letter: mark, tag, slot, pid, generation, listener; KA WC
// RD CL.
constexpr int kLeft = 28;
constexpr int kRight = 21;

void draw_parked(Canvas& canvas, int right, int y, const v1::Connections& states) {
    const std::uint32_t numbers[] = {states.keep_alive(), states.writing(), states.reading(),
                                     states.closing()};
    std::string text;
    for (const std::uint32_t number : numbers)
        text += pad(human_count(number), text.empty() ? 6 : 5, true);
    canvas.put_right(right, y, text);
}

void draw_board_row(const Model& model, Canvas& canvas, const Rect& area, const v1::Child& child) {
    const bool tagged = model.children.tags.count(child.uid()) != 0;
    canvas.put(area.x, area.y, std::string(1, child_mark(child)), Style{Ink::Warn, true, false});
    canvas.put(area.x + 1, area.y, tagged ? "*" : " ", Style{Ink::Special, true, false});
    const std::string head = fmt::format("{:>4} {:>7} {:>4} ", child.slot(), child.pid(),
                                         fmt::format("g{}", child.generation()));
    const int x = canvas.put(area.x + 2, area.y, head);
    canvas.put(x, area.y, listener_text(child), Style{ink_of_listener(child), false, false});
    if (model.children.list.selected == fmt::format("{}", child.uid()))
        canvas.restyle({area.x, area.y, kLeft - 1, 1}, kReverse);
    const int letters = area.width - kLeft - kRight;
    std::string_view rest = child.board();
    for (int line = 0; line < area.height && !rest.empty(); ++line) {
        const auto here = std::min(rest.size(), static_cast<std::size_t>(std::max(letters, 1)));
        put_letters(canvas, area.x + kLeft, area.y + line, std::string(rest.substr(0, here)));
        rest.remove_prefix(here);
    }
    draw_parked(canvas, area.right(), area.y, child.connection_states());
}

}  // namespace

Ink ink_of_letter(char letter) {
    switch (letter) {
        case 'R':
            return Ink::Info;
        case 'W':
            return Ink::Good;
        case 'K':
            return Ink::Special;
        case 'L':
        case 'D':
            return Ink::Info;
        case 'C':
            return Ink::Special;
        case 'G':
        case 'I':
            return Ink::Warn;
        case 'S':
            return Ink::Info;
        default:
            return Ink::Dim;
    }
}

Ink ink_of_listener(const v1::Child& child) {
    if (child.listener_busy_permille() > 900) return Ink::Bad;
    return child.listener_busy_permille() > 700 ? Ink::Warn : Ink::Normal;
}

std::string listener_text(const v1::Child& child) {
    return fmt::format("L {:>4}", human_permille(child.listener_busy_permille()));
}

int put_letters(Canvas& canvas, int x, int y, const std::string& letters) {
    for (const char letter : letters)
        x = canvas.put(x, y, std::string(1, letter),
                       Style{ink_of_letter(letter), letter == 'W', false});
    return x;
}

void draw_board(const Model& model, Canvas& canvas) {
    const OverviewLayout layout = overview_layout(model);
    const Rect& area = layout.children;
    const int x = canvas.put(area.x, area.y, "BOARD ", kBold);
    canvas.put(x, area.y, "_ idle R read W run L log C close G finish S start . empty", kDim,
               area.right());
    canvas.put(area.x + 2, area.y + 1, "SLOT     PID  GEN   LSTN  THREADS", kBold);
    canvas.put_right(area.right(), area.y + 1, "KA   WC   RD   CL", kBold);
    const std::vector<const v1::Child*> rows = ordered_children(model);
    int y = area.y + 2;
    for (auto i = static_cast<std::size_t>(model.children.list.top); i < rows.size(); ++i) {
        if (y + layout.lines_per_child > area.bottom()) break;
        draw_board_row(model, canvas, {area.x, y, area.width, layout.lines_per_child}, *rows[i]);
        y += layout.lines_per_child;
    }
    const std::size_t seen =
        static_cast<std::size_t>(model.children.list.top + child_list_rows(model));
    if (seen < rows.size())
        canvas.put_right(area.right(), area.y, fmt::format("{} more", rows.size() - seen), kDim);
}

}  // namespace mpmd::tui
