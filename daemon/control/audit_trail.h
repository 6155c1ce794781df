#pragma once

// What is written down about a call that changes something, or was denied: identity, request,
// outcome. The row goes to the system's log (LOG_AUTHPRIV) and to the store. Any thread.

#include <string>
#include <string_view>

#include "daemon/control/authorization.h"
#include "daemon/control/failure.h"
#include "daemon/control/names.h"
#include "daemon/control/peer.h"
#include "daemon/control/store_writer.h"

namespace mpmd::control {

// Who calls, as this call sees it.
struct Caller {
    std::shared_ptr<const Peer> peer;
    Role role = Role::None;
};

// What a write says of itself when it is over.
struct WriteNote {
    std::string resource;  // "MinSpareThreads MaxSpareThreads", "children/42", "all"
    std::string reason;    // as given
    std::uint64_t revision_before = 0;
    std::uint64_t revision_after = 0;
    std::uint64_t operation = 0;
};

class AuditTrail {
public:
    AuditTrail(StoreWriter& writer, Names& names) : writer_(writer), names_(names) {}

    // `request` is the message as JSON, `digest_of` its bytes; `failure` null = done.
    void record(const Caller& caller,
                std::string_view method,
                std::string_view request,
                std::string_view bytes,
                const WriteNote& note,
                const Failure* failure);

private:
    StoreWriter& writer_;
    Names& names_;
};

// One line for the system's log.
[[nodiscard]] std::string audit_line(const store::AuditEntry& entry);

}  // namespace mpmd::control
