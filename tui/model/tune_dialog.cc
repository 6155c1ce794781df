#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "tui/model/dialogs.h"
#include "tui/model/layout.h"

namespace mpmd::tui {

namespace {

using Stage = TuneDialog::Stage;
using Focus = TuneDialog::Focus;
using Check = TuneDialog::Check;

// What regulation runs on comes first, in the order in which one thinks of it.
constexpr std::string_view kRegulation[] = {"MinSpareThreads",          "MaxSpareThreads",
                                            "MaxRequestWorkers",        "ServerLimit",
                                            "AsyncRequestWorkerFactor", "MaxConnectionsPerChild"};

std::size_t rank(const v1::Directive& directive) {
    const auto* it = std::find(std::begin(kRegulation), std::end(kRegulation), directive.name());
    return static_cast<std::size_t>(it - std::begin(kRegulation));
}

bool offered(const v1::Directive& directive) {
    return directive.overridable() && directive.supported() &&
           directive.apply_class() == v1::APPLY_CLASS_IMMEDIATE;
}

v1::UpdateDirectivesRequest request_of(const TuneDialog& dialog) {
    v1::UpdateDirectivesRequest request;
    for (std::size_t i = 0; i < dialog.edits.size(); ++i) {
        if (dialog.edits[i].empty()) continue;
        v1::DirectiveChange& change = *request.add_changes();
        change.set_name(dialog.directives[i].name());
        change.set_value(dialog.edits[i]);
    }
    request.set_etag(dialog.etag);
    request.set_lifetime(dialog.saved ? v1::LIFETIME_SAVED : v1::LIFETIME_UNTIL_RESTART);
    request.set_allow(v1::APPLY_CLASS_IMMEDIATE);
    request.set_reason("mpmctl top");
    return request;
}

// Each change of the edited set is checked by the server at once; only the answer to the last
// question counts.
void check(TuneDialog& dialog, Reaction& reaction) {
    dialog.asked_to_discard = false;
    ++dialog.ticket;
    if (dialog.changes() == 0) {
        dialog.check = Check::None;
        if (dialog.focus == Focus::Apply) dialog.focus = Focus::Rows;
        return;
    }
    dialog.check = Check::Waiting;
    v1::UpdateDirectivesRequest request = request_of(dialog);
    request.set_validate_only(true);
    reaction.intents.emplace_back(CheckChange{dialog.ticket, std::move(request)});
}

void edit(TuneDialog& dialog, std::string value, Reaction& reaction) {
    const auto row = static_cast<std::size_t>(dialog.list.cursor);
    const v1::Directive& directive = dialog.directives[row];
    const std::string next = value == directive.value() ? std::string() : std::move(value);
    if (next == dialog.edits[row]) return;
    dialog.edits[row] = next;
    check(dialog, reaction);
}

void input_key(TuneDialog& dialog, Key key, Reaction& reaction) {
    const auto action = action_of(Scope::TuneEdit, key);
    if (action) {  // Enter keeps what was typed; Esc takes it back
        dialog.input.reset();
        if (*action == Action::Back) edit(dialog, {}, reaction);
        return;
    }
    if (dialog.input->press(key)) edit(dialog, dialog.input->text(), reaction);
}

void begin_input(TuneDialog& dialog) {
    if (dialog.directives.empty()) return;
    const auto row = static_cast<std::size_t>(dialog.list.cursor);
    const std::string& before =
        dialog.edits[row].empty() ? dialog.directives[row].value() : dialog.edits[row];
    dialog.focus = Focus::Rows;
    dialog.input = InputField(before);
}

void step_focus(TuneDialog& dialog, int step) {
    constexpr int kStops = 3;
    dialog.focus = static_cast<Focus>((static_cast<int>(dialog.focus) + step + kStops) % kStops);
    const bool skip = dialog.focus == Focus::Apply && dialog.check != Check::Good;
    if (skip) step_focus(dialog, step);
}

void leave(Model& model, TuneDialog& dialog) {
    const bool loses = dialog.stage == Stage::Editing && dialog.changes() > 0;
    if (loses && !dialog.asked_to_discard) {
        dialog.asked_to_discard = true;
        return;
    }
    model.dialog = std::monostate{};
}

void accept(Model& model, TuneDialog& dialog, Reaction& reaction) {
    if (dialog.stage != Stage::Editing) return leave(model, dialog);
    if (dialog.focus == Focus::Cancel) return leave(model, dialog);
    if (dialog.focus == Focus::Rows) return begin_input(dialog);
    if (dialog.check != Check::Good) return;
    dialog.stage = Stage::Applying;
    reaction.intents.emplace_back(ApplyChange{request_of(dialog)});
}

void move(Model& model, TuneDialog& dialog, Action action) {
    const int rows = tune_rows(model);
    const auto count = static_cast<int>(dialog.directives.size());
    ListView& list = dialog.list;
    if (action == Action::MoveUp) list.cursor -= 1;
    if (action == Action::MoveDown) list.cursor += 1;
    if (action == Action::PageUp) list.cursor -= rows;
    if (action == Action::PageDown) list.cursor += rows;
    if (action == Action::MoveFirst) list.cursor = 0;
    if (action == Action::MoveLast) list.cursor = count - 1;
    list.settle(count, rows);
    dialog.focus = Focus::Rows;
}

void list_key(Model& model, TuneDialog& dialog, Action action, Reaction& reaction) {
    switch (action) {
        case Action::Back:
            return leave(model, dialog);
        case Action::Accept:
            return accept(model, dialog, reaction);
        default:
            break;
    }
    if (dialog.stage != Stage::Editing || dialog.directives.empty()) return;
    switch (action) {
        case Action::NextButton:
            return step_focus(dialog, 1);
        case Action::PreviousButton:
            return step_focus(dialog, -1);
        case Action::EditValue:
            return begin_input(dialog);
        case Action::UndoEdit:
            return edit(dialog, {}, reaction);
        case Action::ToggleLifetime:
            dialog.saved = !dialog.saved;
            return check(dialog, reaction);
        case Action::FocusApply:
            if (dialog.check == Check::Good) dialog.focus = Focus::Apply;
            return;
        default:
            return move(model, dialog, action);
    }
}

}  // namespace

void open_tune(Model& model, Reaction& reaction) {
    if (!may_call(model, "UpdateDirectives"))
        return say(model, "changing limits needs role operator", Ink::Warn);
    model.dialog = TuneDialog{};
    reaction.intents.emplace_back(ListDirectives{});
}

void tune_key(Model& model, Key key, Reaction& reaction) {
    auto& dialog = std::get<TuneDialog>(model.dialog);
    if (dialog.input) return input_key(dialog, key, reaction);
    const auto action = action_of(Scope::Tune, key);
    if (action) return list_key(model, dialog, *action, reaction);
    const bool digit = key >= U'0' && key <= U'9';
    if (!digit || dialog.stage != Stage::Editing || dialog.directives.empty()) return;
    dialog.focus = Focus::Rows;
    dialog.input = InputField();  // a digit starts a new value
    input_key(dialog, key, reaction);
}

void tune_listed(Model& model, const DirectivesListed& listed, Reaction& reaction) {
    auto* dialog = std::get_if<TuneDialog>(&model.dialog);
    if (dialog == nullptr) return;
    if (!listed.reply) {
        dialog->stage = Stage::Failed;
        dialog->failure = listed.reply.error();
        return;
    }
    std::vector<std::pair<std::string, std::string>> kept;  // edits survive a fresh reading
    for (std::size_t i = 0; i < dialog->edits.size(); ++i) {
        if (!dialog->edits[i].empty())
            kept.emplace_back(dialog->directives[i].name(), dialog->edits[i]);
    }
    const v1::ListDirectivesResponse& list = *listed.reply;
    dialog->directives.clear();
    std::copy_if(list.directives().begin(), list.directives().end(),
                 std::back_inserter(dialog->directives), offered);
    std::stable_sort(
        dialog->directives.begin(), dialog->directives.end(),
        [](const v1::Directive& a, const v1::Directive& b) { return rank(a) < rank(b); });
    dialog->etag = list.etag();
    dialog->edits.assign(dialog->directives.size(), {});
    for (std::size_t i = 0; i < dialog->directives.size(); ++i) {
        for (const auto& entry : kept) {
            const bool same = entry.first == dialog->directives[i].name();
            if (same && entry.second != dialog->directives[i].value())
                dialog->edits[i] = entry.second;
        }
    }
    dialog->list.settle(static_cast<int>(dialog->directives.size()), tune_rows(model));
    dialog->stage = Stage::Editing;
    check(*dialog, reaction);
}

void tune_checked(Model& model, const ChangeChecked& checked) {
    auto* dialog = std::get_if<TuneDialog>(&model.dialog);
    if (dialog == nullptr || checked.ticket != dialog->ticket || dialog->stage != Stage::Editing)
        return;
    if (checked.reply) {
        dialog->check = Check::Good;
        dialog->checked = *checked.reply;
    } else {
        dialog->check = Check::Refused;
        dialog->failure = checked.reply.error();
        if (dialog->focus == Focus::Apply) dialog->focus = Focus::Rows;
    }
}

void tune_applied(Model& model, const ChangeApplied& applied, Reaction& reaction) {
    auto* dialog = std::get_if<TuneDialog>(&model.dialog);
    if (dialog == nullptr ||
        dialog->stage != Stage::Applying) {  // left while the call was on its way
        if (!applied.reply) return say(model, applied.reply.error().message, Ink::Bad);
        return say(model, fmt::format("rev {} applied", applied.reply->revision()), Ink::Good);
    }
    if (applied.reply) {
        dialog->stage = Stage::Done;
        dialog->applied = *applied.reply;
        return;
    }
    // Somebody else was faster, or the values no longer fit: show why, read them again, keep what
    // was typed.
    say(model, applied.reply.error().message, Ink::Bad);
    dialog->stage = Stage::Loading;
    dialog->focus = Focus::Rows;
    reaction.intents.emplace_back(ListDirectives{});
}

}  // namespace mpmd::tui
