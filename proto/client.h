#pragma once

// ControlClient: the control API as typed calls. Connects lazily, sets deadlines, retries what may
// be retried (reads always; writes only with a request id, which the server remembers), and turns a
// refusal with its details into a CallError. Thread rule: any thread; calls block, each up to its
// deadline; cancel() may come from another.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "proto/messages.h"

namespace mpmd::api {

// A version 4 UUID, for request_id.
[[nodiscard]] std::string new_request_id();

class ControlClient {
public:
    using Duration = std::chrono::milliseconds;

    // `target` as gRPC takes it ("unix:/run/mpmd/main/control.sock"). Does not connect yet.
    explicit ControlClient(const std::string& target, Duration deadline = std::chrono::seconds(5));
    ~ControlClient();
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;

    Reply<v1::Server> get_server();
    Reply<v1::Operation> reload_config(const v1::ReloadConfigRequest& request);
    Reply<v1::ScoreboardFrame> get_scoreboard(const v1::GetScoreboardRequest& request);
    Reply<v1::ListChildrenResponse> list_children(const v1::ListChildrenRequest& request);
    Reply<v1::ListConnectionsResponse> list_connections(const v1::ListConnectionsRequest& request);
    Reply<v1::ListCrashesResponse> list_crashes(const v1::ListCrashesRequest& request);
    Reply<v1::ListDecisionsResponse> list_decisions(const v1::ListDecisionsRequest& request);
    Reply<v1::Operation> restart_children(const v1::RestartChildrenRequest& request);
    Reply<v1::ListDirectivesResponse> list_directives(const v1::ListDirectivesRequest& request);
    Reply<v1::Directive> get_directive(const v1::GetDirectiveRequest& request);
    Reply<v1::UpdateDirectivesResponse> update_directives(
        const v1::UpdateDirectivesRequest& request);
    Reply<v1::Operation> get_operation(const v1::GetOperationRequest& request);
    Reply<v1::ListOperationsResponse> list_operations(const v1::ListOperationsRequest& request);
    Reply<v1::Operation> wait_operation(const v1::WaitOperationRequest& request, Duration longest);

    // Streams: `each` is called on the calling thread for every message and says whether to go on.
    // The call returns when `each` says stop (an empty error: code 0), cancel() was called, or the
    // stream broke.
    CallError watch_scoreboard(const v1::WatchScoreboardRequest& request,
                               const std::function<bool(v1::ScoreboardFrame&&)>& each);
    CallError watch_operation(const v1::WatchOperationRequest& request,
                              const std::function<bool(v1::Operation&&)>& each);
    // Ends whatever this client is doing, from another thread, and all it is asked afterwards.
    void cancel();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mpmd::api
