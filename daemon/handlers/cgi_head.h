#pragma once

// Pure. The head of what a CGI script says (RFC 3875 6):
//
//   head  = 1*( field-line NL ) NL            NL = LF or CRLF
//   field = name ":" value                    one at least of Content-Type, Location, Status
//
// What only the server may say is left out: Connection, Keep-Alive, Transfer-Encoding, Date, Server
// and the like. A Location that is a path, without a status, is a local redirect: the server
// answers for that path instead.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mpmd::handlers {

inline constexpr std::size_t kMaxCgiHead = std::size_t{32} * 1024;

struct CgiHead {
    enum class Result : std::uint8_t { NeedMore, Complete, Bad };
    Result result = Result::NeedMore;
    std::string reason;  // Bad: what is wrong with it, a part of a sentence

    std::size_t used = 0;  // bytes; the body follows
    std::uint16_t status = 200;
    std::string lines;           // for the response, each with CRLF; without the length
    std::string local_redirect;  // "/path?query", "" = none
    std::optional<std::uint64_t> content_length;
};

// `bytes`: everything that the script has said so far. `ended`: nothing will follow.
[[nodiscard]] CgiHead parse_cgi_head(std::string_view bytes, bool ended);

}  // namespace mpmd::handlers
