#pragma once

// Pure. One request head, as views into the connection's input buffer.
//
// Ownership: nothing is copied. Every view points into the bytes given to RequestParser::feed and
// stays valid as long as those bytes neither move nor change; a connection that is handed to a
// worker takes buffer and Request along. Moving a Request keeps its views. The field list keeps its
// storage over reset(), so that a Request used again allocates nothing. Thread rule: a value of
// whoever owns the connection. Decoding of the path is not done here: the cache is asked with the
// raw bytes (decode_path in target.h).

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/http/method.h"

namespace mpmd::http {

// The fields that the server itself looks at; all others are `Other` and found by name.
enum class FieldId : std::uint8_t {
    Other,
    Connection,
    ContentLength,
    Expect,
    Host,
    IfMatch,
    IfModifiedSince,
    IfNoneMatch,
    IfRange,
    IfUnmodifiedSince,
    Range,
    Referer,
    TransferEncoding,
    Upgrade,
    UserAgent
};

struct Field {
    FieldId id = FieldId::Other;
    std::string_view name;   // as sent
    std::string_view value;  // without surrounding blanks
};

// One end of the connection, as numbers. IPv4 takes the first four bytes.
struct End {
    std::array<std::uint8_t, 16> address{};
    std::uint16_t port = 0;
    bool v6 = false;
};

struct Request {
    Method method = Method::Other;
    std::uint8_t version = 11;      // 10 or 11
    bool chunked = false;           // Transfer-Encoding: chunked
    bool expect_continue = false;   // HTTP/1.1 with Expect: 100-continue
    bool wants_close = false;       // Connection has `close`
    bool wants_keep_alive = false;  // Connection has `keep-alive`; E-21 answers it
    std::uint32_t present = 0;      // bit per FieldId but Other
    std::uint32_t head_size = 0;    // bytes, from an optional empty line to the empty line included
    std::string_view method_text;   // as sent
    std::string_view target;        // as sent
    std::string_view raw_path;      // still encoded; "/..." or "*"; "" for CONNECT
    std::string_view query;         // without '?'
    std::string_view
        host;  // authority of the target, else the Host field; with its port, may be ""
    std::optional<std::uint64_t> content_length;
    std::vector<Field> fields;  // in order of arrival
    // Filled in by whoever owns the connection, after the parser.
    End peer;                // the client
    int socket = -1;         // to ask the kernel for our own address; not to be read or written
    std::uint8_t shown = 0;  // as what the scoreboard counts this connection at the moment

    [[nodiscard]] bool has(FieldId id) const {
        return ((present >> static_cast<unsigned>(id)) & 1u) != 0;
    }
    // Value of the first such field, "" when there is none.
    [[nodiscard]] std::string_view value(FieldId id) const;
    // By name without regard to case; nothing when absent.
    [[nodiscard]] std::optional<std::string_view> value(std::string_view name) const;
    // How often this field came (a list in several lines must not be read as its first line).
    [[nodiscard]] unsigned count(FieldId id) const;
    [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
    void reset();
};

}  // namespace mpmd::http
