#pragma once

// Pure. Bytes of a connection -> one request head, or a reason to refuse it (RFC 9112, strict).
//
// Boost.Beast's basic_parser with the checks that it leaves to its caller (request_parser.cc). It
// never sees an incomplete line, and it sees all complete ones each time: so the verdict depends on
// the bytes alone and not on how they arrived, and between two reads a connection keeps four bytes
// of state. Views of the Request point into `unread`. Thread rule: a value of whoever owns the
// connection. Allocates nothing but a longer field list, once.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/http/limits.h"
#include "daemon/http/request.h"

namespace mpmd::http {

struct ParseResult {
    enum class Status : std::uint8_t { NeedMore, HeadComplete, Rejected };
    Status status = Status::NeedMore;
    std::uint16_t code = 0;  // Rejected: 400, 414, 417, 431, 501 or 505
    std::size_t used = 0;  // HeadComplete: size of the head; the body, or the next request, follows
    std::string_view reason;  // Rejected: a clause for the log, static text
};

class RequestParser {
public:
    // `unread` starts where the request starts and holds everything received since: after NeedMore
    // the same bytes (elsewhere, if you like) and more. `request` is valid after HeadComplete;
    // after Rejected it holds what was read up to there, for the log, and the connection must be
    // closed after the answer. After HeadComplete or Rejected call reset() before the next request.
    [[nodiscard]] ParseResult feed(std::string_view unread,
                                   const RequestLimits& limits,
                                   Request& request);
    void reset() { parsed_ = 0; }
    // True when some bytes of a request have been seen: closing now deserves a 408 (E-22).
    [[nodiscard]] static bool has_begun(std::string_view unread) {
        return !unread.empty() && unread != "\r" && unread != "\r\n";
    }

private:
    std::uint32_t parsed_ = 0;  // complete lines before this offset are known to need more
};

// What a head may take in all; a connection need not keep more input than this to get a verdict.
[[nodiscard]] constexpr std::size_t head_limit(const RequestLimits& limits) {
    return std::size_t{64} * 1024 + limits.line + limits.field_size;
}

}  // namespace mpmd::http
