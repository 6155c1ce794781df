#pragma once

// Bars and histories. Pure.

#include <span>

#include "tui/canvas/canvas.h"

namespace mpmd::tui {

// [||||||......] on one line, filled by share 0..1.
void draw_gauge(Canvas& canvas, const Rect& area, double share, Ink ink);
// Of something that can run out: warning above 80 %, bad above 95 %.
[[nodiscard]] Ink ink_of_share(double share);

// The last values that fit, newest right, scaled to the largest; a negative value is a gap.
void draw_history(Canvas& canvas, const Rect& area, std::span<const double> values);

}  // namespace mpmd::tui
