#include "tui/widgets/key.h"

#include <fmt/format.h>

#include "tui/text/display.h"

namespace mpmd::tui {

namespace {

struct Name {
    Key key;
    const char* name;
};
constexpr Name kNames[] = {
    {key::kEnter, "Enter"},   {key::kEscape, "Esc"},     {key::kTab, "Tab"},
    {key::kUp, "Up"},         {key::kDown, "Down"},      {key::kLeft, "Left"},
    {key::kRight, "Right"},   {key::kPageUp, "PgUp"},    {key::kPageDown, "PgDn"},
    {key::kHome, "Home"},     {key::kEnd, "End"},        {key::kDelete, "Del"},
    {key::kBackTab, "S-Tab"}, {key::kBackspace, "Bksp"}, {U' ', "Space"},
};

}  // namespace

std::string key_name(Key key) {
    for (const Name& name : kNames) {
        if (name.key == key) return name.name;
    }
    if (key > key::kNamed + 100)
        return fmt::format("F{}", static_cast<unsigned>(key - key::kNamed - 100));
    if (key < 0x20) return fmt::format("Ctrl-{}", static_cast<char>(key + 0x40));
    return encode(key);
}

}  // namespace mpmd::tui
