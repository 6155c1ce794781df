#pragma once

// The picture of a model: screens, and the dialogs over them. Draws cells, knows no terminal and no
// clock. The first row of every screen holds its number and title. Pure.

#include "tui/canvas/canvas.h"
#include "tui/model/model.h"

namespace mpmd::tui {

[[nodiscard]] Canvas draw(const Model& model);

// The overview as plain text for pipes: every child, no keys.
[[nodiscard]] std::string draw_batch(const Model& model);

}  // namespace mpmd::tui
