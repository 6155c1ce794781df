#pragma once

// A key as the terminal reports it: a code point, or one of the named keys beyond Unicode. Plain
// value.

#include <string>

namespace mpmd::tui {

using Key = char32_t;

namespace key {
inline constexpr Key kEnter = U'\r';
inline constexpr Key kEscape = 0x1b;
inline constexpr Key kTab = U'\t';
inline constexpr Key kBackspace = 0x7f;
inline constexpr Key kNamed = 0x110000;
inline constexpr Key kUp = kNamed + 1;
inline constexpr Key kDown = kNamed + 2;
inline constexpr Key kLeft = kNamed + 3;
inline constexpr Key kRight = kNamed + 4;
inline constexpr Key kPageUp = kNamed + 5;
inline constexpr Key kPageDown = kNamed + 6;
inline constexpr Key kHome = kNamed + 7;
inline constexpr Key kEnd = kNamed + 8;
inline constexpr Key kDelete = kNamed + 9;
inline constexpr Key kBackTab = kNamed + 10;
[[nodiscard]] constexpr Key function(int number) {
    return kNamed + 100 + static_cast<Key>(number);
}
[[nodiscard]] constexpr Key ctrl(char letter) {
    return static_cast<Key>(letter & 0x1f);
}
}  // namespace key

// "Enter", "Ctrl-L", "F1", "Space", "r"
[[nodiscard]] std::string key_name(Key key);

}  // namespace mpmd::tui
