#pragma once

// The two forms of the status page, as text. The server's own name, which is the client's word, is
// not in them: whoever sends the page puts it in front, so that one text serves many clients.

#include <string>
#include <string_view>

#include "daemon/handlers/status_figures.h"

namespace mpmd::handlers {

// ?auto: "Key: value" lines, httpd's keys in httpd's order (7.3), ours after Scoreboard (M-24).
// After the line with the server's name.
[[nodiscard]] std::string status_auto(const StatusFigures& figures);

// HTML (7.4). `name` and `address` are of the server as this client sees it. `as_table` false:
// workers as paragraphs (?notable). The head is what depends on the client.
[[nodiscard]] std::string status_html_head(std::string_view name, std::string_view address);
[[nodiscard]] std::string status_html(const StatusFigures& figures, bool as_table);

}  // namespace mpmd::handlers
