#pragma once

// A crash must not leave the terminal raw: SEGV, BUS, FPE, ILL and ABRT (std::terminate too) first
// write a reset string made beforehand and give the terminal its old settings back, then the signal
// does what it would have done. These are the only handlers that run code; they use write(2) and
// tcsetattr(3) alone.

#include <string>

#include <termios.h>

namespace mpmd::tui {

// From arm() to disarm() a crash restores `settings` on descriptor `fd` after writing `reset` (at
// most 200 bytes).
void arm_crash_reset(int fd, const termios& settings, const std::string& reset);
void disarm_crash_reset();

}  // namespace mpmd::tui
