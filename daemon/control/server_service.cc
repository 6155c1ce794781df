#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/convert.h"
#include "daemon/control/services.h"

namespace mpmd::control {
namespace {

constexpr std::string_view kCapabilities[] = {"connection-filters", "watch-scoreboard",
                                              "watch-operation",    "update-directives",
                                              "restart-children",   "reload-config"};

// Values that a rule of the limits changed, and old names in the file (U-23), as the supervisor
// last told them.
void add_configuration(const Api& api, v1::Server& server) {
    const StatesPtr states = api.directives.known();
    if (states == nullptr) return;
    for (const mpm::Adjustment& adjustment : states->adjustments)
        *server.add_adjustments() = adjustment_of(adjustment);
    for (const ipc::DirectiveState& state : states->states)
        if (!ipc::text(state.note).empty()) server.add_notices(text::escape(ipc::text(state.note)));
}

Outcome<ipc::ReloadBody> body_of(const v1::ReloadConfigRequest& request) {
    const auto revision = read_etag(request.etag());
    if (!revision) return refuse(revision.error());
    ipc::ReloadBody body;
    body.if_revision = *revision;
    body.validate_only = request.validate_only() ? 1 : 0;
    if (auto put = put_text(body.reason, request.reason(), "reason"); !put)
        return refuse(std::move(put).error());
    return body;
}

}  // namespace

v1::Identity identity_of(const Api& api, const Caller& caller) {
    const Peer& peer = *caller.peer;
    v1::Identity identity;
    identity.set_channel("unix");
    identity.set_uid(peer.uid);
    identity.set_user(api.names.user(peer.uid));
    identity.set_gid(peer.gid);
    identity.set_pid(peer.pid);
    identity.set_command(peer.command);
    if (peer.login_uid != Peer::kNoLogin) identity.set_login(api.names.user(peer.login_uid));
    identity.set_tty(peer.tty);
    identity.set_role(static_cast<v1::Role>(caller.role));
    return identity;
}

void add_caller(const Api& api, const Caller& caller, v1::Server& server) {
    *server.mutable_you() = identity_of(api, caller);
    for (const MethodRule& rule : method_rules())
        if (may_call(caller.role, &rule)) server.add_methods(std::string(rule.method.substr(1)));
    for (const std::string_view capability : kCapabilities)
        server.add_capabilities(std::string(capability));
}

Outcome<v1::Server> get_server(const Api& api, const Caller& caller) {
    v1::Server server = server_of(*api.sampler.now());
    add_configuration(api, server);
    add_caller(api, caller, server);
    return server;
}

void reload_config(const Api& api,
                   const Caller& caller,
                   const v1::ReloadConfigRequest& request,
                   WriteDone<v1::Operation> done) {
    WriteNote note = note_of(api, request, "configuration");
    auto command = command_with(api, caller, "ReloadConfig", request, body_of(request));
    if (!command) return done(refuse(std::move(command).error()), note);
    const bool validate_only = request.validate_only();
    send(api, std::move(*command),
         [&api, note, validate_only, done = std::move(done)](Outcome<ipc::Reply> reply) mutable {
             if (!reply) return done(refuse(std::move(reply).error()), note);
             note.revision_after = reply->header.revision;
             note.operation = reply->header.operation;
             if (!validate_only) return done(accepted_operation(api, *reply), note);
             done(checked_operation(*reply, "reload",
                                    "the configuration file loads; nothing was changed"),
                  note);
         });
}

}  // namespace mpmd::control
