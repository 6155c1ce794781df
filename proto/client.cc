#include "proto/client.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <grpcpp/grpcpp.h>

#include "google/rpc/error.pb.h"
#include "mpm/control/v1/directive.grpc.pb.h"
#include "mpm/control/v1/operation.grpc.pb.h"
#include "mpm/control/v1/process.grpc.pb.h"
#include "mpm/control/v1/scoreboard.grpc.pb.h"
#include "mpm/control/v1/server.grpc.pb.h"

namespace mpmd::api {
namespace {

using Clock = std::chrono::system_clock;  // gRPC's deadlines are wall clock

CallError to_error(const grpc::Status& status) {
    CallError error;
    error.code = static_cast<int>(status.error_code());
    error.message = status.error_message();
    google::rpc::Status details;
    if (status.error_details().empty() || !details.ParseFromString(status.error_details()))
        return error;
    for (const auto& any : details.details()) {
        google::rpc::ErrorInfo info;
        if (!any.Is<google::rpc::ErrorInfo>() || !any.UnpackTo(&info)) continue;
        error.reason = info.reason();
        error.metadata.insert(info.metadata().begin(), info.metadata().end());
    }
    return error;
}

// The supervisor holds the socket open as long as it lives: when the very connect is refused there
// is no daemon, and trying again only makes a person wait.
bool nobody_there(const grpc::Status& status) {
    const std::string& text = status.error_message();
    for (const char* refusal :
         {"No such file or directory", "Connection refused", "Permission denied"})
        if (text.find(refusal) != std::string::npos) return true;
    return false;
}

std::shared_ptr<grpc::Channel> open_channel(const std::string& target) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
    // How long one attempt may take: a control process that is being replaced leaves connections
    // in the socket's queue until its successor accepts them.
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

}  // namespace

std::string CallError::code_name() const {
    constexpr std::array kNames{"OK",
                                "CANCELLED",
                                "UNKNOWN",
                                "INVALID_ARGUMENT",
                                "DEADLINE_EXCEEDED",
                                "NOT_FOUND",
                                "ALREADY_EXISTS",
                                "PERMISSION_DENIED",
                                "RESOURCE_EXHAUSTED",
                                "FAILED_PRECONDITION",
                                "ABORTED",
                                "OUT_OF_RANGE",
                                "UNIMPLEMENTED",
                                "INTERNAL",
                                "UNAVAILABLE",
                                "DATA_LOSS",
                                "UNAUTHENTICATED"};
    if (code < 0 || static_cast<std::size_t>(code) >= kNames.size()) return std::to_string(code);
    return kNames[static_cast<std::size_t>(code)];
}

std::string new_request_id() {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::random_device random;
    std::string id;
    for (int i = 0; i < 36; ++i) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            id += '-';
        } else if (i == 14) {
            id += '4';
        } else {
            const unsigned nibble = random() & 0xfU;
            id += kHex[i == 19 ? (nibble & 0x3U) | 0x8U : nibble];
        }
    }
    return id;
}

struct ControlClient::Impl {
    Impl(const std::string& target, Duration longest)
        : channel(open_channel(target)),
          deadline(longest),
          server(v1::ServerService::NewStub(channel)),
          scoreboard(v1::ScoreboardService::NewStub(channel)),
          process(v1::ProcessService::NewStub(channel)),
          directive(v1::DirectiveService::NewStub(channel)),
          operation(v1::OperationService::NewStub(channel)) {}

    // The context of a call or stream that runs, for cancel().
    class Running {
    public:
        Running(Impl& impl, grpc::ClientContext& context) : impl_(impl), context_(context) {
            const std::lock_guard<std::mutex> lock(impl_.mutex);
            impl_.running.insert(&context_);
            if (impl_.cancelled) context_.TryCancel();
        }
        ~Running() {
            const std::lock_guard<std::mutex> lock(impl_.mutex);
            impl_.running.erase(&context_);
        }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;

    private:
        Impl& impl_;
        grpc::ClientContext& context_;
    };

    // One unary call. UNAVAILABLE is tried again until the deadline when the call may be repeated:
    // a control process that was replaced under us costs one failed attempt, and the next is
    // answered by its successor. A server that closes on us again and again means it. A supervisor
    // that does not answer control is asked again as long as there is time: it may be forking.
    template <class Response, class Stub, class Request>
    Reply<Response> call(Stub& stub,
                         grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                      const Request&,
                                                      Response*),
                         const Request& request,
                         bool repeatable,
                         Duration longest) {
        const auto end = Clock::now() + longest;
        for (int attempt = 1;; ++attempt) {
            grpc::ClientContext context;
            context.set_deadline(end);
            Response response;
            const Running guard(*this, context);
            const grpc::Status status = (stub.*method)(&context, request, &response);
            if (status.ok()) return response;
            const bool unavailable = status.error_code() == grpc::StatusCode::UNAVAILABLE;
            const bool in_time = Clock::now() + kPause < end;
            const bool silent = unavailable && to_error(status).reason == "PARENT_UNREACHABLE";
            const bool again = repeatable && in_time &&
                               (silent || (unavailable && status.error_details().empty() &&
                                           !nobody_there(status) && attempt < kAttempts));
            if (!again) return tl::unexpected<CallError>(to_error(status));
            if (silent) std::this_thread::sleep_for(kPause);
            // gRPC moves only inside its calls: asleep, we would never see the successor's answer.
            static_cast<void>(channel->WaitForConnected(std::min(end, Clock::now() + kPatience)));
        }
    }

    template <class Message, class Reader>
    CallError drain(Reader reader,
                    grpc::ClientContext& context,
                    const std::function<bool(Message&&)>& each) {
        Message message;
        bool stopped = false;
        while (reader->Read(&message)) {
            if (each(std::move(message))) continue;
            stopped = true;
            context.TryCancel();
            break;
        }
        const grpc::Status status = reader->Finish();
        return stopped || status.ok() ? CallError{} : to_error(status);
    }

    static constexpr std::chrono::milliseconds kPause{50};
    static constexpr std::chrono::milliseconds kPatience{500};
    static constexpr int kAttempts = 4;

    std::shared_ptr<grpc::Channel> channel;
    Duration deadline;
    std::unique_ptr<v1::ServerService::Stub> server;
    std::unique_ptr<v1::ScoreboardService::Stub> scoreboard;
    std::unique_ptr<v1::ProcessService::Stub> process;
    std::unique_ptr<v1::DirectiveService::Stub> directive;
    std::unique_ptr<v1::OperationService::Stub> operation;
    std::mutex mutex;
    std::set<grpc::ClientContext*> running;  // guarded by mutex
    bool cancelled = false;                  // guarded by mutex
};

