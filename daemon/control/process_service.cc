#include <fmt/format.h>

#include "daemon/control/services.h"

namespace mpmd::control {
namespace {

constexpr std::int64_t kLongestDrainMs = 24LL * 3600 * 1000;

Failure bad(std::string reason, std::string field, std::string message) {
    return {Code::InvalidArgument, std::move(reason), message, {}, {{std::move(field), message}}};
}

std::string resource_of(const v1::RestartChildrenRequest& request) {
    if (request.all()) return "all children";
    std::string resource = "children";
    for (int i = 0; i < request.uids_size() && i < 32; ++i)
        resource += fmt::format(" {}", request.uids(i));
    if (request.uids_size() > 32) resource += fmt::format(" and {} more", request.uids_size() - 32);
    return resource;
}

Outcome<ipc::RolloutBody> body_of(const v1::RestartChildrenRequest& request) {
    if (request.all() == (request.uids_size() > 0))
        return refuse(bad("BAD_SELECTION", "uids", "name children by uid, or say all, not both"));
    if (static_cast<std::size_t>(request.uids_size()) > ipc::kMaxTargets)
        return refuse(bad("BAD_SELECTION", "uids",
                          fmt::format("{} children at most in one call", ipc::kMaxTargets)));
    ipc::RolloutBody body;
    body.all = request.all() ? 1 : 0;
    for (const std::uint64_t uid : request.uids())
        body.uids[body.count++] = uid;
    body.max_surge = request.max_surge();
    body.validate_only = request.validate_only() ? 1 : 0;
    if (request.has_drain_timeout()) {
        const auto& timeout = request.drain_timeout();
        const std::int64_t ms = timeout.seconds() * 1000 + timeout.nanos() / 1'000'000;
        if (timeout.seconds() < 0 || timeout.nanos() < 0 || timeout.seconds() > 86400 ||
            ms > kLongestDrainMs)
            return refuse(bad("VALUE_OUT_OF_RANGE", "drain_timeout",
                              "drain_timeout is 0 s (unlimited) to 24 h"));
        body.drain_timeout_ms = ms;
    }
    if (auto put = put_text(body.reason, request.reason(), "reason"); !put)
        return refuse(std::move(put).error());
    return body;
}

}  // namespace

void restart_children(const Api& api,
                      const Caller& caller,
                      const v1::RestartChildrenRequest& request,
                      WriteDone<v1::Operation> done) {
    WriteNote note = note_of(api, request, resource_of(request));
    auto command = command_with(api, caller, "RestartChildren", request, body_of(request));
    if (!command) return done(refuse(std::move(command).error()), note);
    const bool validate_only = request.validate_only();
    send(api, std::move(*command),
         [&api, note, validate_only, done = std::move(done)](Outcome<ipc::Reply> reply) mutable {
             if (!reply) return done(refuse(std::move(reply).error()), note);
             note.operation = reply->header.operation;
             if (!validate_only) return done(accepted_operation(api, *reply), note);
             done(checked_operation(*reply, "restart",
                                    "the children could be replaced; nothing was done"),
                  note);
         });
}

}  // namespace mpmd::control
