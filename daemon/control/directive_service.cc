#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/control/convert.h"
#include "daemon/control/services.h"

namespace mpmd::control {
namespace {

std::string resource_of(const v1::UpdateDirectivesRequest& request) {
    std::string names;
    for (int i = 0; i < request.changes_size() && i < 32; ++i)
        names += (names.empty() ? "" : " ") + text::escape(request.changes(i).name().substr(0, 48));
    return names;
}

Outcome<> put_change(ipc::Change& out, const v1::DirectiveChange& change, int index) {
    const auto directive = find_by_any_name(change.name());
    if (!directive) {
        Failure failure = directive.error();
        failure.violations = {{fmt::format("changes[{}].name", index), failure.message}};
        return refuse(std::move(failure));
    }
    const std::string field = fmt::format("changes[{}].value", index);
    if (auto put = put_text(out.name, (*directive)->name, field); !put) return put;
    if (change.reset()) {
        out.reset = 1;
        return {};
    }
    return put_text(out.value, change.value(), field);
}

Outcome<ipc::ChangeBody> body_of(const v1::UpdateDirectivesRequest& request) {
    ipc::ChangeBody body;
    if (request.changes_size() == 0 ||
        static_cast<std::size_t>(request.changes_size()) > ipc::kMaxChanges)
        return refuse({Code::InvalidArgument,
                       "BAD_REQUEST",
                       fmt::format("one call changes 1 to {} directives, not {}", ipc::kMaxChanges,
                                   request.changes_size()),
                       {{"maximum", fmt::format("{}", ipc::kMaxChanges)}},
                       {{"changes", "1 to 32"}}});
    const auto revision = read_etag(request.etag());
    if (!revision) return refuse(revision.error());
    body.if_revision = *revision;
    for (int i = 0; i < request.changes_size(); ++i)
        if (auto put = put_change(body.changes[body.count++], request.changes(i), i); !put)
            return refuse(std::move(put).error());
    body.validate_only = request.validate_only() ? 1 : 0;
    body.saved = request.lifetime() == v1::LIFETIME_SAVED ? 1 : 0;
    body.allow_rolling = request.allow() == v1::APPLY_CLASS_ROLLING ? 1 : 0;
    if (auto put = put_text(body.reason, request.reason(), "reason"); !put)
        return refuse(std::move(put).error());
    return body;
}

// What the change was and did, for the answer.
struct Update {
    ipc::ChangeBody body;
    StatesPtr before;
    StatesPtr after;  // null when validate_only
    ipc::ReplyHeader reply;
};

std::string value_before(const Update& update, std::string_view name) {
    const auto* state = update.before->find(name);
    return state == nullptr ? std::string() : text::escape(ipc::text(state->value));
}

std::string value_after(const Update& update, const ipc::Change& change) {
    if (update.after != nullptr)
        if (const auto* state = update.after->find(ipc::text(change.name)))
            return text::escape(ipc::text(state->value));
    if (change.reset == 0) return text::escape(ipc::text(change.value));
    const auto* state = update.before->find(ipc::text(change.name));
    if (state != nullptr && !ipc::text(state->file_value).empty())
        return text::escape(ipc::text(state->file_value));
    const auto* directive = config::find_directive(ipc::text(change.name));
    return directive == nullptr ? std::string() : std::string(directive->fallback);
}

std::string children(std::int32_t delta) {
    const std::int32_t count = delta < 0 ? -delta : delta;
    return fmt::format("{} child{}", count, count == 1 ? "" : "ren");
}

bool was_so_already(const Update& update) {
    for (const auto& [name, value] : metadata_of(update.reply))
        if (name == "unchanged") return true;
    return false;
}

// For a change after which every value is what it was.
std::string prediction_of_nothing(const Update& update) {
    if (update.body.validate_only != 0) return "no value would change";
    if (was_so_already(update)) return "nothing changes: it is so already";
    return "no value changes; what is set here holds whatever the file says at its next load";
}

std::string prediction_of(const Update& update, bool rolling) {
    const auto delta = static_cast<std::int32_t>(update.reply.children_delta);
    const bool only = update.body.validate_only != 0;
    if (rolling)
        return only ? "would replace the children one after another, each by a successor that is "
                      "ready first"
                    : "children are replaced one after another, each by a successor that is ready "
                      "first";
    if (delta > 0)
        return fmt::format("{} up to {} now; no restart", only ? "would start" : "starts",
                           children(delta));
    if (delta < 0)
        return fmt::format("{} up to {}, one a tick; no restart", only ? "would retire" : "retires",
                           children(delta));
    return only ? "would start and stop no child; no restart" : "no child starts or stops";
}

v1::UpdateDirectivesResponse response_of(const Api& api, const Update& update) {
    v1::UpdateDirectivesResponse response;
    response.set_revision(update.reply.revision);
    response.set_etag(etag_of(update.reply.revision));
    response.set_validated_only(update.body.validate_only != 0);
    bool rolling = false;
    bool same = true;
    for (std::size_t i = 0; i < update.body.count; ++i) {
        const ipc::Change& change = update.body.changes[i];
        const auto* directive = config::find_directive(ipc::text(change.name));
        v1::ChangeEffect& effect = *response.add_effects();
        effect.set_name(std::string(ipc::text(change.name)));
        effect.set_old_value(value_before(update, ipc::text(change.name)));
        effect.set_new_value(value_after(update, change));
        same = same && effect.old_value() == effect.new_value();
        if (directive == nullptr) continue;
        effect.set_apply_class(apply_class_of(directive->apply));
        rolling = rolling || (directive->apply == config::Apply::Rolling &&
                              effect.old_value() != effect.new_value());
    }
    for (const auto& [name, value] : metadata_of(update.reply))
        if (name.starts_with("warning")) response.add_warnings(text::escape(value));
    if (update.reply.outcome == ipc::Outcome::Accepted && update.reply.operation != 0) {
        ipc::Reply reply;
        reply.header = update.reply;
        *response.mutable_operation() = accepted_operation(api, reply);
    }
    response.set_unchanged(was_so_already(update));
    response.set_prediction(same ? prediction_of_nothing(update) : prediction_of(update, rolling));
    return response;
}

void finish(const Api& api,
            const std::shared_ptr<Update>& update,
            WriteNote note,
            const WriteDone<v1::UpdateDirectivesResponse>& done) {
    note.revision_after = update->reply.revision;
    note.operation = update->reply.operation;
    if (update->body.validate_only != 0) {
        done(response_of(api, *update), note);
        return;
    }
    // The change holds; that its new values cannot be read at once is no failure of it.
    api.directives.states(
        [&api, update, note, done](const Outcome<StatesPtr>& after) {
            if (after) update->after = *after;
            done(response_of(api, *update), note);
        },
        update->reply.revision);
}

v1::Directive shown(const config::Directive& directive,
                    const DirectiveStates& states,
                    Names& names) {
    v1::Directive out =
        directive_of(directive, states.find(directive.name), states.revision, names);
    // Several rules may have touched it one after another: from what was asked for to what holds.
    for (const mpm::Adjustment& adjustment : states.adjustments) {
        if (adjustment.directive != directive.name) continue;
        v1::Adjustment step = adjustment_of(adjustment);
        if (out.has_adjustment()) {
            step.set_requested(out.adjustment().requested());
            step.set_requested_text(out.adjustment().requested_text());
            step.set_because(out.adjustment().because() + "; then " + step.because());
        }
        *out.mutable_adjustment() = std::move(step);
    }
    return out;
}

void fill_page(v1::ListDirectivesResponse& response,
               const v1::ListDirectivesRequest& request,
               const DirectiveStates& states,
               std::size_t first,
               Names& names) {
    const auto table = config::directives();
    for (std::size_t i = first; i < table.size(); ++i) {
        if (request.overridable_only() && !table[i].overridable()) continue;
        if (request.page_size() != 0 &&
            static_cast<std::uint32_t>(response.directives_size()) == request.page_size()) {
            response.set_next_page_token(fmt::format("directive-{}", i));
            return;
        }
        *response.add_directives() = shown(table[i], states, names);
    }
}

Outcome<std::size_t> read_token(std::string_view token) {
    if (token.empty()) return 0U;
    const auto index =
        token.starts_with("directive-") ? text::parse_uint(token.substr(10)) : std::nullopt;
    if (index && *index <= config::directives().size()) return static_cast<std::size_t>(*index);
    return refuse({Code::InvalidArgument,
                   "BAD_PAGE_TOKEN",
                   "page_token was not given by this server; begin again without it",
                   {},
                   {{"page_token", "unknown"}}});
}

}  // namespace

void list_directives(const Api& api,
                     const v1::ListDirectivesRequest& request,
                     Done<v1::ListDirectivesResponse> done) {
    const auto first = read_token(request.page_token());
    if (!first) return done(refuse(first.error()));
    api.directives.states([&api, &request, first = *first, done](const Outcome<StatesPtr>& states) {
        if (!states) return done(refuse(states.error()));
        v1::ListDirectivesResponse response;
        response.set_revision((*states)->revision);
        response.set_etag(etag_of((*states)->revision));
        fill_page(response, request, **states, first, api.names);
        done(std::move(response));
    });
}

void get_directive(const Api& api,
                   const v1::GetDirectiveRequest& request,
                   Done<v1::Directive> done) {
    const auto directive = find_by_any_name(request.name());
    if (!directive) return done(refuse(directive.error()));
    api.directives.states([&api, found = *directive, done](const Outcome<StatesPtr>& states) {
        if (!states) return done(refuse(states.error()));
        done(shown(*found, **states, api.names));
    });
}

void update_directives(const Api& api,
                       const Caller& caller,
                       const v1::UpdateDirectivesRequest& request,
                       WriteDone<v1::UpdateDirectivesResponse> done) {
    WriteNote note = note_of(api, request, resource_of(request));
    auto command = command_with(api, caller, "UpdateDirectives", request, body_of(request));
    if (!command) return done(refuse(std::move(command).error()), note);
    const auto update = std::make_shared<Update>();
    update->body = std::get<ipc::ChangeBody>(command->body);
    const auto shared = std::make_shared<ipc::Command>(std::move(*command));
    api.directives.states(
        [&api, update, shared, note, done = std::move(done)](const Outcome<StatesPtr>& before) {
            if (!before) return done(refuse(before.error()), note);
            update->before = *before;
            send(api, std::move(*shared), [&api, update, note, done](Outcome<ipc::Reply> reply) {
                if (!reply) return done(refuse(std::move(reply).error()), note);
                update->reply = reply->header;
                finish(api, update, note, done);
            });
        });
}

}  // namespace mpmd::control
