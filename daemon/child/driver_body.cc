// Driver: the body that a handler wants, from the client into memory or a file. A worker takes what
// is there; when nothing is, the connection waits with the listener (WaitIo) and no thread does.

#include <fmt/format.h>

#include "daemon/child/driver.h"

namespace mpmd::child {

using mpm::Event;

namespace {

constexpr std::size_t kBodyRead = std::size_t{64} * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Driver::Gathered Driver::gather(Connection& connection, Exchange& exchange) {
    InputBuffer& raw = exchange.wanted_body->raw;
    // What came with the head. The head stays where it is, its views are in use.
    if (!exchange.input.empty()) {
        raw.append(exchange.input.unread());
        exchange.input.consume(exchange.input.size());
    }
    for (;;) {
        Gathered gathered = keep_what_came(connection, exchange);
        if (gathered != Gathered::NotYet) return gathered;
        if (exchange.request.expect_continue && !exchange.wanted_body->told_to_continue) {
            gathered = tell_to_continue(connection, exchange);
            if (gathered != Gathered::Whole) return gathered;
        }
        gathered = read_more(connection, exchange);
        if (gathered != Gathered::Whole) return gathered;
    }
}

// Whole: the body is; NotYet: more has to be read.
Driver::Gathered Driver::keep_what_came(Connection& connection, Exchange& exchange) {
    RequestBody& body = *exchange.wanted_body;
    for (;;) {
        const http::BodyResult piece =
            exchange.body.read(body.raw.unread(), commons_.settings.request);
        body.raw.consume(piece.used);
        switch (piece.status) {
            case http::BodyResult::Status::Complete:
                return Gathered::Whole;
            case http::BodyResult::Status::NeedMore:
                return Gathered::NotYet;
            case http::BodyResult::Status::Rejected:
                return refuse_body(connection, exchange, piece.code);
            case http::BodyResult::Status::Data:
                break;
        }
        if (const Result<> kept = body.append(piece.data); !kept) {
            const std::uint16_t status = status_of_refusal(kept.error().os_errno);
            commons_.body_trouble.say(commons_.log, now_,
                                      fmt::format("cannot keep a request body of more than {} "
                                                  "bytes: {}; the client was told {}",
                                                  body.size(), kept.error().message, status));
            return refuse_body(connection, exchange, status);
        }
    }
}

// Whole: something came.
Driver::Gathered Driver::read_more(Connection& connection, Exchange& exchange) {
    InputBuffer& raw = exchange.wanted_body->raw;
    const std::span<char> room = raw.room(raw.capacity() == 0 ? kBodyRead : kBodyRead / 16);
    const net::Io io = connection.stream.read(room);
    switch (io.want) {
        case net::Want::Nothing:
            break;
        case net::Want::Read:
        case net::Want::Write:
            if (raw.empty()) raw = InputBuffer(0);  // whoever waits costs little
            take(connection, Event::WaitRead);
            return Gathered::NotYet;
        case net::Want::End:
        case net::Want::Failed:
            return lose_client(connection, exchange);
    }
    raw.filled(io.bytes);
    connection.bytes_in += io.bytes;
    add(commons_.score.status().bytes_in, io.bytes);
    exchange.body_received += io.bytes;
    exchange.wanted_body->told_to_continue = true;  // he does not wait for our word
    return Gathered::Whole;
}

// Whole: said, and the body may come now.
Driver::Gathered Driver::tell_to_continue(Connection& connection, Exchange& exchange) {
    exchange.wanted_body->told_to_continue = true;
    if (!exchange.wanted_body->raw.empty()) return Gathered::Whole;  // RFC 9110 10.1.1: may omit
    exchange.output.append(kContinue);
    switch (send_buffered(connection, exchange)) {
        case Sent::All:
            return Gathered::Whole;
        case Sent::Blocked:
            take(connection, Event::WaitWrite);
            return Gathered::NotYet;
        default:
            return lose_client(connection, exchange);
    }
}

Driver::Gathered Driver::refuse_body(Connection& connection,
                                     Exchange& exchange,
                                     std::uint16_t status) {
    exchange.due = Due::Nothing;
    exchange.rejected = true;
    take(connection, Event::Rejected);
    answer_error(connection, exchange, status);
    return Gathered::Refused;
}

// Half a body is no request: logged as aborted, answered by nobody.
Driver::Gathered Driver::lose_client(Connection& connection, Exchange& exchange) {
    exchange.status = 400;
    exchange.body_bytes = exchange.head_bytes = 0;
    complete(connection, exchange, true);
    abandon(connection, exchange);
    take(connection, Event::Error);
    return Gathered::Gone;
}

}  // namespace mpmd::child
