// Driver: from bytes to a response in the output buffer.

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/child/crash_note.h"
#include "daemon/child/driver.h"
#include "daemon/handlers/error_page.h"
#include "daemon/http/target.h"
#include "daemon/mpm/persistence.h"
#include "daemon/os/clock.h"

namespace mpmd::child {

using mpm::Event;
using mpm::State;

namespace {

// Larger bodies are sent from where they are; copying these is cheaper than a second iovec.
constexpr std::size_t kInlineBody = 8192;

bool may_pipeline(State state) {
    return state == State::Handling || state == State::Writing || state == State::Body;
}

// What the handler sees of the worker that runs it.
class ExchangeRunner final : public http::Runner {
public:
    ExchangeRunner(const Driver& driver, Connection& connection, Exchange& exchange)
        : driver_(driver), connection_(connection), exchange_(exchange) {}

    [[nodiscard]] http::BodyView body() const override {
        return exchange_.wanted_body ? exchange_.wanted_body->view() : http::BodyView{};
    }
    [[nodiscard]] Milliseconds patience() const override {
        return Milliseconds(driver_.live().timeout_ms);
    }
    void runs_script(std::uint32_t pid, MonoTime since) override {
        exchange_.script_pid = pid;
        exchange_.script_since = since;
        driver_.show(connection_, exchange_);
    }

private:
    const Driver& driver_;
    Connection& connection_;
    Exchange& exchange_;
};

std::string_view find_request_field(const void* object, std::string_view name) {
    return static_cast<const http::Request*>(object)->value(name).value_or(std::string_view());
}

std::string_view find_in_lines(std::string_view lines, std::string_view name) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find("\r\n"), lines.size());
        const std::string_view line = lines.substr(0, end);
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && text::iequals(line.substr(0, colon), name))
            return text::trim(line.substr(colon + 1));
        lines.remove_prefix(std::min(end + 2, lines.size()));
    }
    return {};
}

std::string_view find_response_field(const void* object, std::string_view name) {
    const auto& response = *static_cast<const http::Response*>(object);
    const std::string_view found = find_in_lines(response.headers, name);
    return found.data() != nullptr ? found : find_in_lines(response.extra, name);
}

// For the log, before the input is thrown away: its first line, and all of it.
void note_refused(Exchange& exchange) {
    std::string_view unread = exchange.input.unread();
    exchange.request.head_size = static_cast<std::uint32_t>(unread.size());
    if (unread.starts_with("\r\n")) unread.remove_prefix(2);
    exchange.refused_line = unread.substr(0, unread.find_first_of("\r\n"));
}

}  // namespace

Driver::Took Driver::take_request(Connection& connection, Exchange& exchange) {
    if (exchange.due != Due::Nothing || exchange.closing || requests_left_ <= 0 ||
        exchange.output.size() >= output_left_)
        return Took::Stop;
    if (!exchange.body.complete()) {
        const Took skipped = skip_body(connection, exchange);
        if (skipped != Took::Request) return skipped;
    }
    if (exchange.input.empty()) return Took::NeedInput;
    const http::ParseResult parsed =
        exchange.parser.feed(exchange.input.unread(), commons_.settings.request, exchange.request);
    exchange.has_head = parsed.status == http::ParseResult::Status::HeadComplete;
    if (parsed.status == http::ParseResult::Status::NeedMore) return Took::NeedInput;

    exchange.parser.reset();
    exchange.by_worker = false;
    if (exchange.began == MonoTime{}) exchange.began = now_;
    if (connection.state == State::KeepAlive) take(connection, Event::InputArrived);
    if (may_pipeline(connection.state)) take(connection, Event::FlushedPipelined);
    if (parsed.status == http::ParseResult::Status::Rejected) {
        note_refused(exchange);
        exchange.input.clear();
        exchange.rejected = true;
        take(connection, Event::Rejected);
        answer_error(connection, exchange, parsed.code);
        return Took::Stop;
    }
    exchange.input.consume(parsed.used);
    return head_complete(connection, exchange);
}

