#include "tui/canvas/canvas.h"

#include <algorithm>

#include "daemon/base/check.h"
#include "tui/text/display.h"

namespace mpmd::tui {

Canvas::Canvas(int width, int height, bool ascii)
    : width_(std::max(width, 0)),
      height_(std::max(height, 0)),
      ascii_(ascii),
      cells_(static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_)) {}

Cell* Canvas::cell(int x, int y) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return nullptr;
    return &cells_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
                   static_cast<std::size_t>(x)];
}

const Cell& Canvas::at(int x, int y) const {
    CHECK(x >= 0 && y >= 0 && x < width_ && y < height_);
    return cells_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
                  static_cast<std::size_t>(x)];
}

// A half of a wide character that loses its other half becomes a blank.
void Canvas::set(int x, int y, std::string_view bytes, Style style) {
    Cell* here = cell(x, y);
    if (here == nullptr) return;
    Cell* left = cell(x - 1, y);
    Cell* right = cell(x + 1, y);
    if (here->bytes.empty() && left != nullptr && !bytes.empty()) left->bytes = " ";
    if (right != nullptr && right->bytes.empty() && !here->bytes.empty()) right->bytes = " ";
    here->bytes = bytes;
    here->style = style;
}

int Canvas::put(int x, int y, std::string_view text, Style style, int limit) {
    const int end = limit > 0 ? std::min(limit, width_) : width_;
    for (const Glyph& glyph : glyphs(text, ascii_)) {
        if (x + glyph.columns > end) break;
        set(x, y, glyph.bytes, style);
        if (glyph.columns == 2) {
            if (Cell* half = cell(x + 1, y)) {
                *half = Cell{"", style};
            }
        }
        x += glyph.columns;
    }
    return x;
}

void Canvas::put_right(int right, int y, std::string_view text, Style style) {
    put(right - tui::width(text), y, text, style, right);
}

void Canvas::clear(const Rect& area) {
    for (int y = area.y; y < area.bottom(); ++y) {
        for (int x = area.x; x < area.right(); ++x)
            set(x, y, " ", kPlain);
    }
}

void Canvas::restyle(const Rect& area, Style style) {
    for (int y = area.y; y < area.bottom(); ++y) {
        for (int x = area.x; x < area.right(); ++x) {
            if (Cell* here = cell(x, y)) here->style = style;
        }
    }
}

void Canvas::hline(int x, int y, int length) {
    for (int i = 0; i < length; ++i)
        set(x + i, y, ascii_ ? "-" : "─", kDim);
}

void Canvas::vline(int x, int y, int length) {
    for (int i = 0; i < length; ++i)
        set(x, y + i, ascii_ ? "|" : "│", kDim);
}

void Canvas::box(const Rect& area) {
    clear(area);
    hline(area.x, area.y, area.width);
    hline(area.x, area.bottom() - 1, area.width);
    vline(area.x, area.y, area.height);
    vline(area.right() - 1, area.y, area.height);
    set(area.x, area.y, ascii_ ? "+" : "┌", kDim);
    set(area.right() - 1, area.y, ascii_ ? "+" : "┐", kDim);
    set(area.x, area.bottom() - 1, ascii_ ? "+" : "└", kDim);
    set(area.right() - 1, area.bottom() - 1, ascii_ ? "+" : "┘", kDim);
}

void Canvas::set_cursor(int x, int y) {
    const bool inside = x >= 0 && y >= 0 && x < width_ && y < height_;
    cursor_x_ = inside ? x : -1;
    cursor_y_ = inside ? y : -1;
}

std::string Canvas::row(int y) const {
    std::string out;
    for (int x = 0; x < width_; ++x)
        out += at(x, y).bytes;
    const std::size_t last = out.find_last_not_of(' ');
    out.resize(last == std::string::npos ? 0 : last + 1);
    return out;
}

std::string Canvas::text() const {
    std::string out;
    for (int y = 0; y < height_; ++y)
        out += row(y) + "\n";
    return out;
}

}  // namespace mpmd::tui
