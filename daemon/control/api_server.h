#pragma once

// The gRPC server of mpmd-control, behind a plain interface. Serves descriptors that the listener
// hands over; listens on nothing itself. Health answers for "" and for each service; reflection by
// directive.

#include <memory>
#include <string>

#include "daemon/base/result.h"
#include "daemon/control/gate.h"
#include "daemon/control/services.h"
#include "daemon/control/watchers.h"

namespace mpmd::control {

class ApiServer {
public:
    struct Parts {
        const Api& api;
        const Gate& gate;
        AuditTrail& audit;
        Watchers& watchers;
        bool reflection = true;
    };
    [[nodiscard]] static Result<std::unique_ptr<ApiServer>> start(const Parts& parts);
    virtual ~ApiServer() = default;

    // A connected socket; owned from now on. Any thread.
    virtual void serve(int fd) = 0;
    // Streams and calls end with UNAVAILABLE; then nothing is served any more.
    virtual void stop() = 0;
};

}  // namespace mpmd::control
