#include <fmt/format.h>

#include "tui/model/dialogs.h"
#include "tui/model/lists.h"

namespace mpmd::tui {

namespace {

using Stage = RestartDialog::Stage;

RestartTarget target_of(const v1::Child& child) {
    return {child.uid(), child.slot(), child.pid(), child.busy(), child.connections()};
}

void send(RestartDialog& dialog, Reaction& reaction) {
    v1::RestartChildrenRequest request;
    request.set_all(dialog.all);
    if (!dialog.all) {
        for (const RestartTarget& target : dialog.targets)
            request.add_uids(target.uid);
    }
    request.set_reason("mpmctl top");
    dialog.stage = Stage::Sent;
    reaction.intents.emplace_back(StartRestart{std::move(request)});
}

}  // namespace

void open_restart(Model& model, bool all) {
    if (!model.frame) return say(model, "nothing is known of the children yet", Ink::Warn);
    if (!may_call(model, "RestartChildren"))
        return say(model, "restart needs role operator", Ink::Warn);
    RestartDialog dialog;
    dialog.all = all;
    for (const v1::Child& child : model.frame->children()) {
        const bool tagged = model.children.tags.count(child.uid()) != 0;
        if (all || tagged) dialog.targets.push_back(target_of(child));
    }
    const v1::Child* selected = selected_child(model);
    if (dialog.targets.empty() && selected != nullptr)
        dialog.targets.push_back(target_of(*selected));
    if (dialog.targets.empty()) return say(model, "no child is selected", Ink::Warn);
    model.dialog = std::move(dialog);
}

void restart_key(Model& model, Key key, Reaction& reaction) {
    auto& dialog = std::get<RestartDialog>(model.dialog);
    const auto action = action_of(Scope::Restart, key);
    if (!action) return;
    if (*action == Action::Back) {
        model.dialog = std::monostate{};
        return;
    }
    if (*action == Action::Accept) {
        if (dialog.stage == Stage::Asking && dialog.go) return send(dialog, reaction);
        model.dialog = std::monostate{};
        return;
    }
    if (dialog.stage == Stage::Asking) dialog.go = !dialog.go;
}

void restart_started(Model& model, const RestartStarted& started) {
    auto* dialog = std::get_if<RestartDialog>(&model.dialog);
    if (started.reply) model.children.tags.clear();
    if (dialog == nullptr ||
        dialog->stage != Stage::Sent) {  // closed while the call was on its way
        if (started.reply) {
            say(model, fmt::format("{} started", started.reply->name()));
        } else {
            say(model, started.reply.error().message, Ink::Bad);
        }
        return;
    }
    if (started.reply) {
        dialog->stage = Stage::Running;
        dialog->operation = *started.reply;
    } else {
        dialog->stage = Stage::Refused;
        dialog->failure = started.reply.error();
    }
}

void restart_frame(Model& model) {
    auto* dialog = std::get_if<RestartDialog>(&model.dialog);
    if (dialog == nullptr || dialog->stage != Stage::Running) return;
    for (const v1::Operation& operation : model.frame->operations()) {
        const bool newer = operation.update() >= dialog->operation.update();
        if (operation.name() == dialog->operation.name() && newer) dialog->operation = operation;
    }
}

}  // namespace mpmd::tui
