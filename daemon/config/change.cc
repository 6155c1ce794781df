// The check of a change (override.h, validate_changes): each value alone, then all together, then
// what it needs.

#include <algorithm>

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/config/lexer.h"
#include "daemon/config/override.h"
#include "daemon/config/value.h"

namespace mpmd::config {
namespace {

Violation unknown_directive(const std::string& asked) {
    Violation out{
        Reason::UnknownDirective, asked, "", "", std::string(suggest_directive(asked)), {}, {}};
    out.message = fmt::format("there is no directive \"{}\"", text::escape(asked));
    if (!out.suggestion.empty()) out.message += fmt::format("; did you mean {}?", out.suggestion);
    out.metadata = {{"directive", asked}, {"suggestion", out.suggestion}};
    return out;
}

Violation not_overridable(const Directive& directive) {
    Violation out;
    out.directive = directive.name;
    out.reason = directive.support == Support::Yes ? Reason::NotOverridable : Reason::NotSupported;
    out.message =
        directive.support == Support::Yes
            ? fmt::format("{} cannot be changed by the control plane; edit the file and reload",
                          directive.name)
            : fmt::format("{} is known, not supported by this release", directive.name);
    out.metadata = {{"directive", out.directive},
                    {"apply_class", std::string(apply_name(directive.apply))}};
    return out;
}

Violation wrong_value(const Directive& directive, const std::string& text, const Refusal& refusal) {
    Violation out{Reason::ValueOutOfRange,
                  std::string(directive.name),
                  refusal.message,
                  range_text(directive),
                  refusal.suggestion,
                  {},
                  {}};
    if (!out.suggestion.empty()) out.message += fmt::format("; try {}", out.suggestion);
    out.metadata = {{"directive", out.directive},
                    {"value", text},
                    {"allowed", out.allowed},
                    {"suggestion", out.suggestion}};
    if (!directive.numeric()) return out;
    out.metadata.emplace_back("minimum", number_text(directive, directive.min));
    out.metadata.emplace_back("maximum", number_text(directive, directive.max));
    return out;
}

// The arguments, folded, when they are a value of the directive by themselves.
tl::expected<std::string, Violation> checked_text(const Directive& directive,
                                                  const std::string& text) {
    const auto refuse = [&](const Refusal& refusal) {
        return tl::unexpected<Violation>(wrong_value(directive, text, refusal));
    };
    const auto words = split_words(text);
    if (!words) return refuse({words.error().message, "", 0});
    std::vector<std::string> arguments;
    for (const Word& word : *words) {
        arguments.push_back(word.text);
    }
    if (arguments.size() < directive.min_arguments || arguments.size() > directive.max_arguments) {
        return refuse({fmt::format("{} takes {}, not \"{}\"", directive.name, directive.syntax,
                                   text::escape(text)),
                       std::string(directive.fallback), 0});
    }
    Settings scratch;
    const Outcome outcome = assign(directive, scratch, arguments, Strictness::Api);
    if (!outcome) return refuse(outcome.error());
    return join_words(arguments);
}

// One of those that the N-rules tie together.
bool is_limit(const Directive& directive) {
    if (directive.binding.set_number == nullptr) return false;
    Settings probe;
    directive.binding.set_number(probe, directive.binding.number(probe) + 1);
    return !(probe.limits == Settings{}.limits);
}

class ChangeCheck {
public:
    ChangeCheck(const FileLayer& file, const Layers& layers, const ChangeRequest& request)
        : file_(file), request_(request) {
        out_.layers = layers;
    }

    void check_each() {
        for (const Change& change : request_.changes) {
            const OldName* old = find_old_name(change.directive);
            const Directive* directive =
                find_directive(old != nullptr ? old->current : std::string_view(change.directive));
            if (directive == nullptr) {
                out_.violations.push_back(unknown_directive(change.directive));
            } else {
                check_one(*directive, change);
            }
        }
    }

    // The set as it would stand: N-rules, then what it needs of the children.
    void check_together(const Layers& before_layers, const Surroundings& surroundings) {
        const Composed before = compose(file_, before_layers, surroundings);
        Composed after = compose(file_, out_.layers, surroundings);
        out_.config = std::move(after.config);
        out_.differences = difference(before.config.effective, out_.config.effective);
        out_.apply = needed_now(out_.differences);
        const auto check =
            mpm::check_change(before.config.requested.limits, out_.config.requested.limits,
                              surroundings.hard_children, surroundings.hard_threads);
        for (const mpm::Violation& violation : check.violations) {
            out_.violations.push_back(conflict(violation, check));
        }
        if (!out_.violations.empty()) return;
        for (const Difference& entry : out_.differences) {
            if (entry.directive->apply == Apply::Rolling && request_.allow == Apply::Immediate) {
                out_.violations.push_back(needs_restart(*entry.directive));
            }
        }
    }

