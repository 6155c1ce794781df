#include "tui/widgets/input.h"

#include <algorithm>

#include "tui/text/display.h"

namespace mpmd::tui {

InputField::InputField(std::string text, std::size_t limit) : limit_(limit) {
    for (const Glyph& glyph : glyphs(text, true))
        text_ += static_cast<char32_t>(glyph.bytes.front());
    cursor_ = text_.size();
}

bool InputField::press(Key key) {
    if (key == key::kEnter || key == key::kEscape || key == key::kTab || key == key::kBackTab)
        return false;
    if (move_or_erase(key)) return true;
    if (key >= key::kNamed || columns_of(key) < 1) return false;
    if (text_.size() < limit_) {
        text_.insert(cursor_, 1, key);
        ++cursor_;
    }
    return true;
}

bool InputField::move_or_erase(Key key) {
    switch (key) {
        case key::kLeft:
            if (cursor_ > 0) --cursor_;
            return true;
        case key::kRight:
            if (cursor_ < text_.size()) ++cursor_;
            return true;
        case key::kHome:
        case key::ctrl('A'):
            cursor_ = 0;
            return true;
        case key::kEnd:
        case key::ctrl('E'):
            cursor_ = text_.size();
            return true;
        case key::kDelete:
            if (cursor_ < text_.size()) text_.erase(cursor_, 1);
            return true;
        case key::kBackspace:
        case key::ctrl('H'):
            if (cursor_ > 0) text_.erase(--cursor_, 1);
            return true;
        case key::ctrl('U'):
            text_.erase(0, cursor_);
            cursor_ = 0;
            return true;
        case key::ctrl('W'):
            erase_word();
            return true;
        default:
            return false;
    }
}

void InputField::erase_word() {
    std::size_t start = cursor_;
    while (start > 0 && text_[start - 1] == U' ')
        --start;
    while (start > 0 && text_[start - 1] != U' ')
        --start;
    text_.erase(start, cursor_ - start);
    cursor_ = start;
}

std::string InputField::text() const {
    std::string out;
    for (const char32_t code : text_)
        out += encode(code);
    return out;
}

void InputField::draw(Canvas& canvas, int x, int y, int columns) const {
    std::size_t first = cursor_;
    for (int used = 1; first > 0; --first) {  // the column of the cursor itself is kept free
        used += std::max(columns_of(text_[first - 1]), 1);
        if (used > columns) break;
    }
    int at = x;
    int cursor_column = x;
    for (std::size_t i = first; i < text_.size(); ++i) {
        if (i == cursor_) cursor_column = at;
        if (at + columns_of(text_[i]) > x + columns) break;
        at = canvas.put(at, y, encode(text_[i]), Style{Ink::Info, true, false});
    }
    if (cursor_ == text_.size()) cursor_column = at;
    canvas.set_cursor(cursor_column, y);
}

}  // namespace mpmd::tui
