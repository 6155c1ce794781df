#include "daemon/control/gate.h"

#include <fmt/format.h>

namespace mpmd::control {
namespace {

Failure no_identity() {
    return {Code::Unauthenticated,
            "NO_IDENTITY",
            "this connection has no identity that the server knows; connect again",
            {},
            {}};
}

Failure role_required(std::string_view method, Role have, const MethodRule* rule) {
    const std::string_view needed = rule == nullptr ? "none" : role_name(rule->role);
    const std::string_view brief = method.substr(method.rfind('/') + 1);
    return {
        Code::PermissionDenied,
        "ROLE_REQUIRED",
        fmt::format("{} needs role {}; you are {}; ask for a ControlRole line or the group mpmd-{}",
                    brief, needed, role_name(have), needed),
        {{"method", std::string(method)},
         {"required_role", std::string(needed)},
         {"role", std::string(role_name(have))}},
        {}};
}

}  // namespace

Outcome<Caller> Gate::enter(std::string_view method,
                            std::string_view grpc_peer,
                            std::string_view bytes) const {
    Caller caller;
    caller.peer = peers_.find(grpc_peer);
    if (caller.peer == nullptr) {
        Failure failure = no_identity();
        audit_.record(caller, method, "", bytes, {}, &failure);
        return refuse(std::move(failure));
    }
    caller.role = roles_.role(*caller.peer);
    const MethodRule* rule = find_method(method);
    if (may_call(caller.role, rule)) return caller;
    Failure failure = role_required(method, caller.role, rule);
    audit_.record(caller, method, "", bytes, {}, &failure);
    return refuse(std::move(failure));
}

}  // namespace mpmd::control
