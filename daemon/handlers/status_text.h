#pragma once

// Pure. The number and text formats of httpd's status page, which programs out there parse.

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/time.h"

namespace mpmd::handlers {

// `digits` significant digits without the zero before the point and without trailing zeros: "0",
// ".03", "143.429"; below .0001 with an exponent, "5.99251e-5". No exponent for large numbers.
[[nodiscard]] std::string short_number(double value, int digits = 6);
// "1 day 2 hours 1 second": zero parts are left out; "" for 0 s.
[[nodiscard]] std::string uptime_text(std::uint64_t seconds);
// "570 kB", "3.4 MB", "5.6 GB" of KiB.
[[nodiscard]] std::string kbytes_text(std::uint64_t kbytes);
// "570 B", "1.2 kB", "3.4 MB", "5.6 GB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
// Appends client-supplied text so that it is text in HTML, in an attribute too: what is no
// printable ASCII becomes \xNN.
void append_escaped(std::string& html, std::string_view text);
// A target as it may be shown: a password in "http://user:password@host/" becomes XXXXXXXX.
[[nodiscard]] std::string without_password(std::string_view target);

// What the query asks for. Unknown words are ignored.
struct StatusQuery {
    bool automatic = false;     // auto: text for programs
    bool no_table = false;      // notable: the worker table as paragraphs
    std::int64_t refresh = -1;  // seconds for the Refresh line, -1 = none
};
// "auto&refresh=5", "auto?auto"; a refresh without a number, or with one below 1, is 10.
[[nodiscard]] StatusQuery parse_status_query(std::string_view query);

}  // namespace mpmd::handlers
