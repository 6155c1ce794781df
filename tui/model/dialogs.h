#pragma once

// The parts of update() that belong to one dialog each. Every function takes the key of its scope
// or the answer to its question; `reaction` gathers what the loop has to do. Pure.

#include "tui/model/model.h"

namespace mpmd::tui {

void say(Model& model, std::string text, Ink ink = Ink::Info);

void open_filter(Model& model);
void filter_key(Model& model, Key key);
void filter_frame(Model& model, const WatchSpec& spec);
void filter_refused(Model& model, const WatchRefused& refused);

void open_sort(Model& model);
void sort_key(Model& model, Key key);
void set_sorting(Model& model, Sorting sorting);

void open_restart(Model& model, bool all);
void restart_key(Model& model, Key key, Reaction& reaction);
void restart_started(Model& model, const RestartStarted& started);
void restart_frame(Model& model);

void open_tune(Model& model, Reaction& reaction);
void tune_key(Model& model, Key key, Reaction& reaction);
void tune_listed(Model& model, const DirectivesListed& listed, Reaction& reaction);
void tune_checked(Model& model, const ChangeChecked& checked);
void tune_applied(Model& model, const ChangeApplied& applied, Reaction& reaction);

}  // namespace mpmd::tui