Driver::Took Driver::head_complete(Connection& connection, Exchange& exchange) {
    --requests_left_;
    exchange.text = request_text_;
    exchange.request.peer = {connection.peer.bytes(), connection.peer.port(),
                             connection.peer.family() == AF_INET6};
    exchange.request.socket = connection.stream.fd();
    exchange.request.shown = static_cast<std::uint8_t>(connection.shown);
    exchange.body = http::BodyReader(exchange.request);
    exchange.body_since = now_;
    exchange.body_received = exchange.input.size();
    if (http::BodyReader::too_large(exchange.request, commons_.settings.request)) {
        take(connection, Event::Rejected);
        answer_error(connection, exchange, 413);
        return Took::Stop;
    }
    if (exchange.request.has_body() && commons_.handler.wants_body(exchange.request)) {
        exchange.wanted_body = std::make_unique<RequestBody>(
            commons_.body_memory, exchange.request.content_length.value_or(0));
        exchange.due = Due::Handler;  // a worker gathers it, and answers when it is whole
        return Took::Stop;
    }
    if (part_ == Part::Worker) {
        take(connection, Event::NeedsWorker);
        take(connection, Event::WorkerTook);
        run_handler(connection, exchange);
        return Took::Stop;  // send before the next one may block
    }
    take(connection, Event::RequestReady);
    const AnsweringMark mark(exchange.request);
    // With the log ring crowded a worker takes the request and waits for room (decisions.md 9).
    if (part_ == Part::Whole || live_.listener_answers == 0 || !commons_.ring.roomy() ||
        commons_.handler.answer(exchange.request, now_, exchange.response) ==
            http::Where::NeedsWorker) {
        exchange.due = Due::Handler;
        return Took::Stop;
    }
    respond(connection, exchange);
    return exchange.due == Due::Nothing && !exchange.closing ? Took::Request : Took::Stop;
}

// A body that no handler reads is thrown away, after the answer.
Driver::Took Driver::skip_body(Connection& /*connection*/, Exchange& exchange) {
    for (;;) {
        const http::BodyResult result =
            exchange.body.read(exchange.input.unread(), commons_.settings.request);
        exchange.input.consume(result.used);
        switch (result.status) {
            case http::BodyResult::Status::Data:
                break;
            case http::BodyResult::Status::NeedMore:
                return Took::NeedInput;
            case http::BodyResult::Status::Complete:
                return Took::Request;
            case http::BodyResult::Status::Rejected:
                // The answer is out already: all that is left is to close.
                exchange.body = {};
                exchange.rejected = true;
                exchange.closing = true;
                return Took::Stop;
        }
    }
}

void Driver::run_handler(Connection& connection, Exchange& exchange) {
    const AnsweringMark mark(exchange.request);
    ExchangeRunner runner(*this, connection, exchange);
    commons_.handler.run(exchange.request, runner, exchange.response);
    exchange.due = Due::Nothing;
    exchange.by_worker = true;
    begin(os::mono_now());
    const Nanoseconds took = now_ - exchange.began;
    record_latency(took);
    job_.duration += took;
    job_.last = took;
    handled_ = now_;
    if (exchange.response.learned) exchange.learned.push_back(std::move(exchange.response.learned));
    respond(connection, exchange);
}

void Driver::show(Connection& connection, const Exchange& exchange) const {
    commons_.score.show(connection, thread_, now_, &exchange);
}

void Driver::record_latency(Nanoseconds took) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    const std::uint32_t row =
        on_listener() ? commons_.threads : static_cast<std::uint32_t>(thread_);
    bump(commons_.score.extent().histogram(row).buckets[scoreboard::latency_bucket(
        static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0)))]);
}

Turn Driver::refuse(Connection& connection, Exchange& exchange, Event event, std::uint16_t status) {
    take(connection, event);
    exchange.due = Due::Nothing;
    exchange.rejected = true;
    exchange.by_worker = false;
    if (!exchange.has_head) exchange.request.reset();
    if (exchange.began == MonoTime{}) exchange.began = now_;
    answer_error(connection, exchange, status);
    return advance(connection, exchange);
}

void Driver::answer_error(Connection& connection, Exchange& exchange, std::uint16_t status) {
    handlers::error_page(status, exchange.response);
    if (status == 503) exchange.response.extra += "Retry-After: 1\r\n";
    exchange.response.close = true;
    respond(connection, exchange);
}

http::Persistence Driver::decide(const Connection& connection, Exchange& exchange) const {
    const http::Request& request = exchange.request;
    const http::Response& response = exchange.response;
    mpm::ResponseFacts facts;
    facts.marked_close = response.close || exchange.rejected;
    facts.status_forces_close = mpm::status_forces_close(response.status);
    facts.continue_owed = request.expect_continue && !exchange.body.complete();
    facts.delimited = response.delimited(request.version);
    facts.client_sent_close = request.wants_close;
    facts.http_1_1 = request.version >= 11;
    facts.client_sent_keep_alive = request.wants_keep_alive;
    facts.child_stopping = commons_.orders.draining();
    facts.responses = connection.requests;
    mpm::KeepAliveLimits limits;
    limits.enabled = live_.keep_alive != 0;
    limits.timeout = Milliseconds(live_.keep_alive_timeout_ms);
    limits.max_requests = live_.max_keep_alive_requests;
    const mpm::Persistence decided = mpm::decide_persistence(facts, limits);

    http::Persistence told;
    told.keep_alive = decided.persistent;
    told.announce = decided.announce;
    told.timeout_seconds = static_cast<std::uint32_t>(decided.timeout_seconds);
    if (decided.left) told.left = static_cast<std::uint32_t>(*decided.left);
    exchange.persistent = decided.persistent;
    exchange.closing = !decided.persistent;
    exchange.client_asked =
        request.wants_close || (request.version < 11 && !request.wants_keep_alive);
    return told;
}

