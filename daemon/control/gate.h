#pragma once

// The door of every call: who is it, which role holds now, may it call this. Permission comes
// before validation; a denied call is audited. Any thread.

#include <string>
#include <string_view>

#include "daemon/control/audit_trail.h"
#include "daemon/control/peer_table.h"
#include "daemon/control/role_book.h"

namespace mpmd::control {

class Gate {
public:
    Gate(const PeerTable& peers, const RoleBook& roles, AuditTrail& audit)
        : peers_(peers), roles_(roles), audit_(audit) {}

    // `grpc_peer` is what gRPC calls the connection, `method` the full name. `bytes` of the
    // request, for the audit.
    [[nodiscard]] Outcome<Caller> enter(std::string_view method,
                                        std::string_view grpc_peer,
                                        std::string_view bytes) const;

private:
    const PeerTable& peers_;
    const RoleBook& roles_;
    AuditTrail& audit_;
};

}  // namespace mpmd::control
