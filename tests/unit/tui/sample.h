#pragma once

// A server to look at: made-up frames that are the same each time, and a model that has seen them.

#include "tui/model/model.h"

namespace mpmd::tui::sample {

struct Shape {
    int children = 9;
    int threads = 25;
    int connections = 40;  // matched rows; the frame carries those of the asked window
};

// `tick` seconds after 14:02:31; counters and ages move with it.
[[nodiscard]] FramePtr frame(const WatchSpec& spec, const Shape& shape = {}, int tick = 0);
[[nodiscard]] v1::Connection connection(int number, int tick = 0);
[[nodiscard]] v1::ListDirectivesResponse directives();
[[nodiscard]] Failure failure(const std::string& message);

// A dashboard of that size, without a frame.
[[nodiscard]] Model blank(int width, int height);
// The same after one frame that answers what the model wants.
[[nodiscard]] Model live(int width, int height, const Shape& shape = {});
// Sends the frame of `tick` that answers what the model asked for last.
void feed(Model& model, const Shape& shape = {}, int tick = 0);
// Presses keys; returns the last reaction. Answers a new query with a frame at once.
Reaction press(Model& model, std::u32string_view keys, const Shape& shape = {});
[[nodiscard]] MonoTime at(int tick);

}  // namespace mpmd::tui::sample
