#pragma once

// Directives as the API shows them: facts from the one table (daemon/config), values from the
// supervisor's STATE pages. Pages are asked for when the scoreboard shows a revision or generation
// that the book does not have, and kept until then. Any thread; callbacks run on the link's thread
// or the caller's.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mpm/control/v1/directive.pb.h>

#include "daemon/config/directives.h"
#include "daemon/control/failure.h"
#include "daemon/control/names.h"
#include "daemon/control/supervisor_link.h"
#include "daemon/os/mutex.h"
#include "daemon/scoreboard/segment.h"

namespace mpmd::control {

namespace v1 = ::mpm::control::v1;

// What the supervisor said of all directives, at one revision.
struct DirectiveStates {
    std::uint64_t revision = 0;
    std::uint32_t generation = 0;
    std::uint32_t buckets = 1;  // sets of listening sockets in use
    std::vector<ipc::DirectiveState> states;
    std::vector<mpm::Adjustment> adjustments;  // by the N-rules, from what was requested

    [[nodiscard]] const ipc::DirectiveState* find(std::string_view name) const;
};
using StatesPtr = std::shared_ptr<const DirectiveStates>;

// Pure with regard to its arguments. `state` null: the supervisor said nothing of it.
[[nodiscard]] v1::Directive directive_of(const config::Directive& directive,
                                         const ipc::DirectiveState* state,
                                         std::uint64_t revision,
                                         Names& names);
[[nodiscard]] v1::Adjustment adjustment_of(const mpm::Adjustment& adjustment);
// What the rules make of the requested values (mpm/limits.h), with their reasons.
[[nodiscard]] std::vector<mpm::Adjustment> adjustments_of(const DirectiveStates& states);
// By any name; failure UNKNOWN_DIRECTIVE with a suggestion.
[[nodiscard]] Outcome<const config::Directive*> find_by_any_name(std::string_view name);
[[nodiscard]] v1::ApplyClass apply_class_of(config::Apply apply);

class DirectiveBook {
public:
    DirectiveBook(SupervisorLink& link, scoreboard::View view) : link_(link), view_(view) {}

    using Done = std::function<void(Outcome<StatesPtr>)>;
    // `at_least`: a revision that the supervisor has told of, maybe before the scoreboard shows it.
    void states(Done done, std::uint64_t at_least = 0) EXCLUDES(mutex_);
    // What is known without asking; may be of an older revision, or null.
    [[nodiscard]] StatesPtr known() const EXCLUDES(mutex_);

private:
    struct Fetch;
    void next_page(const std::shared_ptr<Fetch>& fetch);
    void page_arrived(const std::shared_ptr<Fetch>& fetch, const ipc::Reply& reply);

    SupervisorLink& link_;
    const scoreboard::View view_;
    mutable os::Mutex mutex_;
    StatesPtr known_ GUARDED_BY(mutex_);
};

}  // namespace mpmd::control
