#include "daemon/control/api_server.h"

#include <algorithm>

#include <google/protobuf/util/json_util.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/server_posix.h>
#include <mpm/control/v1/directive.grpc.pb.h>
#include <mpm/control/v1/operation.grpc.pb.h>
#include <mpm/control/v1/process.grpc.pb.h>
#include <mpm/control/v1/scoreboard.grpc.pb.h>
#include <mpm/control/v1/server.grpc.pb.h>

#include "daemon/control/grpc_status.h"
#include "daemon/control/streams.h"

namespace mpmd::control {
namespace {

using grpc::CallbackServerContext;
using grpc::ServerUnaryReactor;

std::string json_of(const google::protobuf::Message& message) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    std::string json;
    (void)google::protobuf::util::MessageToJsonString(message, &json, options);
    return json;
}

// One unary call from its method's name to its status. Messages stay valid until Finish.
class Calls {
public:
    explicit Calls(const ApiServer::Parts& parts) : parts_(parts) {}
    [[nodiscard]] const Api& api() const { return parts_.api; }

    // answer(caller) -> Outcome<Response>
    template <class Response, class Answer>
    ServerUnaryReactor* read(CallbackServerContext* context,
                             const char* method,
                             Response* response,
                             Answer answer) const {
        return later<Response>(
            context, method, response,
            [&answer](const Caller& caller, Done<Response> done) { done(answer(caller)); });
    }

    // answer(caller, done)
    template <class Response, class Answer>
    ServerUnaryReactor* later(CallbackServerContext* context,
                              const char* method,
                              Response* response,
                              Answer answer) const {
        ServerUnaryReactor* reactor = context->DefaultReactor();
        const auto caller = parts_.gate.enter(method, context->peer(), "");
        if (!caller) {
            reactor->Finish(status_of(caller.error()));
            return reactor;
        }
        answer(*caller, Done<Response>([reactor, response](Outcome<Response> outcome) {
            finish(reactor, response, std::move(outcome));
        }));
        return reactor;
    }

    // answer(caller, write_done); what it did is audited before the caller hears of it.
    template <class Request, class Response, class Answer>
    ServerUnaryReactor* write(CallbackServerContext* context,
                              const char* method,
                              const Request* request,
                              Response* response,
                              Answer answer) const {
        ServerUnaryReactor* reactor = context->DefaultReactor();
        const auto caller =
            parts_.gate.enter(method, context->peer(), request->SerializeAsString());
        if (!caller) {
            reactor->Finish(status_of(caller.error()));
            return reactor;
        }
        AuditTrail& audit = parts_.audit;
        answer(*caller,
               WriteDone<Response>([&audit, who = *caller, method, request, reactor, response](
                                       Outcome<Response> outcome, const WriteNote& note) {
                   audit.record(who, method, json_of(*request), request->SerializeAsString(), note,
                                outcome ? nullptr : &outcome.error());
                   finish(reactor, response, std::move(outcome));
               }));
        return reactor;
    }

private:
    template <class Response>
    static void finish(ServerUnaryReactor* reactor, Response* response, Outcome<Response> outcome) {
        if (outcome) {
            *response = std::move(*outcome);
            reactor->Finish(grpc::Status::OK);
        } else {
            reactor->Finish(status_of(outcome.error()));
        }
    }

