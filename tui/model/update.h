#pragma once

// The dashboard's logic: one event changes the model and says what the loop shall do. No terminal,
// no calls, no clock (`now` is told). Keys are looked up in the keymap of the scope that is on top.

#include "tui/model/model.h"

namespace mpmd::tui {

[[nodiscard]] Reaction update(Model& model, const Event& event, MonoTime now);

}  // namespace mpmd::tui