ControlClient::ControlClient(const std::string& target, Duration deadline)
    : impl_(std::make_unique<Impl>(target, deadline)) {}

ControlClient::~ControlClient() = default;

Reply<v1::Server> ControlClient::get_server() {
    return impl_->call(*impl_->server, &v1::ServerService::Stub::GetServer, v1::GetServerRequest{},
                       true, impl_->deadline);
}

Reply<v1::Operation> ControlClient::reload_config(const v1::ReloadConfigRequest& request) {
    return impl_->call(*impl_->server, &v1::ServerService::Stub::ReloadConfig, request,
                       !request.request_id().empty(), impl_->deadline);
}

Reply<v1::ScoreboardFrame> ControlClient::get_scoreboard(const v1::GetScoreboardRequest& request) {
    return impl_->call(*impl_->scoreboard, &v1::ScoreboardService::Stub::GetScoreboard, request,
                       true, impl_->deadline);
}

Reply<v1::ListChildrenResponse> ControlClient::list_children(
    const v1::ListChildrenRequest& request) {
    return impl_->call(*impl_->scoreboard, &v1::ScoreboardService::Stub::ListChildren, request,
                       true, impl_->deadline);
}

Reply<v1::ListConnectionsResponse> ControlClient::list_connections(
    const v1::ListConnectionsRequest& request) {
    return impl_->call(*impl_->scoreboard, &v1::ScoreboardService::Stub::ListConnections, request,
                       true, impl_->deadline);
}

Reply<v1::ListCrashesResponse> ControlClient::list_crashes(const v1::ListCrashesRequest& request) {
    return impl_->call(*impl_->scoreboard, &v1::ScoreboardService::Stub::ListCrashes, request, true,
                       impl_->deadline);
}

Reply<v1::ListDecisionsResponse> ControlClient::list_decisions(
    const v1::ListDecisionsRequest& request) {
    return impl_->call(*impl_->scoreboard, &v1::ScoreboardService::Stub::ListDecisions, request,
                       true, impl_->deadline);
}

Reply<v1::Operation> ControlClient::restart_children(const v1::RestartChildrenRequest& request) {
    return impl_->call(*impl_->process, &v1::ProcessService::Stub::RestartChildren, request,
                       !request.request_id().empty(), impl_->deadline);
}

Reply<v1::ListDirectivesResponse> ControlClient::list_directives(
    const v1::ListDirectivesRequest& request) {
    return impl_->call(*impl_->directive, &v1::DirectiveService::Stub::ListDirectives, request,
                       true, impl_->deadline);
}

Reply<v1::Directive> ControlClient::get_directive(const v1::GetDirectiveRequest& request) {
    return impl_->call(*impl_->directive, &v1::DirectiveService::Stub::GetDirective, request, true,
                       impl_->deadline);
}

Reply<v1::UpdateDirectivesResponse> ControlClient::update_directives(
    const v1::UpdateDirectivesRequest& request) {
    return impl_->call(*impl_->directive, &v1::DirectiveService::Stub::UpdateDirectives, request,
                       !request.request_id().empty(), impl_->deadline);
}

Reply<v1::Operation> ControlClient::get_operation(const v1::GetOperationRequest& request) {
    return impl_->call(*impl_->operation, &v1::OperationService::Stub::GetOperation, request, true,
                       impl_->deadline);
}

Reply<v1::ListOperationsResponse> ControlClient::list_operations(
    const v1::ListOperationsRequest& request) {
    return impl_->call(*impl_->operation, &v1::OperationService::Stub::ListOperations, request,
                       true, impl_->deadline);
}

Reply<v1::Operation> ControlClient::wait_operation(const v1::WaitOperationRequest& request,
                                                   Duration longest) {
    return impl_->call(*impl_->operation, &v1::OperationService::Stub::WaitOperation, request, true,
                       longest);
}

CallError ControlClient::watch_scoreboard(const v1::WatchScoreboardRequest& request,
                                          const std::function<bool(v1::ScoreboardFrame&&)>& each) {
    grpc::ClientContext context;
    const Impl::Running running(*impl_, context);
    return impl_->drain<v1::ScoreboardFrame>(impl_->scoreboard->WatchScoreboard(&context, request),
                                             context, each);
}

CallError ControlClient::watch_operation(const v1::WatchOperationRequest& request,
                                         const std::function<bool(v1::Operation&&)>& each) {
    grpc::ClientContext context;
    const Impl::Running running(*impl_, context);
    return impl_->drain<v1::Operation>(impl_->operation->WatchOperation(&context, request), context,
                                       each);
}

void ControlClient::cancel() {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    impl_->cancelled = true;
    for (grpc::ClientContext* context : impl_->running)
        context->TryCancel();
}

}  // namespace mpmd::api
