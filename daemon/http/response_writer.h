#pragma once

// Pure. Renders a response head into a caller's buffer: status line, Date, Server, persistence
// (E-21), length or coding, the response's own lines, empty line. Also the chunk framing of bodies
// of unknown length. Thread rule: any. Allocates nothing.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "daemon/http/response.h"

namespace mpmd::http {

// What mpm decided about the connection (E-21) and what the client hears of it.
struct Persistence {
    bool keep_alive = true;
    bool announce = false;  // the client sent the keep-alive token: answer with Keep-Alive
    std::uint32_t timeout_seconds = 0;  // KeepAliveTimeout, whole seconds
    std::optional<std::uint32_t> left;  // requests left, absent when unlimited
};

struct HeadContext {
    std::uint8_t version = 11;  // of the request
    std::string_view date;      // IMF-fixdate, 29 bytes, rendered once a second (http_date.h)
    std::string_view server;    // "mpmd/0.1.0"
    Persistence persistence;
};

inline constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::size_t kChunkHeadRoom = 18;  // hex size and CRLF at most

// Enough room for render_head.
[[nodiscard]] std::size_t head_bound(const Response& response, const HeadContext& context);
// Bytes written; 0 when `into` is smaller than head_bound().
[[nodiscard]] std::size_t render_head(const Response& response,
                                      const HeadContext& context,
                                      std::span<char> into);
// "1f4\r\n" for a chunk of `size` > 0 bytes, which "\r\n" follows. Requires: kChunkHeadRoom bytes.
[[nodiscard]] std::size_t render_chunk_head(std::size_t size, std::span<char> into);

// "Not Found"; "Unknown" for a number that has no name.
[[nodiscard]] std::string_view reason_phrase(std::uint16_t status);

}  // namespace mpmd::http
