#pragma once

// Pure. httpd's grammar through the table: text of a file -> the values it asks for, or every error
// in it.
//
//   line      = blank* ( comment | section | directive )? newline
//   comment   = "#" anything
//   directive = name ( blank+ word )*
//   section   = "<" name ( blank+ word )* ">" | "</" name ">"
//   word      = "..." | '...' | non-blanks
//
// "\" at the end of a line joins the next one; within quotes \" and \\ stand for themselves.
// ${NAME} in a word is replaced after the words are told apart (definitions.h). Names in any case,
// the last occurrence wins but for directives that accumulate (D-1, D-3). Numbers are strict (D-4).
//
// Sections nest and close in the file that opens them. What stands in a condition that does not
// hold (condition.h) is not looked at but for its sections. Sections that this release does not
// support are read to their end, so that every error is found in one run. Include reads its files
// in its place, with the definitions and open sections that are there.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/config/diagnostic.h"
#include "daemon/config/directives.h"

namespace mpmd::config {

struct FileValue {
    std::string text;      // arguments as written, blanks folded; occurrences of an accumulating
                           // directive joined by ", "
    Position position;     // of the (last) occurrence
    std::string source{};  // that line
};

struct SourceFile {
    std::string path;
    std::string text;
};

// What the text may refer to. `include`: all files that an absolute path names (a file, a directory
// with what is below it, or a pattern), in order; none when nothing is there. Null: there are none.
struct Sources {
    std::vector<std::string> defines;  // -D
    std::map<std::string, std::string> environment;
    std::function<Result<std::vector<SourceFile>>(const std::string& path)> include;
};

// What one file says, layer "file" of decisions.md 5. Settings start from the defaults of the
// table.
struct FileLayer {
    std::string file;
    std::vector<std::string> files;  // all that were read, this one first
    Settings settings;
    std::map<std::string, FileValue> values;  // by canonical name, set directives only
    std::vector<OldLine> old_lines;           // deprecated names (2.4, U-23)
    Diagnostics diagnostics;                  // in the order of the file
    [[nodiscard]] bool ok() const { return !has_errors(diagnostics); }
};

inline constexpr std::size_t kMaxFileBytes = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxFiles = 1000;  // with those that Include reads
inline constexpr std::size_t kMaxAllBytes = 16 * kMaxFileBytes;
inline constexpr std::size_t kMaxIncludeDepth = 20;
inline constexpr std::size_t kMaxSectionDepth = 100;
inline constexpr std::size_t kMaxLineBytes = 8190;  // a joined line, a word after ${...}
inline constexpr std::size_t kMaxErrors = 100;      // then one line says that there are more

// `file`: how messages name it; absolute when an Include is to be recognised as a cycle.
[[nodiscard]] FileLayer parse(std::string_view text,
                              const std::string& file,
                              const Sources& sources = {});

// Every directive at its default.
[[nodiscard]] Settings default_settings();

}  // namespace mpmd::config
