#pragma once

// `mpmctl top`: the console, or with `batch` (and whenever stdin or stdout is no terminal) its
// overview as text.
//
// One UI thread, the caller's: it waits for the terminal, signals and the feed, feeds events to
// update(), carries out the reaction and draws, at most ten times a second. A hang-up of the
// terminal ends it at once. Whatever the end, also a crash, the terminal is as it was before.

#include <chrono>

#include "tui/feed/feed.h"
#include "tui/terminal/colour.h"

namespace mpmd::tui {

struct DashboardOptions {
    bool batch = false;
    int frames = 0;  // with batch: how many; 0: until ended (1 when stdout is no terminal and batch
                     // was not asked for)
    std::chrono::milliseconds interval{1000};
    ColourChoice colour = ColourChoice::Auto;
    bool ascii = false;
};

// The exit code: 0, or 129, 130, 143 for HUP, INT and TERM, or 2 when the terminal cannot show a
// console (it says so on stderr). The error of the first attempt when nothing answered before the
// first picture.
[[nodiscard]] api::Reply<int> run_dashboard(const DashboardOptions& options, Feed& feed);

}  // namespace mpmd::tui
