#pragma once

// Configuration as the fixed fields and sentences of the command channel: values in, values out.

#include <string>
#include <vector>

#include "daemon/config/directives.h"
#include "daemon/config/override.h"
#include "daemon/ipc/command.h"
#include "daemon/supervisor/revision.h"

namespace mpmd::supervisor {

struct RolesText {
    std::string text;  // "admin user:alice\n..."
    bool complete = true;
};
// As many whole lines as `most` bytes hold.
[[nodiscard]] RolesText roles_text(const std::vector<config::ControlRole>& roles, std::size_t most);

[[nodiscard]] ipc::DirectiveState directive_state(const config::Directive& directive,
                                                  const RevisionLog& revisions);

struct Violations {
    ipc::Refusal refusal = ipc::Refusal::None;  // of the first
    std::string message;                        // all, one a line
    std::string metadata;                       // key=value lines of the first
};
// Requires: not empty.
[[nodiscard]] Violations violations_text(const std::vector<config::Violation>& violations);

// "MinSpareThreads 25 -> 60, MaxSpareThreads 75 -> 120"
[[nodiscard]] std::string changes_text(const config::Validated& validated);
// "apply=IMMEDIATE" and one "change.NAME=OLD -> NEW" line for each difference.
[[nodiscard]] std::string differences_text(const config::Validated& validated);

}  // namespace mpmd::supervisor
