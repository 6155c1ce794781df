#pragma once

// Pure. How the work on a request is split between the two kinds of threads of a child.
//
//   listener: answer() ── Answered ─────────────────────────────► send
//                  └───── NeedsWorker ─► worker: run() ─► send, ─► listener:
//                  absorb(response.learned)
//   listener: take_recheck() ─ not null ─► worker: recheck() ────► listener: absorb(its result)
//
// answer() never blocks, opens or stats. run() and recheck() may block, are called by many workers
// at once, and touch only what is constant. What workers found out comes back to the listener as an
// opaque, immutable, counted value.
//
// A request whose handler wants its body never comes to answer(): workers gather the body as it
// arrives, parking the connection in between, and run() is called when it is whole. Any other body
// is thrown away after the answer.

#include <cstdint>
#include <memory>
#include <string_view>

#include "daemon/base/time.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"

namespace mpmd::http {

enum class Where : std::uint8_t { Answered, NeedsWorker };

// A request body that is whole: in memory, or in a file without a name. Valid while run() runs.
struct BodyView {
    std::uint64_t size = 0;
    std::string_view bytes;  // all of it, unless there is a file
    int file = -1;  // read it with explicit offsets, or move its offset: it is this request's
};

// The worker that runs a handler, as the handler sees it. The default one belongs to a request
// without body or connection.
class Runner {
public:
    virtual ~Runner() = default;
    [[nodiscard]] virtual BodyView body() const { return {}; }
    // How long nothing may happen: TimeOut as it is in force.
    [[nodiscard]] virtual Milliseconds patience() const { return Seconds(60); }
    // Shown in the connection's row until the response is complete.
    virtual void runs_script(std::uint32_t pid, MonoTime since) {
        static_cast<void>(pid);
        static_cast<void>(since);
    }
};

class Handler {
public:
    using Knowledge = std::shared_ptr<const void>;

    virtual ~Handler() = default;
    // Listener. `response` is reset first; after NeedsWorker it is meaningless.
    [[nodiscard]] virtual Where answer(const Request& request,
                                       MonoTime now,
                                       Response& response) = 0;
    // Any thread; asked only when the request has a body. Never blocks. True: run() needs it.
    [[nodiscard]] virtual bool wants_body(const Request& request) const = 0;
    // Any worker. `response` is reset first; always answers.
    virtual void run(const Request& request, Runner& runner, Response& response) const = 0;
    // Listener; null is allowed. Lost knowledge costs only another look.
    virtual void absorb(const Knowledge& learned, MonoTime now) = 0;
    // Listener, after answer(): something that a worker should look at again, or null. Dropping it
    // is harmless.
    [[nodiscard]] virtual Knowledge take_recheck() = 0;
    // Any worker: looks; the result is for absorb().
    [[nodiscard]] virtual Knowledge recheck(const Knowledge& what) const = 0;
    // Listener: this request's file turned out shorter than announced; forget what we know about
    // it.
    virtual void forget(const Request& request) = 0;
};

}  // namespace mpmd::http
