#pragma once

// What a connection needs while a request is under way, and gives back when it is idle: input
// buffer, parsed head, response, output.
//
// The listener lends its own Exchange to each connection that it steps; one that is still needed
// afterwards (half a head, output pending, a worker's turn) stays with the connection. Request
// views point into `input`, so a buffer with a live Request is never read into. Owned by whoever
// owns the connection.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/time.h"
#include "daemon/child/input_buffer.h"
#include "daemon/child/request_body.h"
#include "daemon/http/body_reader.h"
#include "daemon/http/request.h"
#include "daemon/http/request_parser.h"
#include "daemon/http/response.h"

namespace mpmd::child {

// Rendered bytes that wait to be sent: heads, small bodies, framed pieces of a stream.
class OutputBuffer {
public:
    [[nodiscard]] bool empty() const { return sent_ == end_; }
    [[nodiscard]] std::string_view pending() const { return {data_.get() + sent_, end_ - sent_}; }
    [[nodiscard]] std::size_t size() const { return end_ - sent_; }
    // Room for at least `bytes` more; `wrote` says how many were used.
    [[nodiscard]] std::span<char> room(std::size_t bytes);
    void wrote(std::size_t bytes) { end_ += bytes; }
    void sent(std::size_t bytes);
    void append(std::string_view bytes);
    void clear() { sent_ = end_ = 0; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

private:
    std::unique_ptr<char[]> data_;
    std::size_t capacity_ = 0;
    std::size_t sent_ = 0;
    std::size_t end_ = 0;
};

// Who has to act before the exchange goes on.
enum class Due : std::uint8_t {
    Nothing,
    Handler,  // `request` is parsed, a worker must answer it
    Tail,     // `response` has a body that is not in `output`
};

// ExtendedStatus and SeeRequestTail: what of a request the scoreboard is told.
enum class RequestText : std::uint8_t { None, Beginning, End };

struct Exchange {
    explicit Exchange(std::size_t input_capacity) : input(input_capacity) {}

    InputBuffer input;
    OutputBuffer output;
    http::RequestParser parser;
    http::Request request;
    http::BodyReader body;  // of `request`: read or discarded before the next head
    std::unique_ptr<RequestBody> wanted_body;  // what a handler needs of it; null: discard it
    http::Response response;
    Due due = Due::Nothing;

    std::vector<std::shared_ptr<const void>> learned;  // by workers, for Handler::absorb

    // The response whose tail is due.
    std::uint64_t tail_sent = 0;
    bool tail_chunked = false;
    bool tail_ended = false;  // the source has nothing more

    // The connection after this response.
    bool closing = false;       // ends when all output is flushed
    bool client_asked = false;  // ... because the client wants it (decisions.md 9)
    bool rejected = false;      // the rest of the input cannot be trusted
    bool shrunk = false;        // the file was shorter than announced: forget what we know of it
    bool has_head = false;      // `request` is whole and its views are valid
    bool counted = false;       // in the gauge of requests in progress

    // Of the current request, for log and histogram.
    MonoTime began{};
    MonoTime body_since{};            // RequestReadTimeout counts from here
    std::uint64_t body_received = 0;  // since then
    std::uint64_t head_bytes = 0;     // of the response
    std::uint64_t body_bytes = 0;     // of the response, sent or in `output`
    std::uint16_t status = 0;
    bool persistent = false;
    std::string_view refused_line;  // of a request that is none: as it came, in `input`
    std::uint32_t script_pid = 0;   // runs for it; 0: none
    MonoTime script_since{};
    bool by_worker = false;  // its handler ran on a worker
    RequestText text = RequestText::Beginning;

    // Nothing that the connection would miss.
    [[nodiscard]] bool spent() const {
        return input.empty() && output.empty() && due == Due::Nothing && body.complete() &&
               !wanted_body && !closing;
    }
    // Bytes that it holds while it is spare.
    [[nodiscard]] std::int64_t cost() const {
        return static_cast<std::int64_t>(input.capacity() + output.capacity());
    }
    // The handler has had its body: what was read behind it is the next input.
    void drop_wanted_body();
    void reset();
};

// So many connections' memory is kept for the next ones when MaxMemFree is limited (2.3).
[[nodiscard]] constexpr std::size_t kept_arenas(std::uint32_t threads) {
    return std::max<std::size_t>(std::size_t{threads} * 3 / 4, 1);
}

inline constexpr std::size_t kInputCapacity = std::size_t{16} * 1024;

}  // namespace mpmd::child
