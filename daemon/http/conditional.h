#pragma once

// Pure. Conditional requests (RFC 9110 13): may the request be answered, and is a range wanted of
// what we have?

#include <cstdint>
#include <string_view>

#include "daemon/http/request.h"

namespace mpmd::http {

struct Validators {
    std::string_view etag;           // with its quotes; W/ in front when weak
    std::string_view last_modified;  // as sent in the header
    std::int64_t modified = 0;       // seconds since 1970
};

enum class Condition : std::uint8_t { Proceed, NotModified, Failed };  // the request, 304, 412

// If-Match, else If-Unmodified-Since; then, for GET and HEAD, If-None-Match, else If-Modified-Since
// (13.2.2). For something that exists. A date that is no date is ignored.
[[nodiscard]] Condition check_conditions(const Request& request, const Validators& have);

// If-Range: true when absent or when it names, strongly, what we have.
[[nodiscard]] bool range_still_valid(const Request& request, const Validators& have);

}  // namespace mpmd::http