// Requires: exchange.response is filled in.
void Driver::respond(Connection& connection, Exchange& exchange) {
    ++connection.requests;
    http::HeadContext context;
    context.version = exchange.request.version;
    context.date = date_.text(wall_seconds_);
    context.server = kServerToken;
    context.persistence = decide(connection, exchange);
    exchange.status = exchange.response.status;
    const std::span<char> room = exchange.output.room(http::head_bound(exchange.response, context));
    exchange.head_bytes = http::render_head(exchange.response, context, room);
    exchange.output.wrote(exchange.head_bytes);
    exchange.body_bytes = 0;
    put_body(exchange);
    if (exchange.due == Due::Nothing) complete(connection, exchange, false);
}

void Driver::put_body(Exchange& exchange) {
    http::Response& response = exchange.response;
    if (std::holds_alternative<std::monostate>(response.body)) return;
    if (const auto* memory = std::get_if<http::MemoryBody>(&response.body);
        memory != nullptr && memory->bytes.size() <= kInlineBody) {
        exchange.output.append(memory->bytes);
        exchange.body_bytes = memory->bytes.size();
        return;
    }
    exchange.due = Due::Tail;
    exchange.tail_sent = 0;
    exchange.tail_ended = false;
    exchange.tail_chunked = response.chunked(exchange.request.version);
}

// The response is whole, or never will be.
void Driver::complete(Connection& connection, Exchange& exchange, bool aborted) {
    scoreboard::ChildStatus& status = commons_.score.status();
    if (on_listener() && !exchange.by_worker)
        bump(status.requests_on_listener);
    else
        add(status.requests_on_workers);
    account(exchange);
    commons_.score.answered(exchange.status);
    if (access_log_.enabled()) log_request(connection, exchange, aborted);
    exchange.began = {};
    exchange.script_pid = 0;
    exchange.drop_wanted_body();
}

// Time spent, and the latency of what no handler on a worker has put into its histogram.
void Driver::account(const Exchange& exchange) {
    constexpr std::uint64_t kShareOneLook = 8;
    if (on_listener() && !exchange.by_worker && exchange.began == now_) {
        if (++unaccounted_ >= kShareOneLook) account_answers(os::mono_now());
        return;
    }
    const Nanoseconds took = std::max<Nanoseconds>(now_ - exchange.began, Nanoseconds::zero());
    if (!exchange.by_worker) record_latency(took);
    add(commons_.score.status().duration_ns, static_cast<std::uint64_t>(took.count()));
}

void Driver::log_request(Connection& connection, const Exchange& exchange, bool aborted) {
    const http::Request& request = exchange.request;
    std::array<char, 46> client;
    log::Record record;
    record.client = connection.peer.host_into(client);
    record.client_port = connection.peer.port();
    std::array<char, 46> local;
    if (access_log_.wants_local()) {
        if (!connection.local) connection.local = net::Address::of_local(connection.stream.fd());
        record.local = connection.local->host_into(local);
        record.local_port = connection.local->port();
        record.server_port = commons_.settings.server_port;
    }
    record.start_seconds = wall_seconds_;
    record.method = request.method_text;
    record.target = request.target;
    record.path = request.raw_path;
    record.refused_line = exchange.refused_line;
    record.query = request.query;
    // Each stands for the other where that is not known.
    const std::string& own = commons_.settings.server_name;
    const std::string_view asked = http::without_port(request.host);
    record.server_name = own.empty() ? asked : own;
    record.host = asked.empty() ? own : asked;
    record.version = request.method_text.empty() ? std::uint8_t{0} : request.version;
    record.status = exchange.status;
    record.body_bytes = exchange.body_bytes;
    record.bytes_in = request.head_size + (exchange.wanted_body ? exchange.wanted_body->size() : 0);
    record.bytes_out = exchange.head_bytes + exchange.body_bytes;
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(os::mono_now() - exchange.began);
    record.duration_us = static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0));
    record.keep_alive_requests = connection.requests > 0 ? connection.requests - 1 : 0;
    record.aborted = aborted;
    record.persistent = exchange.persistent;
    record.pid = commons_.pid;
    record.tid = tid_;
    record.request_fields = {&request, find_request_field};
    record.response_fields = {&exchange.response, find_response_field};
    access_log_.add(record);
}

}  // namespace mpmd::child
