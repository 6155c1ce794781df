#pragma once

// The one step function of a connection: goes on with it until it would block, needs a worker, or
// ends. Listener and workers run the same code; what differs is who may block. Under MPM worker one
// thread takes both parts (Part::Whole): it reads as the listener does, and is told Turn::Worker
// before each handler, so that it can show what it is about to run.
//
//   parse every buffered request, answer into the output buffer ─► send once ─► read ─► ...
//
// One Driver per thread, with that thread's clock reading, values in force, Date text and access
// log. It moves a Connection through mpm::next_step and does its reading and writing; timers, lists
// and the scoreboard are the caller's. Rules: E-21, E-22, decisions.md 1, 2, 9; performance.md 6.

#include <cstdint>
#include <optional>
#include <span>

#include "daemon/child/commons.h"
#include "daemon/child/connection.h"
#include "daemon/child/exchange.h"
#include "daemon/http/http_date.h"
#include "daemon/http/response_writer.h"
#include "daemon/log/access_log.h"
#include "daemon/mpm/connection_state.h"
#include "daemon/mpm/read_bound.h"

namespace mpmd::child {

enum class Turn : std::uint8_t {
    ReadMore,   // parked until bytes come
    WriteMore,  // parked until the client takes output
    Suspend,    // nothing can be done before connection.deadline
    Worker,     // exchange.due says what for
    Again,      // its budget is used up and more can be done at once
    Finished,   // state Lingering or Closed
};

inline constexpr int kRequestsPerTurn = 32;
inline constexpr std::size_t kOutputPerTurn = std::size_t{256} * 1024;

// What a thread does of a connection's life.
enum class Part : std::uint8_t { Listener, Worker, Whole };

class Driver {
public:
    // `thread`: the worker's index, -1: the listener.
    Driver(const Commons& commons, int thread, Part part);

    // At the start of each wake-up or job, before anything else.
    void begin(MonoTime now);

    // Goes on with a connection in any state but Lingering and Closed.
    [[nodiscard]] Turn advance(Connection& connection, Exchange& exchange);
    // Worker: takes over what exchange.due says, then advances.
    [[nodiscard]] Turn work(Connection& connection, Exchange& exchange);
    // Answers with an error page that ends the connection (408, 503 ...), then advances.
    [[nodiscard]] Turn refuse(Connection& connection,
                              Exchange& exchange,
                              mpm::Event event,
                              std::uint16_t status);
    // Says goodbye without an answer: FIN, then the state that `event` leads to.
    void part(Connection& connection, mpm::Event event);
    // Lingering: throws away what the client still sends. Closed when it has finished.
    void drain_input(Connection& connection, std::span<char> scratch);
    // The connection is going away with a response under way: log and gauges.
    void abandon(Connection& connection, Exchange& exchange);
    // Puts the request that runs into the connection's row.
    void show(Connection& connection, const Exchange& exchange) const;
    // Takes the arc, sets state and deadline. CHECKs that there is one.
    void take(Connection& connection, mpm::Event event);

    // Listener: requests that were answered at once share a reading of the clock, the next one it
    // makes anyway. Before begin().
    void account_answers(MonoTime until);

    // Worker: what the last work() did.
    struct Job {
        Nanoseconds duration{};  // of its requests, from their first byte on
        Nanoseconds last{};      // of the last of them
    };
    [[nodiscard]] Job job() const;

    [[nodiscard]] MonoTime now() const { return now_; }
    [[nodiscard]] const config::LiveSettings& live() const { return live_; }
    [[nodiscard]] std::uint64_t live_version() const { return live_version_; }
    [[nodiscard]] log::AccessLog& access_log() { return access_log_; }
    // When the head that a connection in state Reading brings must be whole.
    // `exchange`: null, or what has come of it.
    [[nodiscard]] MonoTime head_deadline(const Connection& connection,
                                         const Exchange* exchange) const;
    [[nodiscard]] const mpm::DeadlineLimits& deadlines() const { return deadlines_; }

private:
    enum class Took : std::uint8_t { Request, NeedInput, Stop };
    enum class Sent : std::uint8_t { All, Blocked, NeedsWorker, Suspended, Budget, Broken };
    enum class Got : std::uint8_t { Bytes, Nothing, Gone };
    enum class Gathered : std::uint8_t { Whole, NotYet, Refused, Gone };

    [[nodiscard]] bool on_listener() const { return part_ == Part::Listener; }
    void update_limits();

    Took take_request(Connection& connection, Exchange& exchange);
    Took skip_body(Connection& connection, Exchange& exchange);
    Took head_complete(Connection& connection, Exchange& exchange);
    void run_handler(Connection& connection, Exchange& exchange);
    [[nodiscard]] std::optional<Turn> run_due(Connection& connection, Exchange& exchange);
    // The body that a handler wants (driver_body.cc).
    Gathered gather(Connection& connection, Exchange& exchange);
    Gathered keep_what_came(Connection& connection, Exchange& exchange);
    Gathered read_more(Connection& connection, Exchange& exchange);
    Gathered tell_to_continue(Connection& connection, Exchange& exchange);
    Gathered refuse_body(Connection& connection, Exchange& exchange, std::uint16_t status);
    Gathered lose_client(Connection& connection, Exchange& exchange);
    void answer_error(Connection& connection, Exchange& exchange, std::uint16_t status);
    void respond(Connection& connection, Exchange& exchange);
    http::Persistence decide(const Connection& connection, Exchange& exchange) const;
    void put_body(Exchange& exchange);
    void complete(Connection& connection, Exchange& exchange, bool aborted);
    void log_request(Connection& connection, const Exchange& exchange, bool aborted);

    Sent flush(Connection& connection, Exchange& exchange);
    Sent send_buffered(Connection& connection, Exchange& exchange);
    Sent send_file(Connection& connection, Exchange& exchange, const http::FileBody& file);
    Sent pull(Exchange& exchange, http::BodySource& source);

    Turn after_flush(Connection& connection, Exchange& exchange);
    Turn finish(Connection& connection, Exchange& exchange);
    void in_progress(Exchange& exchange, bool is);
    void account(const Exchange& exchange);
    void record_latency(Nanoseconds took);
    Got receive(Connection& connection, Exchange& exchange);
    void await_input(Connection& connection, Exchange& exchange);
    void bound_reading(Connection& connection, const Exchange& exchange) const;

    const Commons& commons_;
    const int thread_;
    const Part part_;
    const int tid_;
    config::LiveSettings live_;
    std::uint64_t live_version_ = 0;
    mpm::DeadlineLimits deadlines_;
    RequestText request_text_ = RequestText::Beginning;
    mpm::ReadBound head_bound_;
    mpm::ReadBound body_bound_;
    MonoTime now_{};
    MonoTime next_second_{};
    std::int64_t wall_seconds_ = 0;
    http::DateCache date_;
    log::AccessLog access_log_;
    // Not yet in histogram and sum.
    std::uint64_t unaccounted_ = 0;
    MonoTime accounted_{};
    Job job_;
    MonoTime handled_{};  // when the last handler of the job was done
    // Of the turn under way.
    int requests_left_ = 0;
    std::size_t output_left_ = 0;
    MonoTime resume_at_{};  // of Sent::Suspended
};

}  // namespace mpmd::child
