#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/convert.h"
#include "daemon/control/services.h"

namespace mpmd::control {
namespace {

constexpr std::size_t kRemembered = 1024;  // as many as the supervisor does

}  // namespace

Outcome<> RequestIds::check(const RequestId& id, std::string_view method, std::string_view bytes) {
    if (id == RequestId{}) return {};
    store::Sha256 hash;
    hash.add(method);
    hash.add(bytes);
    const store::Digest digest = hash.finish();
    std::string key(reinterpret_cast<const char*>(id.data()), id.size());
    const os::Lock lock(mutex_);
    const auto [known, fresh] = known_.emplace(key, digest);
    if (!fresh) {
        if (known->second == digest) return {};
        return refuse({Code::InvalidArgument,
                       "REQUEST_ID_REUSED",
                       "this request_id was used for another request; make a new one",
                       {},
                       {{"request_id", "used for another request"}}});
    }
    order_.push_back(std::move(key));
    if (order_.size() > kRemembered) {
        known_.erase(order_.front());
        order_.pop_front();
    }
    return {};
}

Outcome<ipc::Command> command_for(const Api& api,
                                  const Caller& caller,
                                  std::string_view method,
                                  std::string_view request_id,
                                  std::string_view bytes) {
    const auto id = read_request_id(request_id);
    if (!id) return refuse(id.error());
    if (auto fresh = api.request_ids.check(*id, method, bytes); !fresh)
        return refuse(std::move(fresh).error());
    ipc::Command command;
    command.header.request_id = *id;
    command.header.uid = caller.peer->uid;
    return command;
}

void send(const Api& api, ipc::Command command, Done<ipc::Reply> done) {
    api.link.call(std::move(command), [done = std::move(done)](std::optional<ipc::Reply> reply) {
        if (!reply)
            done(refuse(unreachable()));
        else if (reply->header.outcome == ipc::Outcome::Refused)
            done(refuse(failure_of(*reply)));
        else
            done(std::move(*reply));
    });
}

std::uint64_t revision_now(const Api& api) {
    scoreboard::Global global;
    return api.sampler.view().global().read(global) ? global.revision : 0;
}

v1::Operation accepted_operation(const Api& api, const ipc::Reply& reply) {
    if (auto shown = api.operations.shown(reply.header.operation)) return std::move(*shown);
    v1::Operation operation;
    operation.set_name(operation_name(reply.header.operation));
    operation.set_state(v1::OPERATION_STATE_PENDING);
    return operation;
}

v1::Operation checked_operation(const ipc::Reply& reply,
                                std::string_view kind,
                                std::string_view otherwise) {
    v1::Operation checked;
    checked.set_kind(std::string(kind));
    checked.set_revision(reply.header.revision);
    checked.set_generation(reply.header.generation);
    const std::string_view said = ipc::text(reply.header.message);
    checked.set_result(said.empty() ? std::string(otherwise) : text::escape(said));
    return checked;
}

}  // namespace mpmd::control
