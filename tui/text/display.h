#pragma once

// Text as a terminal shows it. Everything that reaches the screen passes through here, because
// addresses, hosts and targets are a stranger's bytes: what is not valid UTF-8, controls, bidi
// controls and unassigned characters come out as \xNN, and widths are those of our own table, not
// of the locale. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpmd::tui {

// One thing that stands in a cell: a character with the marks on it.
struct Glyph {
    std::string bytes;  // valid UTF-8, printable
    int columns = 1;    // 1 or 2
};

// Columns of one code point: 0 (a mark), 1 or 2; -1 for what must never be sent to a terminal.
[[nodiscard]] int columns_of(char32_t code_point);

// The text as glyphs; refused bytes become four glyphs each: \ x N N. At most two marks stay on a
// character. With `ascii` every character beyond ASCII becomes '?'.
[[nodiscard]] std::vector<Glyph> glyphs(std::string_view text, bool ascii = false);

// The same as text.
[[nodiscard]] std::string clean(std::string_view text);

// Columns that the cleaned text takes.
[[nodiscard]] int width(std::string_view text);

// The cleaned text in at most `columns`; a cut one ends in '~'.
[[nodiscard]] std::string cut(std::string_view text, int columns);

// Cut, then filled with blanks to exactly `columns`.
[[nodiscard]] std::string pad(std::string_view text, int columns, bool right = false);

// One code point as UTF-8.
[[nodiscard]] std::string encode(char32_t code_point);

}  // namespace mpmd::tui
