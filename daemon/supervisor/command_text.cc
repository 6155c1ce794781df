#include "daemon/supervisor/command_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/ipc/command_codec.h"

namespace mpmd::supervisor {

namespace {

ipc::Refusal refusal_of(config::Reason reason) {
    switch (reason) {
        case config::Reason::UnknownDirective:
            return ipc::Refusal::UnknownDirective;
        case config::Reason::ValueOutOfRange:
            return ipc::Refusal::ValueOutOfRange;
        case config::Reason::NotOverridable:
            return ipc::Refusal::NotOverridable;
        case config::Reason::NotSupported:
            return ipc::Refusal::Unsupported;
        case config::Reason::DuplicateDirective:
            return ipc::Refusal::BadRequest;
        case config::Reason::LimitsConflict:
            return ipc::Refusal::LimitsConflict;
        case config::Reason::NeedsRestart:
            return ipc::Refusal::NeedsRestart;
    }
    return ipc::Refusal::BadRequest;
}

std::string role_line(const config::ControlRole& role) {
    const auto name = [&] {
        switch (role.role) {
            case config::Role::None:
                return "none";
            case config::Role::Viewer:
                return "viewer";
            case config::Role::Operator:
                return "operator";
            case config::Role::Admin:
                return "admin";
        }
        return "none";
    };
    const auto subject = [&] {
        switch (role.subject) {
            case config::ControlRole::Subject::User:
                return "user";
            case config::ControlRole::Subject::Group:
                return "group";
            case config::ControlRole::Subject::Uid:
                return "uid";
            case config::ControlRole::Subject::San:
                return "san";
        }
        return "user";
    };
    return fmt::format("{} {}:{}\n", name(), subject(), role.name);
}

// The lines that set the directive by a deprecated name (U-23).
std::string old_lines_text(const config::Directive& directive, const config::Config& config) {
    std::string out;
    for (const config::OldLine& line : config.old_lines)
        if (line.directive == directive.name)
            out += (out.empty() ? "" : "; ") + config::old_line_text(line);
    return out;
}

}  // namespace

RolesText roles_text(const std::vector<config::ControlRole>& roles, std::size_t most) {
    RolesText out;
    for (const config::ControlRole& role : roles) {
        const std::string line = role_line(role);
        if (out.text.size() + line.size() > most) {
            out.complete = false;
            break;
        }
        out.text += line;
    }
    return out;
}

ipc::DirectiveState directive_state(const config::Directive& directive,
                                    const RevisionLog& revisions) {
    const config::Config& config = *revisions.config();
    ipc::DirectiveState state;
    ipc::cut_text(state.name, directive.name);
    const std::string asked = config::value_text(directive, config.effective);
    const bool fixed = fixed_at_start(directive);
    const std::string value = fixed ? config::value_text(directive, revisions.begun_with()) : asked;
    ipc::cut_text(state.value, value);
    if (value != asked) {
        const auto shown = [](const std::string& text) { return text.empty() ? "none" : text; };
        ipc::cut_text(state.note, fmt::format("{} {} takes effect at the next start of the server; "
                                              "{} stays in use",
                                              directive.name, shown(asked), shown(value)));
    }
    // A derived default differs from what was asked for too, and is no adjustment.
    const bool adjusted =
        std::any_of(config.adjustments.begin(), config.adjustments.end(),
                    [&](const mpm::Adjustment& one) { return one.directive == directive.name; });
    if (adjusted) ipc::cut_text(state.requested, config::value_text(directive, config.requested));
    const auto origin = config.origins.find(std::string(directive.name));
    if (origin == config.origins.end()) return state;
    state.source = static_cast<std::uint32_t>(origin->second.source);
    ipc::cut_text(state.file_value, origin->second.file_text);
    if (origin->second.position.line > 0)
        ipc::cut_text(state.position, fmt::format("{}:{}", origin->second.position.file,
                                                  origin->second.position.line));
    if (const std::string old = old_lines_text(directive, config); !old.empty())
        ipc::cut_text(state.note, old);
    if (const Author* author = revisions.author(std::string(directive.name))) {
        state.author_uid = author->uid;
        state.revision = author->revision;
        state.change_wall_us = author->wall_us;
    }
    return state;
}

Violations violations_text(const std::vector<config::Violation>& violations) {
    Violations out;
    out.refusal = refusal_of(violations.front().reason);
    for (const config::Violation& violation : violations)
        out.message += (out.message.empty() ? "" : "\n") + violation.message;
    for (const auto& [key, value] : violations.front().metadata)
        out.metadata += fmt::format("{}={}\n", key, value);
    for (const auto& [directive, value] : violations.front().nearest)
        out.metadata += fmt::format("nearest.{}={}\n", directive, value);
    return out;
}

std::string changes_text(const config::Validated& validated) {
    std::string out;
    for (const config::Difference& difference : validated.differences)
        out += fmt::format("{}{} {} -> {}", out.empty() ? "" : ", ", difference.directive->name,
                           difference.before, difference.after);
    return out.empty() ? "nothing differs" : out;
}

std::string differences_text(const config::Validated& validated) {
    std::string out = fmt::format("apply={}\n", config::apply_name(validated.apply));
    for (const config::Difference& difference : validated.differences)
        out += fmt::format("change.{}={} -> {}\n", difference.directive->name, difference.before,
                           difference.after);
    return out;
}

}  // namespace mpmd::supervisor
