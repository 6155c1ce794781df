#include "daemon/control/directive_book.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/normalise.h"
#include "daemon/config/value.h"
#include "daemon/control/command.h"
#include "daemon/control/convert.h"

namespace mpmd::control {
namespace {

constexpr int kMostRestarts = 5;  // of a list whose revision moves while it is read
constexpr std::size_t kMostStates = 4096;

std::string_view source_word(std::uint32_t source) {
    switch (static_cast<config::Source>(source)) {
        case config::Source::Default:
            return "default";
        case config::Source::File:
            return "file";
        case config::Source::Saved:
            return "saved";
        case config::Source::Runtime:
            return "runtime";
        case config::Source::Pending:
            return "pending";
    }
    return "default";
}

void set_limits(v1::Directive& out, const config::Directive& directive) {
    out.set_range(config::range_text(directive));
    if (!directive.numeric() || directive.kind == config::Kind::Switch ||
        directive.kind == config::Kind::Choice)
        return;
    out.set_minimum(config::number_text(directive, directive.min));
    out.set_maximum(config::number_text(directive, directive.max));
}

void set_state(v1::Directive& out, const ipc::DirectiveState& state, Names& names) {
    out.set_value(text::escape(ipc::text(state.value)));
    out.set_requested(text::escape(ipc::text(state.requested)));
    out.set_file_value(text::escape(ipc::text(state.file_value)));
    out.set_source(std::string(source_word(state.source)));
    out.set_position(text::escape(ipc::text(state.position)));
    out.set_note(text::escape(ipc::text(state.note)));
    out.set_revision(state.revision);
    if (state.change_wall_us != 0) {
        set_time(out.mutable_change_time(), state.change_wall_us);
        out.set_author(names.user(state.author_uid));
    }
}

}  // namespace

const ipc::DirectiveState* DirectiveStates::find(std::string_view name) const {
    const auto found = std::find_if(states.begin(), states.end(), [&](const auto& state) {
        return ipc::text(state.name) == name;
    });
    return found == states.end() ? nullptr : &*found;
}

v1::ApplyClass apply_class_of(config::Apply apply) {
    switch (apply) {
        case config::Apply::Immediate:
            return v1::APPLY_CLASS_IMMEDIATE;
        case config::Apply::Rolling:
            return v1::APPLY_CLASS_ROLLING;
        case config::Apply::NextStart:
            return v1::APPLY_CLASS_NEXT_START;
        case config::Apply::Never:
            break;
    }
    return v1::APPLY_CLASS_NEVER;
}

v1::Directive directive_of(const config::Directive& directive,
                           const ipc::DirectiveState* state,
                           std::uint64_t revision,
                           Names& names) {
    v1::Directive out;
    out.set_name(std::string(directive.name));
    out.set_default_value(std::string(directive.fallback));
    out.set_type(std::string(config::kind_name(directive.kind)));
    out.set_unit(std::string(directive.unit));
    set_limits(out, directive);
    out.set_apply_class(apply_class_of(directive.apply));
    out.set_overridable(directive.overridable());
    out.set_help(std::string(directive.help));
    out.set_supported(directive.support == config::Support::Yes ||
                      directive.support == config::Support::Reading);
    out.set_etag(etag_of(revision));
    for (const config::OldName& old : config::old_names())
        if (old.current == directive.name) out.add_old_names(std::string(old.name));
    if (state != nullptr) {
        set_state(out, *state, names);
    } else {
        out.set_value(std::string(directive.fallback));
        out.set_source("default");
    }
    return out;
}

v1::Adjustment adjustment_of(const mpm::Adjustment& adjustment) {
    v1::Adjustment out;
    out.set_rule(adjustment.rule);
    out.set_directive(adjustment.directive);
    out.set_requested(adjustment.requested);
    out.set_effective(adjustment.effective);
    out.set_because(adjustment.because);
    if (const config::Directive* directive = config::find_directive(adjustment.directive)) {
        out.set_requested_text(config::number_text(*directive, adjustment.requested));
        out.set_effective_text(config::number_text(*directive, adjustment.effective));
    }
    return out;
}

std::vector<mpm::Adjustment> adjustments_of(const DirectiveStates& states) {
    config::Settings settings;
    for (const ipc::DirectiveState& state : states.states) {
        const config::Directive* directive = config::find_directive(ipc::text(state.name));
        if (directive == nullptr || !directive->numeric() ||
            directive->support != config::Support::Yes)
            continue;
        const auto requested = ipc::text(state.requested);
        const std::vector<std::string> words = {
            std::string(requested.empty() ? ipc::text(state.value) : requested)};
        (void)config::assign(*directive, settings, words, config::Strictness::File);
    }
    const config::Surroundings limits;
    return mpm::normalise(settings.limits, limits.hard_children, limits.hard_threads,
                          states.buckets)
        .adjustments;
}

Outcome<const config::Directive*> find_by_any_name(std::string_view name) {
    if (const config::Directive* found = config::find_directive(name)) return found;
    if (const config::OldName* old = config::find_old_name(name))
        if (const config::Directive* found = config::find_directive(old->current)) return found;
    const std::string shown = text::escape(name.substr(0, 64));
    const std::string suggestion(config::suggest_directive(name));
    Failure failure{Code::InvalidArgument,
                    "UNKNOWN_DIRECTIVE",
                    fmt::format("there is no directive \"{}\"", shown),
                    {{"directive", shown}},
                    {{"name", "unknown directive"}}};
    if (!suggestion.empty()) {
        failure.message += fmt::format("; did you mean {}?", suggestion);
        failure.metadata.emplace_back("suggestion", suggestion);
    }
    return refuse(std::move(failure));
}

struct DirectiveBook::Fetch {
    Done done;
    DirectiveStates states;
    int restarts = 0;
};

StatesPtr DirectiveBook::known() const {
    const os::Lock lock(mutex_);
    return known_;
}

void DirectiveBook::states(Done done, std::uint64_t at_least) {
    scoreboard::Global global;
    StatesPtr fresh;
    if (view_.global().read(global)) {
        const os::Lock lock(mutex_);
        if (known_ != nullptr && known_->revision == global.revision &&
            known_->generation == global.generation && known_->revision >= at_least)
            fresh = known_;
    }
    if (fresh != nullptr) {
        done(fresh);
        return;
    }
    auto fetch = std::make_shared<Fetch>();
    fetch->done = std::move(done);
    next_page(fetch);
}

void DirectiveBook::next_page(const std::shared_ptr<Fetch>& fetch) {
    ipc::Command command;
    ipc::StateRequest request;
    request.first = static_cast<std::uint32_t>(fetch->states.states.size());
    command.body = request;
    link_.call(std::move(command), [this, fetch](const std::optional<ipc::Reply>& reply) {
        if (!reply)
            fetch->done(refuse(unreachable()));
        else
            page_arrived(fetch, *reply);
    });
}

void DirectiveBook::page_arrived(const std::shared_ptr<Fetch>& fetch, const ipc::Reply& reply) {
    if (reply.header.outcome == ipc::Outcome::Refused) {
        fetch->done(refuse(failure_of(reply)));
        return;
    }
    const auto* page = std::get_if<ipc::StateReply>(&reply.body);
    DirectiveStates& states = fetch->states;
    const bool moved = !states.states.empty() && (states.revision != reply.header.revision ||
                                                  states.generation != reply.header.generation);
    if (page == nullptr || (moved && ++fetch->restarts > kMostRestarts) ||
        states.states.size() > kMostStates) {
        fetch->done(refuse(unreachable()));
        return;
    }
    if (moved) {
        states.states.clear();
        next_page(fetch);
        return;
    }
    states.revision = reply.header.revision;
    states.generation = reply.header.generation;
    states.buckets = page->buckets;
    states.states.insert(states.states.end(), page->directives.begin(),
                         page->directives.begin() + page->count);
    if (page->more != 0 && page->count > 0) {
        next_page(fetch);
        return;
    }
    states.adjustments = adjustments_of(states);
    auto whole = std::make_shared<const DirectiveStates>(std::move(states));
    {
        const os::Lock lock(mutex_);
        known_ = whole;
    }
    fetch->done(StatesPtr(whole));
}

}  // namespace mpmd::control
