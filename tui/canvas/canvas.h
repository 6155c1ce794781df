#pragma once

// A grid of cells: what every screen draws on. The terminal copies it, tests read it as text.
// Drawing beyond the edge is cut, never an error; text is cleaned (text/display.h) on its way into
// the grid, so no byte of a stranger can reach the terminal uncleaned. Not for sharing between
// threads.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mpmd::tui {

// What a colour means; the terminal chooses the colour. Never the only mark of a state.
enum class Ink : std::uint8_t { Normal, Good, Warn, Bad, Info, Special, Dim };

struct Style {
    Ink ink = Ink::Normal;
    bool bold = false;
    bool reverse = false;
    bool operator==(const Style&) const = default;
};

inline constexpr Style kPlain{};
inline constexpr Style kBold{Ink::Normal, true, false};
inline constexpr Style kReverse{Ink::Normal, false, true};
inline constexpr Style kDim{Ink::Dim, false, false};

struct Cell {
    std::string bytes = " ";  // empty: the right half of a wide character
    Style style;
    bool operator==(const Cell&) const = default;
};

struct Rect {
    int x = 0, y = 0, width = 0, height = 0;
    [[nodiscard]] int right() const { return x + width; }
    [[nodiscard]] int bottom() const { return y + height; }
};

class Canvas {
public:
    Canvas(int width, int height, bool ascii);

    [[nodiscard]] int width() const { return width_; }
    [[nodiscard]] int height() const { return height_; }
    [[nodiscard]] bool ascii() const { return ascii_; }
    [[nodiscard]] const Cell& at(int x, int y) const;

    // Writes until the text or `limit` (exclusive column; the edge when 0) ends; returns the column
    // after it.
    int put(int x, int y, std::string_view text, Style style = kPlain, int limit = 0);
    // Ends before column `right`.
    void put_right(int right, int y, std::string_view text, Style style = kPlain);
    void clear(const Rect& area);
    void restyle(const Rect& area, Style style);
    void hline(int x, int y, int length);
    void vline(int x, int y, int length);
    void box(const Rect& area);  // a frame; the inside is cleared

    // Where the cursor shall stand; -1 hides it.
    void set_cursor(int x, int y);
    [[nodiscard]] int cursor_x() const { return cursor_x_; }
    [[nodiscard]] int cursor_y() const { return cursor_y_; }

    // A row without trailing blanks; all rows, each ended by a newline.
    [[nodiscard]] std::string row(int y) const;
    [[nodiscard]] std::string text() const;

private:
    Cell* cell(int x, int y);
    void set(int x, int y, std::string_view bytes, Style style);

    int width_;
    int height_;
    bool ascii_;
    int cursor_x_ = -1;
    int cursor_y_ = -1;
    std::vector<Cell> cells_;
};

}  // namespace mpmd::tui
