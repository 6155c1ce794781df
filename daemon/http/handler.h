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

#include <cstdint>
#include <memory>

#include "daemon/base/time.h"
#include "daemon/http/request.h"
#include "daemon/http/response.h"

namespace mpmd::http {

enum class Where : std::uint8_t { Answered, NeedsWorker };

class Handler {
public:
    using Knowledge = std::shared_ptr<const void>;

    virtual ~Handler() = default;
    // Listener. `response` is reset first; after NeedsWorker it is meaningless.
    [[nodiscard]] virtual Where answer(const Request& request,
                                       MonoTime now,
                                       Response& response) = 0;
    // Any worker. `response` is reset first; always answers.
    virtual void run(const Request& request, Response& response) const = 0;
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