    const ApiServer::Parts parts_;
};

class ServerService final : public v1::ServerService::CallbackService {
public:
    explicit ServerService(const Calls& calls) : calls_(calls) {}
    ServerUnaryReactor* GetServer(CallbackServerContext* context,
                                  const v1::GetServerRequest*,
                                  v1::Server* response) override {
        return calls_.read(
            context, "/mpm.control.v1.ServerService/GetServer", response,
            [this](const Caller& caller) { return get_server(calls_.api(), caller); });
    }
    ServerUnaryReactor* ReloadConfig(CallbackServerContext* context,
                                     const v1::ReloadConfigRequest* request,
                                     v1::Operation* response) override {
        return calls_.write(context, "/mpm.control.v1.ServerService/ReloadConfig", request,
                            response, [&](const Caller& caller, WriteDone<v1::Operation> done) {
                                reload_config(calls_.api(), caller, *request, std::move(done));
                            });
    }

private:
    const Calls& calls_;
};

// WatchScoreboard takes and gives bytes, so that a frame is serialised once for all who watch.
using ScoreboardBase = v1::ScoreboardService::WithCallbackMethod_GetScoreboard<
    v1::ScoreboardService::WithRawCallbackMethod_WatchScoreboard<
        v1::ScoreboardService::WithCallbackMethod_ListChildren<
            v1::ScoreboardService::WithCallbackMethod_ListConnections<
                v1::ScoreboardService::WithCallbackMethod_ListCrashes<
                    v1::ScoreboardService::WithCallbackMethod_ListDecisions<
                        v1::ScoreboardService::Service>>>>>>;

class ScoreboardService final : public ScoreboardBase {
public:
    ScoreboardService(const Calls& calls, Streams& streams) : calls_(calls), streams_(streams) {}
    ServerUnaryReactor* GetScoreboard(CallbackServerContext* context,
                                      const v1::GetScoreboardRequest* request,
                                      v1::ScoreboardFrame* response) override {
        return calls_.read(
            context, "/mpm.control.v1.ScoreboardService/GetScoreboard", response,
            [&](const Caller& caller) { return get_scoreboard(calls_.api(), caller, *request); });
    }
    grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchScoreboard(
        CallbackServerContext* context, const grpc::ByteBuffer* request) override {
        return streams_.watch_scoreboard(context, request);
    }
    ServerUnaryReactor* ListChildren(CallbackServerContext* context,
                                     const v1::ListChildrenRequest* request,
                                     v1::ListChildrenResponse* response) override {
        return calls_.read(context, "/mpm.control.v1.ScoreboardService/ListChildren", response,
                           [&](const Caller&) { return list_children(calls_.api(), *request); });
    }
    ServerUnaryReactor* ListConnections(CallbackServerContext* context,
                                        const v1::ListConnectionsRequest* request,
                                        v1::ListConnectionsResponse* response) override {
        return calls_.read(context, "/mpm.control.v1.ScoreboardService/ListConnections", response,
                           [&](const Caller&) { return list_connections(calls_.api(), *request); });
    }
    ServerUnaryReactor* ListCrashes(CallbackServerContext* context,
                                    const v1::ListCrashesRequest* request,
                                    v1::ListCrashesResponse* response) override {
        return calls_.read(context, "/mpm.control.v1.ScoreboardService/ListCrashes", response,
                           [&](const Caller&) -> Outcome<v1::ListCrashesResponse> {
                               return list_crashes(calls_.api(), *request);
                           });
    }
    ServerUnaryReactor* ListDecisions(CallbackServerContext* context,
                                      const v1::ListDecisionsRequest* request,
                                      v1::ListDecisionsResponse* response) override {
        return calls_.read(context, "/mpm.control.v1.ScoreboardService/ListDecisions", response,
                           [&](const Caller&) -> Outcome<v1::ListDecisionsResponse> {
                               return list_decisions(calls_.api(), *request);
                           });
    }

private:
    const Calls& calls_;
    Streams& streams_;
};

class ProcessService final : public v1::ProcessService::CallbackService {
public:
    explicit ProcessService(const Calls& calls) : calls_(calls) {}
    ServerUnaryReactor* RestartChildren(CallbackServerContext* context,
                                        const v1::RestartChildrenRequest* request,
                                        v1::Operation* response) override {
        return calls_.write(context, "/mpm.control.v1.ProcessService/RestartChildren", request,
                            response, [&](const Caller& caller, WriteDone<v1::Operation> done) {
                                restart_children(calls_.api(), caller, *request, std::move(done));
                            });
    }

private:
    const Calls& calls_;
};

class DirectiveService final : public v1::DirectiveService::CallbackService {
public:
    explicit DirectiveService(const Calls& calls) : calls_(calls) {}
    ServerUnaryReactor* ListDirectives(CallbackServerContext* context,
                                       const v1::ListDirectivesRequest* request,
                                       v1::ListDirectivesResponse* response) override {
        return calls_.later(context, "/mpm.control.v1.DirectiveService/ListDirectives", response,
                            [&](const Caller&, Done<v1::ListDirectivesResponse> done) {
                                list_directives(calls_.api(), *request, std::move(done));
                            });
    }
    ServerUnaryReactor* GetDirective(CallbackServerContext* context,
                                     const v1::GetDirectiveRequest* request,
                                     v1::Directive* response) override {
        return calls_.later(context, "/mpm.control.v1.DirectiveService/GetDirective", response,
                            [&](const Caller&, Done<v1::Directive> done) {
                                get_directive(calls_.api(), *request, std::move(done));
                            });
    }
    ServerUnaryReactor* UpdateDirectives(CallbackServerContext* context,
                                         const v1::UpdateDirectivesRequest* request,
                                         v1::UpdateDirectivesResponse* response) override {
        return calls_.write(
            context, "/mpm.control.v1.DirectiveService/UpdateDirectives", request, response,
            [&](const Caller& caller, WriteDone<v1::UpdateDirectivesResponse> done) {
                update_directives(calls_.api(), caller, *request, std::move(done));
            });
    }

private:
    const Calls& calls_;
};

using OperationBase = v1::OperationService::WithCallbackMethod_GetOperation<
    v1::OperationService::WithCallbackMethod_ListOperations<
        v1::OperationService::WithRawCallbackMethod_WatchOperation<
            v1::OperationService::WithCallbackMethod_WaitOperation<
                v1::OperationService::Service>>>>;

class OperationService final : public OperationBase {
public:
    OperationService(const Calls& calls, Streams& streams) : calls_(calls), streams_(streams) {}
    ServerUnaryReactor* GetOperation(CallbackServerContext* context,
                                     const v1::GetOperationRequest* request,
                                     v1::Operation* response) override {
        return calls_.later(context, "/mpm.control.v1.OperationService/GetOperation", response,
                            [&](const Caller&, Done<v1::Operation> done) {
                                calls_.api().operations.get(request->name(), std::move(done));
                            });
    }
    ServerUnaryReactor* ListOperations(CallbackServerContext* context,
                                       const v1::ListOperationsRequest* request,
                                       v1::ListOperationsResponse* response) override {
        return calls_.later(context, "/mpm.control.v1.OperationService/ListOperations", response,
                            [&](const Caller&, Done<v1::ListOperationsResponse> done) {
                                calls_.api().operations.list(*request, std::move(done));
                            });
    }
    grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchOperation(
        CallbackServerContext* context, const grpc::ByteBuffer* request) override {
        return streams_.watch_operation(context, request);
    }
    ServerUnaryReactor* WaitOperation(CallbackServerContext* context,
                                      const v1::WaitOperationRequest* request,
                                      v1::Operation* response) override {
        return calls_.later(context, "/mpm.control.v1.OperationService/WaitOperation", response,
                            [&](const Caller&, Done<v1::Operation> done) {
                                wait_operation(calls_.api(), *request, std::move(done));
                            });
    }

private:
    const Calls& calls_;
    Streams& streams_;
};

// The reflection library registers itself with every server once it is loaded; this takes it out
// again.
class WithoutReflection final : public grpc::ServerBuilderOption {
public:
    void UpdateArguments(grpc::ChannelArguments*) override {}
    void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
        plugins->erase(
            std::remove_if(plugins->begin(), plugins->end(),
                           [](const auto& plugin) {
                               return dynamic_cast<grpc::reflection::ProtoServerReflectionPlugin*>(
                                          plugin.get()) != nullptr;
                           }),
            plugins->end());
    }
};

