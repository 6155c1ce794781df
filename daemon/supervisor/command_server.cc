#include "daemon/supervisor/command_server.h"

#include <algorithm>

#include <unistd.h>

#include <fmt/format.h>

#include "daemon/os/clock.h"
#include "daemon/supervisor/command_text.h"

namespace mpmd::supervisor {

namespace {

using ipc::Outcome;
using ipc::Refusal;
using ipc::Reply;

constexpr std::size_t kRemembered = 1024;

bool is_set(const CommandServer::RequestId& id) {
    return std::any_of(id.begin(), id.end(), [](std::uint8_t byte) { return byte != 0; });
}

Reply done(std::string_view message = "") {
    Reply reply;
    reply.header.outcome = Outcome::Done;
    ipc::cut_text(reply.header.message, message);
    return reply;
}

Reply refused(Refusal why, std::string_view message, std::string_view metadata = "") {
    Reply reply;
    reply.header.refusal = why;
    ipc::cut_text(reply.header.message, message);
    ipc::cut_text(reply.header.metadata, metadata);
    return reply;
}

Reply accepted(std::uint64_t operation) {
    Reply reply;
    reply.header.outcome = Outcome::Accepted;
    reply.header.operation = operation;
    return reply;
}

config::ChangeRequest request_of(const ipc::ChangeBody& body) {
    config::ChangeRequest request;
    for (std::uint32_t i = 0; i < body.count; ++i) {
        const ipc::Change& asked = body.changes[i];
        config::Change change;
        change.directive = std::string(ipc::text(asked.name));
        if (asked.reset == 0) change.text = std::string(ipc::text(asked.value));
        request.changes.push_back(std::move(change));
    }
    request.lifetime = body.saved != 0 ? config::Lifetime::Saved : config::Lifetime::UntilRestart;
    request.allow = body.allow_rolling != 0 ? config::Apply::Rolling : config::Apply::Immediate;
    return request;
}

std::string would_replace(const Replacement::Order& order, const mpm::Limits& limits) {
    const auto count = static_cast<std::int64_t>(order.targets.size());
    const std::int64_t surge =
        order.max_surge > 0 ? order.max_surge : mpm::default_surge(limits.active_limit());
    if (count == 1) return "would replace 1 child";
    return fmt::format("would replace {} children, {} at a time", count, std::min(count, surge));
}

}  // namespace

void CommandServer::handle(const ipc::Command& command) {
    const RequestId& id = command.header.request_id;
    if (const auto known = remembered_.find(id); is_set(id) && known != remembered_.end()) {
        Reply again = known->second.reply();
        again.header.serial = command.header.serial;
        return parts_.send(again);
    }
    if (saving_ && is_set(id) && saving_->request.request_id == id) {
        saving_->request = command.header;  // asked again while the disk is slow
        return;
    }
    if (std::optional<Reply> reply = answer(command)) finish(command.header, std::move(*reply));
}

void CommandServer::finish(const ipc::CommandHeader& request, Reply reply) {
    reply.header.serial = request.serial;
    reply.header.revision = parts_.core.revisions.revision().value();
    reply.header.generation = parts_.core.revisions.generation().value();
    if (is_set(request.request_id)) remember(request.request_id, reply);
    parts_.send(reply);
}

// What was only read is read again.
void CommandServer::remember(const RequestId& id, const Reply& reply) {
    if (!std::holds_alternative<std::monostate>(reply.body)) return;
    if (order_.size() >= kRemembered) {
        remembered_.erase(order_.front());
        order_.pop_front();
    }
    if (remembered_.insert_or_assign(id, KeptReply(reply)).second) order_.push_back(id);
}

std::optional<Reply> CommandServer::answer(const ipc::Command& command) {
    const ipc::CommandHeader& header = command.header;
    const bool reads = header.verb == ipc::Verb::Ping || header.verb == ipc::Verb::Hello ||
                       header.verb == ipc::Verb::State;
    if (!reads && parts_.stopping()) return refused(Refusal::Stopping, "the server is stopping");
    switch (header.verb) {
        case ipc::Verb::Ping:
            return done();
        case ipc::Verb::Hello:
            return hello(std::get<ipc::HelloBody>(command.body));
        case ipc::Verb::State:
            return state(std::get<ipc::StateRequest>(command.body));
        case ipc::Verb::Change:
            return change(header, std::get<ipc::ChangeBody>(command.body));
        case ipc::Verb::Rollout:
            return rollout(header, std::get<ipc::RolloutBody>(command.body));
        case ipc::Verb::Reload:
            return reload(header, std::get<ipc::ReloadBody>(command.body));
    }
    return refused(Refusal::Unsupported, fmt::format("this mpmd does not know command {}",
                                                     static_cast<std::uint32_t>(header.verb)));
}

Reply CommandServer::hello(const ipc::HelloBody& body) {
    if (body.layout_version != scoreboard::kLayoutVersion)
        return refused(Refusal::Unsupported,
                       fmt::format("mpmd-control reads scoreboard layout {}, this mpmd writes {}",
                                   body.layout_version, scoreboard::kLayoutVersion));
    const Core& core = parts_.core;
    const config::Settings& settings = core.settings();
    ipc::HelloReply out;
    out.revision = core.revisions.revision().value();
    out.next_child = core.next_child;
    out.next_operation = core.board.global.next_operation;
    out.reflection = settings.control_reflection ? 1 : 0;
    out.max_watchers = static_cast<std::uint32_t>(settings.control_max_watchers);
    ipc::cut_text(out.config_file, core.revisions.path());
    ipc::cut_text(out.state_dir, core.state_dir.path());
    const RolesText roles = roles_text(settings.control_roles, out.roles.size() - 1);
    ipc::cut_text(out.roles, roles.text);
    out.roles_complete = roles.complete ? 1 : 0;
    // Without root children run as we do, and refusing that uid would refuse the owner.
    out.children_uid =
        core.identities.children ? core.identities.children->uid : static_cast<std::uint32_t>(-1);
    out.supervisor_uid = ::geteuid();
    Reply reply = done();
    reply.body = out;
    return reply;
}

Reply CommandServer::state(const ipc::StateRequest& body) {
    ipc::StateReply page;
    page.buckets = static_cast<std::uint32_t>(parts_.core.listeners.buckets());
    std::size_t index = 0;
    for (const config::Directive& directive : config::directives()) {
        if (directive.support != config::Support::Yes || index++ < body.first) continue;
        if (page.count == page.directives.size()) {
            page.more = 1;
            break;
        }
        page.directives[page.count++] = directive_state(directive, parts_.core.revisions);
    }
    Reply reply = done();
    reply.body = page;
    return reply;
}

std::optional<Reply> CommandServer::wrong_revision(std::uint64_t asked) const {
    const std::uint64_t now = parts_.core.revisions.revision().value();
    if (asked == 0 || asked == now) return std::nullopt;
    return refused(
        Refusal::RevisionChanged,
        fmt::format("revision is {}, not {}: somebody else was faster; look again", now, asked),
        fmt::format("revision={}\nexpected={}", now, asked));
}

std::optional<Reply> CommandServer::busy() const {
    if (!parts_.replacement.replacing()) return std::nullopt;
    const std::uint64_t number = parts_.replacement.number();
    return refused(Refusal::OperationActive,
                   fmt::format("op-{} is running ({}); one restart at a time", number,
                               parts_.replacement.progress()),
                   fmt::format("operation=op-{}", number));
}

std::optional<Reply> CommandServer::change(const ipc::CommandHeader& header,
                                           const ipc::ChangeBody& body) {
    if (auto wrong = wrong_revision(body.if_revision)) return wrong;
    if (saving_) return refused(Refusal::OperationActive, "another change is being saved");
    Core& core = parts_.core;
    config::Validated validated = core.revisions.validate(request_of(body));
    if (auto reply = refusal_of(validated)) return reply;
    if (body.validate_only != 0) {
        Reply reply = done("valid; nothing was changed");
        reply.header.children_delta = predicted(validated);
        ipc::cut_text(reply.header.metadata, differences_text(validated));
        return reply;
    }
    // What is so already needs no revision.
    if (validated.layers == core.revisions.layers()) {
        Reply reply = done("nothing differs");
        ipc::cut_text(reply.header.metadata, "unchanged=1\n");
        return reply;
    }
    if (validated.layers.saved == core.revisions.layers().saved)
        return apply(std::move(validated), header, body);
    saving_.emplace(Saving{header, body, validated.layers.saved});
    parts_.writer.write(core.state_dir.file("overrides.conf"),
                        core.revisions.saved_text(validated.layers),
                        [this](bool written) { saved(written); });
    return std::nullopt;
}

std::optional<Reply> CommandServer::refusal_of(const config::Validated& validated) const {
    if (!validated.ok()) {
        const Violations text = violations_text(validated.violations);
        return refused(text.refusal, text.message, text.metadata);
    }
    return validated.apply == config::Apply::Rolling ? busy() : std::nullopt;
}

// Children that regulation starts or retires because of the change; what it is about to do anyway
// is none of it.
std::uint32_t CommandServer::predicted(const config::Validated& validated) const {
    const mpm::Limits& limits = validated.config.effective.limits;
    if (limits == parts_.core.settings().limits) return 0;
    return static_cast<std::uint32_t>(parts_.regulation.predict(limits));
}

void CommandServer::saved(bool written) {
    const Saving saving = std::move(*saving_);
    saving_.reset();
    if (written) return finish(saving.request, after_saving(saving));
    finish(saving.request, refused(Refusal::StateNotSaved,
                                   fmt::format("cannot write {}: nothing was changed",
                                               parts_.core.state_dir.file("overrides.conf"))));
}

// While the disk was slow a signal may have loaded another file, begun a restart or a stop: the
// change is held against what is so now. What is refused is taken from the disk again.
Reply CommandServer::after_saving(const Saving& saving) {
    Core& core = parts_.core;
    std::optional<Reply> refusal;
    if (parts_.stopping()) refusal = refused(Refusal::Stopping, "the server is stopping");
    if (!refusal) refusal = wrong_revision(saving.change.if_revision);
    if (!refusal) {
        config::Validated validated = core.revisions.validate(request_of(saving.change));
        refusal = refusal_of(validated);
        if (!refusal) {
            // A load in between has dropped something, which is on the disk again.
            const bool outdated = validated.layers.saved != saving.written;
            Reply reply = apply(std::move(validated), saving.request, saving.change);
            if (outdated) write_what_holds();
            return reply;
        }
    }
    write_what_holds();
    return *refusal;
}

void CommandServer::write_what_holds() {
    const std::string path = parts_.core.state_dir.file("overrides.conf");
    parts_.writer.write(path, parts_.core.revisions.saved_text(), [this, path](bool written) {
        if (written) return;
        parts_.core.tell(log::Level::Error, "change.not_taken_back",
                         fmt::format("cannot write {}: it holds what was refused or dropped, which "
                                     "may come back at a start",
                                     path));
    });
}

Reply CommandServer::apply(config::Validated validated,
                           const ipc::CommandHeader& header,
                           const ipc::ChangeBody& body) {
    Core& core = parts_.core;
    Reply reply = done();
    reply.header.children_delta = predicted(validated);
    ipc::cut_text(reply.header.metadata, differences_text(validated));
    const std::string why(ipc::text(body.reason));
    const std::string what = changes_text(validated);
    const bool rolling = validated.apply == config::Apply::Rolling;
    const std::int64_t backlog = core.settings().listen_backlog;
    const mpm::Limits before = core.settings().limits;
    core.revisions.commit(std::move(validated), header.uid, os::wall_now());
    if (core.settings().listen_backlog != backlog)
        core.listeners.set_backlog(core.settings().listen_backlog);
    parts_.regulation.note_change(before);
    core.show_configuration();
    parts_.children.send_live();
    parts_.children.revise_limits();
    parts_.replacement.revise_limits();
    core.tell(log::Level::Notice, "change.applied",
              fmt::format("revision {}: {} (uid {}){}", core.revisions.revision().value(), what,
                          header.uid, why.empty() ? "" : ": " + why));
    ipc::cut_text(reply.header.message, what);
    if (!rolling) return reply;
    Replacement::Order order;
    order.kind = scoreboard::OperationKind::Change;
    order.reason = scoreboard::RetireReason::Reload;
    order.targets = core.children.active();
    order.uid = header.uid;
    order.request_id = header.request_id;
    order.why = why;
    reply.header.outcome = Outcome::Accepted;
    reply.header.operation = parts_.replacement.begin(order);
    return reply;
}

Reply CommandServer::rollout(const ipc::CommandHeader& header, const ipc::RolloutBody& body) {
    Core& core = parts_.core;
    Replacement::Order order;
    if (body.all != 0) order.targets = core.children.active();
    for (std::uint32_t i = 0; body.all == 0 && i < body.count; ++i) {
        const ChildUid uid(body.uids[i]);
        const Child* child = core.children.find(uid);
        if (child == nullptr || child->leaving())
            return refused(Refusal::Gone,
                           fmt::format("child {} does not run {}", uid.value(),
                                       child == nullptr ? "(any more)" : "on: it leaves already"),
                           fmt::format("child={}", uid.value()));
        if (std::find(order.targets.begin(), order.targets.end(), uid) == order.targets.end())
            order.targets.push_back(uid);
    }
    if (order.targets.empty())
        return refused(Refusal::BadRequest, "name the children to restart, or all of them");
    if (auto reply = busy()) return *reply;
    order.max_surge = body.max_surge;
    if (body.validate_only != 0) return done(would_replace(order, core.settings().limits));
    if (body.drain_timeout_ms >= 0) order.drain_timeout = Milliseconds(body.drain_timeout_ms);
    order.uid = header.uid;
    order.request_id = header.request_id;
    order.why = std::string(ipc::text(body.reason));
    return accepted(parts_.replacement.begin(order));
}

Reply CommandServer::reload(const ipc::CommandHeader& header, const ipc::ReloadBody& body) {
    if (auto wrong = wrong_revision(body.if_revision)) return *wrong;
    if (body.validate_only == 0)
        if (auto reply = busy()) return *reply;
    ReloadWish wish;
    wish.uid = header.uid;
    wish.request_id = header.request_id;
    wish.why = std::string(ipc::text(body.reason));
    wish.validate_only = body.validate_only != 0;
    const auto operation = parts_.reload(wish);
    if (!operation) return refused(Refusal::ConfigInvalid, operation.error().message);
    if (wish.validate_only) return done("the file is valid; nothing was changed");
    return accepted(*operation);
}

}  // namespace mpmd::supervisor
