#pragma once

// Pure. What a person reads about a configuration file: where, what, the line itself and a caret
// below the word.
//
//   /etc/mpmd/mpmd.conf:12:18: MinSpareThreads must be from 1 to 2000000000, not "x"
//       12 | MinSpareThreads   x
//          |                   ^
//
// Lines and columns count from 1; a column counts characters, a tab is one. The source line is
// untrusted: control bytes are shown as '?', long lines are cut around the caret.

#include <string>
#include <string_view>
#include <vector>

#include "daemon/config/config.h"

namespace mpmd::config {

enum class Severity : std::uint8_t { Error, Warning, Notice };

struct Diagnostic {
    Severity severity = Severity::Error;
    Position position;    // line 0: about the file as a whole
    std::string message;  // one sentence, without position and full stop
    std::string source;   // the physical line at position, without its end

    // "file:12:18: message", for who says the severity otherwise, as a log does.
    [[nodiscard]] std::string sentence() const;
    // The same with "warning: " or "notice: " before the message where it is one.
    [[nodiscard]] std::string headline() const;
    // The headline, the line and the caret; several lines, no newline at the end.
    [[nodiscard]] std::string text() const;
};

using Diagnostics = std::vector<Diagnostic>;

// The text with '?' for whatever a terminal should not see: control bytes, broken UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

[[nodiscard]] bool has_errors(const Diagnostics& diagnostics);

}  // namespace mpmd::config
