#pragma once

// What each method of the API does, without gRPC: identity and role were checked before
// (grpc_services.cc), audit and status codes come after. Reads answer at once; writes go to the
// supervisor and answer on the link's thread. Any thread.

#include <deque>
#include <functional>
#include <unordered_map>

#include <mpm/control/v1/directive.pb.h>
#include <mpm/control/v1/operation.pb.h>
#include <mpm/control/v1/process.pb.h>
#include <mpm/control/v1/scoreboard.pb.h>
#include <mpm/control/v1/server.pb.h>

#include "daemon/control/audit_trail.h"
#include "daemon/control/command.h"
#include "daemon/control/directive_book.h"
#include "daemon/control/operation_book.h"
#include "daemon/control/sampler.h"
#include "daemon/control/supervisor_link.h"

namespace mpmd::control {

template <class T>
using Done = std::function<void(Outcome<T>)>;
// A write says what it did, also when it failed.
template <class T>
using WriteDone = std::function<void(Outcome<T>, const WriteNote&)>;

// The last 1,024 request ids with what they asked for: the supervisor answers a retry as before,
// and this refuses an id that comes back with another request.
class RequestIds {
public:
    [[nodiscard]] Outcome<> check(const RequestId& id,
                                  std::string_view method,
                                  std::string_view bytes) EXCLUDES(mutex_);

private:
    os::Mutex mutex_;
    std::unordered_map<std::string, store::Digest> known_ GUARDED_BY(mutex_);
    std::deque<std::string> order_ GUARDED_BY(mutex_);
};

struct Api {
    Sampler& sampler;
    SupervisorLink& link;
    DirectiveBook& directives;
    OperationBook& operations;
    Names& names;
    RequestIds& request_ids;
};

// ServerService (server_service.cc)
[[nodiscard]] v1::Identity identity_of(const Api& api, const Caller& caller);
// `you`, `methods`, `capabilities`: what depends on the caller alone.
void add_caller(const Api& api, const Caller& caller, v1::Server& server);
[[nodiscard]] Outcome<v1::Server> get_server(const Api& api, const Caller& caller);
void reload_config(const Api& api,
                   const Caller& caller,
                   const v1::ReloadConfigRequest& request,
                   WriteDone<v1::Operation> done);

// ScoreboardService (scoreboard_service.cc)
[[nodiscard]] Outcome<v1::ScoreboardFrame> get_scoreboard(const Api& api,
                                                          const Caller& caller,
                                                          const v1::GetScoreboardRequest& request);
[[nodiscard]] Outcome<v1::ListChildrenResponse> list_children(
    const Api& api, const v1::ListChildrenRequest& request);
[[nodiscard]] Outcome<v1::ListConnectionsResponse> list_connections(
    const Api& api, const v1::ListConnectionsRequest& request);
[[nodiscard]] v1::ListCrashesResponse list_crashes(const Api& api,
                                                   const v1::ListCrashesRequest& request);
[[nodiscard]] v1::ListDecisionsResponse list_decisions(const Api& api,
                                                       const v1::ListDecisionsRequest& request);

// ProcessService (process_service.cc)
void restart_children(const Api& api,
                      const Caller& caller,
                      const v1::RestartChildrenRequest& request,
                      WriteDone<v1::Operation> done);

// DirectiveService (directive_service.cc)
void list_directives(const Api& api,
                     const v1::ListDirectivesRequest& request,
                     Done<v1::ListDirectivesResponse> done);
void get_directive(const Api& api,
                   const v1::GetDirectiveRequest& request,
                   Done<v1::Directive> done);
void update_directives(const Api& api,
                       const Caller& caller,
                       const v1::UpdateDirectivesRequest& request,
                       WriteDone<v1::UpdateDirectivesResponse> done);

// OperationService (operation_service.cc); Get and List are the book's.
void wait_operation(const Api& api,
                    const v1::WaitOperationRequest& request,
                    Done<v1::Operation> done);

// Shared by the writes (write.cc): a command with its header, sent; the reply or the failure.
[[nodiscard]] std::uint64_t revision_now(const Api& api);
[[nodiscard]] Outcome<ipc::Command> command_for(const Api& api,
                                                const Caller& caller,
                                                std::string_view method,
                                                std::string_view request_id,
                                                std::string_view bytes);
// The same with its body; `body` may be the reason why there is none.
template <class Request, class Body>
[[nodiscard]] Outcome<ipc::Command> command_with(const Api& api,
                                                 const Caller& caller,
                                                 std::string_view method,
                                                 const Request& request,
                                                 Outcome<Body> body) {
    if (!body) return refuse(std::move(body).error());
    auto command =
        command_for(api, caller, method, request.request_id(), request.SerializeAsString());
    if (command) command->body = std::move(*body);
    return command;
}
// What the audit knows of a write before it is done.
template <class Request>
[[nodiscard]] WriteNote note_of(const Api& api, const Request& request, std::string resource) {
    WriteNote note;
    note.resource = std::move(resource);
    note.reason = request.reason();
    note.revision_before = note.revision_after = revision_now(api);
    return note;
}
void send(const Api& api, ipc::Command command, Done<ipc::Reply> done);
// The operation of an ACCEPTED reply: as the scoreboard shows it, or by name alone.
[[nodiscard]] v1::Operation accepted_operation(const Api& api, const ipc::Reply& reply);
// The answer to validate_only: nothing began. `otherwise` when the supervisor had nothing to say.
[[nodiscard]] v1::Operation checked_operation(const ipc::Reply& reply,
                                              std::string_view kind,
                                              std::string_view otherwise);

}  // namespace mpmd::control