    [[nodiscard]] bool good_so_far() const { return out_.violations.empty(); }
    Validated take() { return std::move(out_); }

private:
    void check_one(const Directive& directive, const Change& change) {
        if (!directive.overridable()) {
            out_.violations.push_back(not_overridable(directive));
            return;
        }
        if (std::find(asked_.begin(), asked_.end(), &directive) != asked_.end()) {
            const std::string name(directive.name);
            out_.violations.push_back({Reason::DuplicateDirective,
                                       name,
                                       fmt::format("{} is changed twice in one request", name),
                                       "",
                                       "",
                                       {{"directive", name}},
                                       {}});
            return;
        }
        asked_.push_back(&directive);
        if (!change.text) {
            reset(directive);
            return;
        }
        auto text = checked_text(directive, *change.text);
        if (text) {
            enter({std::string(directive.name), std::move(*text), file_text(directive), false});
        } else {
            out_.violations.push_back(text.error());
        }
    }

    [[nodiscard]] std::string file_text(const Directive& directive) const {
        const auto found = file_.values.find(std::string(directive.name));
        return found == file_.values.end() ? "" : found->second.text;
    }

    void enter(Override entry) {
        if (request_.pending) return put(out_.layers.pending, std::move(entry));
        // Left there, an older entry above would hide the new one.
        remove(out_.layers.runtime, entry.directive);
        put(request_.lifetime == Lifetime::Saved ? out_.layers.saved : out_.layers.runtime,
            std::move(entry));
    }

    void reset(const Directive& directive) {
        if (request_.pending) {
            return put(out_.layers.pending,
                       {std::string(directive.name), "", file_text(directive), true});
        }
        remove(out_.layers.runtime, directive.name);
        remove(out_.layers.saved, directive.name);
    }

    [[nodiscard]] Violation conflict(const mpm::Violation& broken,
                                     const mpm::ChangeCheck& check) const;
    [[nodiscard]] static Violation needs_restart(const Directive& directive);

    const FileLayer& file_;
    const ChangeRequest& request_;
    std::vector<const Directive*> asked_;
    Validated out_;
};

Violation ChangeCheck::conflict(const mpm::Violation& broken, const mpm::ChangeCheck& check) const {
    Violation out;
    // N2, N4: the scoreboard of this run is too small, a new one is made at a start (decisions.md
    // 8).
    const bool capacity = broken.rule == "N2" || broken.rule == "N4";
    out.reason = capacity ? Reason::NeedsRestart : Reason::LimitsConflict;
    out.directive = broken.directive;
    out.message = fmt::format("{}: {}", broken.directive, broken.message);
    const Directive* directive = find_directive(broken.directive);
    std::string nearest;
    for (const std::int64_t value : broken.nearest) {
        if (!nearest.empty()) nearest += ',';
        nearest += number_text(*directive, value);
    }
    out.allowed = range_text(*directive);
    out.suggestion = number_text(*directive, broken.nearest.front());
    Settings valid;
    valid.limits = check.nearest;
    const mpm::Limits& wanted = out_.config.requested.limits;
    out.metadata = {{"directive", out.directive},
                    {"rule", broken.rule},
                    {"value", number_text(*directive, broken.requested)},
                    {"nearest", nearest},
                    {"threads_per_child", std::to_string(wanted.threads_per_child)},
                    {"server_limit", std::to_string(wanted.server_limit)},
                    {"thread_limit", std::to_string(wanted.thread_limit)},
                    {"min_spare_threads", std::to_string(wanted.min_spare_threads)}};
    for (const Directive* asked : asked_) {
        if (asked->name != broken.directive && is_limit(*asked)) {
            out.nearest.emplace_back(asked->name, value_text(*asked, valid));
        }
    }
    out.nearest.emplace_back(broken.directive, value_text(*directive, valid));
    return out;
}

Violation ChangeCheck::needs_restart(const Directive& directive) {
    Violation out;
    out.reason = Reason::NeedsRestart;
    out.directive = directive.name;
    out.message = fmt::format("{} takes effect {}; allow it with --allow rolling", directive.name,
                              apply_explanation(directive.apply));
    out.metadata = {{"directive", out.directive},
                    {"apply_class", std::string(apply_name(directive.apply))},
                    {"flag", "--allow rolling"}};
    return out;
}

}  // namespace

std::string_view reason_name(Reason reason) {
    switch (reason) {
        case Reason::UnknownDirective:
            return "UNKNOWN_DIRECTIVE";
        case Reason::ValueOutOfRange:
            return "VALUE_OUT_OF_RANGE";
        case Reason::NotOverridable:
            return "NOT_OVERRIDABLE";
        case Reason::NotSupported:
            return "NOT_SUPPORTED";
        case Reason::DuplicateDirective:
            return "DUPLICATE_DIRECTIVE";
        case Reason::LimitsConflict:
            return "LIMITS_CONFLICT";
        case Reason::NeedsRestart:
            break;
    }
    return "NEEDS_RESTART";
}

Validated validate_changes(const FileLayer& file,
                           const Layers& layers,
                           const ChangeRequest& request,
                           const Surroundings& surroundings) {
    ChangeCheck check(file, layers, request);
    check.check_each();
    if (check.good_so_far()) check.check_together(layers, surroundings);
    return check.take();
}

}  // namespace mpmd::config
