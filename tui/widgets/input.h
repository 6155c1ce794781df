#pragma once

// A line of text being typed: cursor, the usual editing keys, a limit. Pure.

#include <cstddef>
#include <string>

#include "tui/canvas/canvas.h"
#include "tui/widgets/key.h"

namespace mpmd::tui {

class InputField {
public:
    explicit InputField(std::string text = {}, std::size_t limit = 200);

    // True when the key was for this field (Enter, Esc and Tab never are).
    bool press(Key key);
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::size_t cursor() const { return cursor_; }
    // Draws the part around the cursor into `columns`, and places the terminal's cursor.
    void draw(Canvas& canvas, int x, int y, int columns) const;

private:
    bool move_or_erase(Key key);
    void erase_word();

    std::u32string text_;
    std::size_t cursor_ = 0;
    std::size_t limit_;
};

}  // namespace mpmd::tui
