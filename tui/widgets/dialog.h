#pragma once

// The frame of a dialog and its buttons. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "tui/canvas/canvas.h"

namespace mpmd::tui {

// A box with a title in its upper edge; the inside is clear. Returns the area for text.
Rect draw_dialog(Canvas& canvas, const Rect& area, std::string_view title);

// In the middle of the canvas, as large as asked or as fits, never over the first row.
[[nodiscard]] Rect centred(const Canvas& canvas, int width, int height);

struct Button {
    std::string text;
    bool chosen = false;
    bool enabled = true;
};
void draw_buttons(Canvas& canvas, int x, int y, const std::vector<Button>& buttons);

// Text broken at blanks into lines of at most `columns`; words that are longer are cut.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, int columns);
// Draws wrapped text from line `y` to before line `end`; returns the line after it.
int put_wrapped(Canvas& canvas, const Rect& area, std::string_view text, Style style = kPlain);

}  // namespace mpmd::tui
