#pragma once

// Pure. Framing of a request body: where it ends, and its bytes without the chunk lines (RFC 9112
// 6, 7.1; strict). For reading and for discarding alike. 24 bytes of state; thread rule: a value of
// whoever owns the connection.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "daemon/http/limits.h"
#include "daemon/http/request.h"

namespace mpmd::http {

struct BodyResult {
    enum class Status : std::uint8_t {
        NeedMore,  // `used` bytes are done with; read more
        Data,      // `data` is a piece of the body; call again with the rest
        Complete,  // the next request follows after `used`
        Rejected   // answer `code` (400, 413, 431) and close
    };
    Status status = Status::NeedMore;
    std::uint16_t code = 0;
    std::size_t used = 0;
    std::string_view data;    // part of `unread`
    std::string_view reason;  // static text
};

class BodyReader {
public:
    BodyReader() = default;  // no body: Complete at once
    explicit BodyReader(const Request& request);

    // 413 before a byte of the body came: Content-Length is above LimitRequestBody.
    [[nodiscard]] static bool too_large(const Request& request, const RequestLimits& limits) {
        return limits.body != 0 && request.content_length.value_or(0) > limits.body;
    }

    // `unread` starts where the last call's `used` ended.
    [[nodiscard]] BodyResult read(std::string_view unread, const RequestLimits& limits);
    [[nodiscard]] bool complete() const { return state_ == State::Complete; }

private:
    enum class State : std::uint8_t {
        Complete,
        Length,     // remaining_ bytes to the end
        ChunkLine,  // before the size
        ChunkData,  // remaining_ bytes of this chunk
        ChunkEnd,   // CRLF after the data
        Trailer,    // field lines, or the empty line
        Failed
    };
    BodyResult read_data(std::string_view unread);
    BodyResult read_chunk_line(std::string_view unread, const RequestLimits& limits);
    BodyResult read_chunk_end(std::string_view unread);
    BodyResult read_trailer(std::string_view unread, const RequestLimits& limits);
    BodyResult reject(std::uint16_t code, std::string_view reason);

    std::uint64_t remaining_ = 0;
    std::uint64_t total_ = 0;    // data bytes announced so far, for LimitRequestBody
    std::uint32_t trailer_ = 0;  // trailer fields so far
    State state_ = State::Complete;
};

}  // namespace mpmd::http
