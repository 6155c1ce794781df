// get, describe, set, reset: directives.

#include <fmt/format.h>

#include "ctl/command.h"
#include "ctl/exit_code.h"
#include "ctl/output/json.h"
#include "ctl/output/show.h"

namespace mpmd::ctl {

namespace v1 = api::v1;

namespace {

tl::expected<v1::UpdateDirectivesRequest, Failure> update_request(const Arguments& arguments) {
    v1::UpdateDirectivesRequest request;
    request.set_request_id(api::new_request_id());
    request.set_reason(arguments.value("--reason"));
    request.set_validate_only(arguments.has("--dry-run"));
    if (arguments.has("--save") && arguments.has("--until-restart"))
        return tl::unexpected<Failure>(
            usage_failure("--save and --until-restart exclude each other"));
    request.set_lifetime(arguments.has("--save") ? v1::LIFETIME_SAVED : v1::LIFETIME_UNTIL_RESTART);
    const std::string allow = arguments.value("--allow");
    if (allow == "rolling")
        request.set_allow(v1::APPLY_CLASS_ROLLING);
    else if (allow.empty() || allow == "now")
        request.set_allow(v1::APPLY_CLASS_IMMEDIATE);
    else
        return tl::unexpected<Failure>(
            usage_failure(fmt::format("--allow takes now or rolling, not '{}'", allow)));
    request.set_etag(arguments.value("--if-rev"));
    return request;
}

// Sends, shows, and waits for children that have to be replaced.
int send(Session& session, const Arguments& arguments, v1::UpdateDirectivesRequest request) {
    if (!request.validate_only() && Session::interactive() && !session.options().yes) {
        v1::UpdateDirectivesRequest dry = request;
        dry.set_validate_only(true);
        dry.clear_request_id();
        const auto effect = session.api().update_directives(dry);
        if (!effect) return session.refuse(effect.error());
        if (request.etag().empty())
            request.set_etag(effect->etag());  // what was shown is what is changed
        session.print(show_update(*effect));
        if (!session.confirmed("Apply?")) return kExitDone;
    }
    const auto response = session.api().update_directives(request);
    if (!response) return session.refuse(response.error());
    session.print(session.json() ? message_json(*response) : show_update(*response));
    if (response->operation().name().empty() || arguments.has("--no-wait")) return kExitDone;
    return follow_operation(session, arguments, response->operation());
}

}  // namespace

int run_get(Session& session, const Arguments& arguments) {
    v1::ListDirectivesResponse list;
    if (arguments.words.empty()) {
        v1::ListDirectivesRequest request;
        request.set_overridable_only(!arguments.has("--all"));
        auto reply = session.api().list_directives(request);
        if (!reply) return session.refuse(reply.error());
        list = std::move(*reply);
    }
    for (const std::string& name : arguments.words) {
        v1::GetDirectiveRequest request;
        request.set_name(name);
        auto reply = session.api().get_directive(request);
        if (!reply) return session.refuse(reply.error());
        list.set_etag(reply->etag());
        list.add_directives()->Swap(&*reply);
    }
    switch (session.options().format) {
        case Format::Json:
            session.print(message_json(list));
            break;
        case Format::Value:
            for (const v1::Directive& directive : list.directives())
                session.print(directive.value() + "\n");
            break;
        default:
            session.print(show_directives(list, session.width()));
    }
    return kExitDone;
}

int run_describe(Session& session, const Arguments& arguments) {
    v1::GetDirectiveRequest request;
    request.set_name(arguments.words.front());
    const auto directive = session.api().get_directive(request);
    if (!directive) return session.refuse(directive.error());
    session.print(session.json() ? message_json(*directive) : show_directive(*directive));
    return kExitDone;
}

int run_set(Session& session, const Arguments& arguments) {
    auto request = update_request(arguments);
    if (!request) return session.refuse(request.error());
    for (const std::string& word : arguments.words) {
        const auto equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            return session.refuse(usage_failure(fmt::format("'{}' is not NAME=VALUE", word)));
        v1::DirectiveChange* change = request->add_changes();
        change->set_name(word.substr(0, equals));
        change->set_value(word.substr(equals + 1));
    }
    return send(session, arguments, std::move(*request));
}

int run_reset(Session& session, const Arguments& arguments) {
    auto request = update_request(arguments);
    if (!request) return session.refuse(request.error());
    for (const std::string& word : arguments.words) {
        v1::DirectiveChange* change = request->add_changes();
        change->set_name(word);
        change->set_reset(true);
    }
    return send(session, arguments, std::move(*request));
}

}  // namespace mpmd::ctl
