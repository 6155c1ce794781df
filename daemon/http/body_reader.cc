#include "daemon/http/body_reader.h"

#include <algorithm>
#include <limits>

#include "daemon/base/text.h"

namespace mpmd::http {
namespace {

// chunk-body = *( size [ext] CRLF data CRLF ) 1*"0" [ext] CRLF *( field-line CRLF ) CRLF
// ext        = *( ";" token [ "=" ( token / quoted-string ) ] )     no blanks: nobody sends them,
// smugglers do
constexpr std::size_t kMaxChunkLine = 1024;

bool is_token_char(char c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alnum ||
           (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// A byte that may stand in a field value or, but for two, in a quoted string.
bool is_text_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

std::size_t token_size(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && is_token_char(text[n]))
        ++n;
    return n;
}

// Size with both quotes, 0 when there is none.
std::size_t quoted_size(std::string_view text) {
    if (!text.starts_with('"')) return 0;
    for (std::size_t n = 1; n < text.size(); ++n) {
        if (text[n] == '"') return n + 1;
        if (text[n] == '\\') ++n;
        if (n >= text.size() || !is_text_char(text[n])) return 0;
    }
    return 0;
}

bool valid_extensions(std::string_view text) {
    while (!text.empty()) {
        if (text.front() != ';') return false;
        text.remove_prefix(1);
        const std::size_t name = token_size(text);
        if (name == 0) return false;
        text.remove_prefix(name);
        if (!text.starts_with('=')) continue;
        text.remove_prefix(1);
        const std::size_t value = std::max(token_size(text), quoted_size(text));
        if (value == 0) return false;
        text.remove_prefix(value);
    }
    return true;
}

bool valid_trailer(std::string_view line) {
    const std::size_t name_size = token_size(line);
    if (name_size == 0 || name_size >= line.size() || line[name_size] != ':') return false;
    const std::string_view value = line.substr(name_size + 1);
    if (!std::all_of(value.begin(), value.end(), is_text_char)) return false;
    // Framing, routing and the connection cannot change after the fact.
    static constexpr std::string_view kRefused[] = {"content-length", "transfer-encoding", "host",
                                                    "connection", "proxy-connection"};
    const std::string_view name = line.substr(0, name_size);
    return std::none_of(std::begin(kRefused), std::end(kRefused),
                        [&](std::string_view refused) { return text::iequals(name, refused); });
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// One to sixteen hex digits at the start; the rest stays in `line`.
bool take_size(std::string_view& line, std::uint64_t& size) {
    std::size_t n = 0;
    size = 0;
    while (n < line.size() && hex_value(line[n]) >= 0) {
        if (n == 16) return false;
        size = size * 16 + static_cast<std::uint64_t>(hex_value(line[n]));
        ++n;
    }
    line.remove_prefix(n);
    return n > 0;
}

struct Line {
    enum class Status : std::uint8_t { Open, Whole, Bad, TooLong };
    Status status = Status::Open;
    std::string_view text;  // without CRLF
};

// The verdict on a line must not depend on how much of it has arrived.
Line first_line(std::string_view unread, std::size_t limit) {
    const std::size_t end = unread.find('\n');
    if (end == std::string_view::npos) {
        const bool long_already = unread.size() > limit + 1;  // one CR may be part of its end
        return {long_already ? Line::Status::TooLong : Line::Status::Open, {}};
    }
    if (end > limit + 1) return {Line::Status::TooLong, {}};
    if (end == 0 || unread[end - 1] != '\r') return {Line::Status::Bad, {}};
    return {Line::Status::Whole, unread.substr(0, end - 1)};
}

}  // namespace

BodyReader::BodyReader(const Request& request) {
    if (request.chunked) {
        state_ = State::ChunkLine;
    } else if (request.content_length.value_or(0) > 0) {
        state_ = State::Length;
        remaining_ = *request.content_length;
    }
}

BodyResult BodyReader::read(std::string_view unread, const RequestLimits& limits) {
    if (state_ == State::Length && limits.body != 0 &&
        remaining_ > limits.body - std::min(total_, limits.body))
        return reject(413, "body is larger than LimitRequestBody");
    BodyResult sum;
    for (;;) {
        BodyResult step;
        switch (state_) {
            case State::Complete:
                step.status = BodyResult::Status::Complete;
                break;
            case State::Failed:
                return reject(400, "body was refused before");
            case State::Length:
            case State::ChunkData:
                step = read_data(unread);
                break;
            case State::ChunkLine:
                step = read_chunk_line(unread, limits);
                break;
            case State::ChunkEnd:
                step = read_chunk_end(unread);
                break;
            case State::Trailer:
                step = read_trailer(unread, limits);
                break;
        }
        sum.used += step.used;
        unread.remove_prefix(step.used);
        const bool line_done = step.status == BodyResult::Status::NeedMore && step.used > 0;
        if (line_done) continue;
        step.used = sum.used;
        return step;
    }
}

BodyResult BodyReader::read_data(std::string_view unread) {
    if (unread.empty()) return {};
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, unread.size()));
    remaining_ -= size;
    const bool by_length = state_ == State::Length;
    if (by_length) total_ += size;
    if (remaining_ == 0) state_ = by_length ? State::Complete : State::ChunkEnd;
    return {BodyResult::Status::Data, 0, size, unread.substr(0, size), {}};
}

BodyResult BodyReader::read_chunk_line(std::string_view unread, const RequestLimits& limits) {
    const Line line = first_line(unread, kMaxChunkLine);
    if (line.status == Line::Status::Open) return {};
    if (line.status == Line::Status::TooLong) return reject(400, "chunk line is too long");
    std::string_view rest = line.text;
    std::uint64_t chunk = 0;
    if (line.status == Line::Status::Bad || !take_size(rest, chunk) || !valid_extensions(rest))
        return reject(400, "malformed chunk size");
    if (chunk > std::numeric_limits<std::uint64_t>::max() - total_)
        return reject(400, "chunk size overflows");
    total_ += chunk;
    if (limits.body != 0 && total_ > limits.body)
        return reject(413, "body is larger than LimitRequestBody");
    remaining_ = chunk;
    state_ = chunk == 0 ? State::Trailer : State::ChunkData;
    return {BodyResult::Status::NeedMore, 0, line.text.size() + 2, {}, {}};
}

BodyResult BodyReader::read_chunk_end(std::string_view unread) {
    const std::string_view end = unread.substr(0, 2);
    if (end != std::string_view("\r\n").substr(0, end.size()))
        return reject(400, "chunk is longer than its size says");
    if (end.size() < 2) return {};
    state_ = State::ChunkLine;
    return {BodyResult::Status::NeedMore, 0, 2, {}, {}};
}

BodyResult BodyReader::read_trailer(std::string_view unread, const RequestLimits& limits) {
    const Line line = first_line(unread, limits.field_size);
    if (line.status == Line::Status::Open) return {};
    if (line.status == Line::Status::Bad) return reject(400, "line does not end in CRLF");
    if (line.status == Line::Status::TooLong)
        return reject(431, "trailer line is longer than LimitRequestFieldSize");
    if (line.text.empty()) {
        state_ = State::Complete;
        return {BodyResult::Status::Complete, 0, 2, {}, {}};
    }
    if (!valid_trailer(line.text)) return reject(400, "malformed trailer");
    if (limits.fields != 0 && ++trailer_ > limits.fields)
        return reject(431, "more trailers than LimitRequestFields");
    return {BodyResult::Status::NeedMore, 0, line.text.size() + 2, {}, {}};
}

BodyResult BodyReader::reject(std::uint16_t code, std::string_view reason) {
    state_ = State::Failed;
    return {BodyResult::Status::Rejected, code, 0, {}, reason};
}

}  // namespace mpmd::http
