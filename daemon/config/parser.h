#pragma once

// Pure. httpd's grammar through the table: text of a file -> the values it asks for, or every error
// in it.
//
//   line      = blank* ( comment | section | directive )? newline      "\" at the end of a line
//   joins the next one comment   = "#" anything directive = name ( blank+ word )* section   = "<"
//   name ( blank+ word )* ">" | "</" name ">" word      = "..." | '...' | non-blanks within quotes
//   \" and \\ stand for themselves
//
// Names in any case, the last occurrence wins but for directives that accumulate (D-1, D-3).
// Numbers are strict (D-4). Sections are read to their end, so that every error is found in one
// run.

#include <map>
#include <string>
#include <string_view>

#include "daemon/config/diagnostic.h"
#include "daemon/config/directives.h"

namespace mpmd::config {

struct FileValue {
    std::string text;   // arguments as written, blanks folded; occurrences of an accumulating
                        // directive joined by ", "
    Position position;  // of the (last) occurrence
};

// What one file says, layer "file" of decisions.md 5. Settings start from the defaults of the
// table.
struct FileLayer {
    std::string file;
    Settings settings;
    std::map<std::string, FileValue> values;  // by canonical name, set directives only
    Diagnostics diagnostics;                  // in the order of the file
    [[nodiscard]] bool ok() const { return !has_errors(diagnostics); }
};

inline constexpr std::size_t kMaxFileBytes = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxLineBytes = 8190;  // a joined line
inline constexpr std::size_t kMaxErrors = 100;      // then one line says that there are more

[[nodiscard]] FileLayer parse(std::string_view text, const std::string& file);

// Every directive at its default.
[[nodiscard]] Settings default_settings();

}  // namespace mpmd::config