class GrpcServer final : public ApiServer {
public:
    explicit GrpcServer(const Parts& parts)
        : calls_(parts),
          streams_(parts.api, parts.gate, parts.watchers),
          server_service_(calls_),
          scoreboard_service_(calls_, streams_),
          process_service_(calls_),
          directive_service_(calls_),
          operation_service_(calls_, streams_) {}
    GrpcServer(const GrpcServer&) = delete;
    GrpcServer& operator=(const GrpcServer&) = delete;
    ~GrpcServer() override { stop(); }

    [[nodiscard]] bool build(bool reflection) {
        grpc::EnableDefaultHealthCheckService(true);
        grpc::ServerBuilder builder;
        if (!reflection) builder.SetOption(std::make_unique<WithoutReflection>());
        builder.SetMaxReceiveMessageSize(256 * 1024);  // a request is small
        const std::initializer_list<grpc::Service*> services = {
            &server_service_, &scoreboard_service_, &process_service_, &directive_service_,
            &operation_service_};
        for (grpc::Service* service : services)
            builder.RegisterService(service);
        server_ = builder.BuildAndStart();
        if (server_ == nullptr) return false;
        auto* health = server_->GetHealthCheckService();
        health->SetServingStatus(true);
        for (const char* name : {"mpm.control.v1.ServerService", "mpm.control.v1.ScoreboardService",
                                 "mpm.control.v1.ProcessService", "mpm.control.v1.DirectiveService",
                                 "mpm.control.v1.OperationService"})
            health->SetServingStatus(name, true);
        return true;
    }

    void serve(int fd) override { grpc::AddInsecureChannelFromFd(server_.get(), fd); }

    void stop() override {
        if (server_ == nullptr) return;
        streams_.close();
        server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
        server_->Wait();
        server_.reset();
    }

private:
    const Calls calls_;
    Streams streams_;
    ServerService server_service_;
    ScoreboardService scoreboard_service_;
    ProcessService process_service_;
    DirectiveService directive_service_;
    OperationService operation_service_;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::start(const Parts& parts) {
    if (parts.reflection) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    auto server = std::make_unique<GrpcServer>(parts);
    if (!server->build(parts.reflection)) return fail(Error::text("gRPC cannot start"));
    return std::unique_ptr<ApiServer>(std::move(server));
}

}  // namespace mpmd::control
