// Driver: from the output buffer, a file or a source to the client.

#include <array>

#include "daemon/child/driver.h"
#include "daemon/handlers/page_cache.h"
#include "daemon/mpm/user_timers.h"
#include "daemon/os/clock.h"

namespace mpmd::child {

namespace {

constexpr std::size_t kPiece = std::size_t{16} * 1024;  // pulled from a source at a time
constexpr std::size_t kWindow = std::size_t{256} * 1024;

}  // namespace

Driver::Sent Driver::flush(Connection& connection, Exchange& exchange) {
    for (;;) {
        const bool tail = exchange.due == Due::Tail;
        auto* source = tail
                           ? std::get_if<std::unique_ptr<http::BodySource>>(&exchange.response.body)
                           : nullptr;
        // The first piece of a stream leaves together with the head.
        if (source != nullptr && !exchange.tail_ended && exchange.output.size() < kPiece) {
            const Sent pulled = pull(exchange, **source);
            if (pulled == Sent::Broken) return pulled;
            const bool waits = pulled == Sent::NeedsWorker || pulled == Sent::Suspended;
            if (waits && exchange.output.empty()) return pulled;
        }
        Sent sent = send_buffered(connection, exchange);
        if (sent != Sent::All) return sent;
        if (!tail) return Sent::All;
        if (source != nullptr) {
            if (!exchange.tail_ended) continue;
        } else if (const auto* file = std::get_if<http::FileBody>(&exchange.response.body)) {
            sent = send_file(connection, exchange, *file);
            if (sent != Sent::All) return sent;
        }
        exchange.due = Due::Nothing;
        complete(connection, exchange, false);
        exchange.response.body = std::monostate{};
        exchange.response.owner.reset();
        return Sent::All;
    }
}

// Rendered bytes, and a body in memory behind them.
Driver::Sent Driver::send_buffered(Connection& connection, Exchange& exchange) {
    const auto* memory = exchange.due == Due::Tail
                             ? std::get_if<http::MemoryBody>(&exchange.response.body)
                             : nullptr;
    const bool file_follows =
        exchange.due == Due::Tail && std::holds_alternative<http::FileBody>(exchange.response.body);
    for (;;) {
        const std::string_view buffered = exchange.output.pending();
        const std::string_view rest =
            memory != nullptr ? memory->bytes.substr(exchange.tail_sent) : std::string_view();
        std::array<iovec, 2> parts;
        std::size_t count = 0;
        for (const std::string_view part : {buffered, rest})
            if (!part.empty()) parts[count++] = {const_cast<char*>(part.data()), part.size()};
        if (count == 0) return Sent::All;
        const net::Io io = connection.stream.write({parts.data(), count},
                                                   file_follows ? net::More::Yes : net::More::No);
        if (io.want == net::Want::Write) return Sent::Blocked;
        if (io.want != net::Want::Nothing) return Sent::Broken;
        const std::size_t from_buffer = std::min(io.bytes, buffered.size());
        if (from_buffer > 0) exchange.output.sent(from_buffer);
        exchange.tail_sent += io.bytes - from_buffer;
        exchange.body_bytes += io.bytes - from_buffer;
        connection.bytes_out += io.bytes;
        add(commons_.score.status().bytes_out, io.bytes);
    }
}

Driver::Sent Driver::send_file(Connection& connection,
                               Exchange& exchange,
                               const http::FileBody& file) {
    while (exchange.tail_sent < file.length) {
        if (on_listener() && output_left_ == 0) return Sent::Budget;
        const std::uint64_t offset = file.offset + exchange.tail_sent;
        std::size_t window = static_cast<std::size_t>(
            std::min<std::uint64_t>(kWindow, file.length - exchange.tail_sent));
        if (on_listener()) window = std::min(window, output_left_);
        if (!handlers::pages_present(file, offset, window, now_)) {
            if (on_listener()) return Sent::NeedsWorker;
            handlers::read_ahead(file, offset, window);
        }
        const net::Io io = connection.stream.send_file(file.fd, offset, window);
        if (io.want == net::Want::Write) return Sent::Blocked;
        if (io.want == net::Want::End) exchange.shrunk = true;
        if (io.want != net::Want::Nothing) return Sent::Broken;
        exchange.tail_sent += io.bytes;
        exchange.body_bytes += io.bytes;
        connection.bytes_out += io.bytes;
        add(commons_.score.status().bytes_out, io.bytes);
        if (on_listener()) output_left_ -= io.bytes;
    }
    return Sent::All;
}

// One piece of a stream into the output buffer, framed when it must be.
Driver::Sent Driver::pull(Exchange& exchange, http::BodySource& source) {
    const auto at = part_ == Part::Whole ? std::nullopt : source.not_before();
    if (at && *at > now_ + mpm::kTimerFudge) {
        resume_at_ = *at;
        return Sent::Suspended;
    }
    if (on_listener()) return Sent::NeedsWorker;  // read() may block
    std::array<char, kPiece> piece;
    const std::size_t size = source.read(piece);
    now_ = os::mono_now();
    if (size == 0) {
        exchange.tail_ended = true;
        if (source.broken()) return Sent::Broken;
        if (exchange.tail_chunked) exchange.output.append(http::kLastChunk);
        const auto promised = source.length();
        return promised && *promised != exchange.tail_sent ? Sent::Broken : Sent::All;
    }
    if (exchange.tail_chunked) {
        const std::span<char> room = exchange.output.room(http::kChunkHeadRoom);
        exchange.output.wrote(http::render_chunk_head(size, room));
    }
    exchange.output.append({piece.data(), size});
    if (exchange.tail_chunked) exchange.output.append("\r\n");
    exchange.tail_sent += size;
    exchange.body_bytes += size;
    if (const auto promised = source.length(); promised && *promised == exchange.tail_sent)
        exchange.tail_ended = true;
    return Sent::All;
}

}  // namespace mpmd::child
