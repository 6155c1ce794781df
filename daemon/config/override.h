#pragma once

// Pure. Layers above the file, and the one check that a change passes (decisions.md 5).
//
//   effective = normalise(defaults < file < saved < runtime < pending)
//
// A layer is a list of overrides, at most one per directive. Nothing stores old values: to revert,
// cancel or reset is to remove or replace a layer and to compose() again. The caller owns all
// values; any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/config/difference.h"
#include "daemon/config/normalise.h"
#include "daemon/config/parser.h"

namespace mpmd::config {

struct Override {
    std::string directive;  // canonical name
    std::string text;       // arguments as one would write them
    std::string
        file_text;       // FileLayer text at the time of the change; "" = the file did not set it
    bool reset = false;  // in `pending` only: back to the file or the default; text is empty then
    bool operator==(const Override&) const = default;
};

enum class Lifetime : std::uint8_t { UntilRestart, Saved };

struct Layers {
    std::vector<Override> saved;    // on disk in overrides.conf
    std::vector<Override> runtime;  // until the supervisor ends
    std::vector<Override> pending;  // until confirmed or reverted; never on disk
    bool operator==(const Layers&) const = default;
};

// One entry per directive: replaces the one that is there.
void put(std::vector<Override>& layer, Override entry);
void remove(std::vector<Override>& layer, std::string_view directive);

// pending merged into the layer of `lifetime`; an entry there hides none in the other layer.
[[nodiscard]] Layers confirmed(Layers layers, Lifetime lifetime);
[[nodiscard]] Layers cancelled(Layers layers);

struct Dropped {
    Override entry;
    Source layer = Source::Saved;
    std::string because;  // a clause: "the file now says 80"
};

struct Composed {
    Config config;
    Layers layers;                 // what is left
    std::vector<Dropped> dropped;  // report each (event override.dropped)
};

// Drops what no longer parses, is no longer overridable, or whose file text changed. What no longer
// fits together is clamped and listed like the file. Requires: file.ok().
[[nodiscard]] Composed compose(const FileLayer& file,
                               const Layers& layers,
                               const Surroundings& surroundings);

// ---- overrides.conf: the saved layer as text ----
//
//   # mpmd overrides, revision 42
//   # file: 75            <- arguments in mpmd.conf when the override was made; "# file: -" when it
//   had none MinSpareThreads 60
struct SavedOverrides {
    std::uint64_t revision = 0;
    std::vector<Override> overrides;
    std::vector<std::string> problems;  // unreadable lines, complete sentences; the rest is kept
};
[[nodiscard]] std::string write_overrides(std::uint64_t revision,
                                          std::span<const Override> overrides);
[[nodiscard]] SavedOverrides read_overrides(std::string_view text);

// ---- the check of a change, used for validate_only and for the real thing alike ----

struct Change {
    std::string directive;            // any case; old names are understood
    std::optional<std::string> text;  // nullopt = reset to file or default
};

// API reasons (control-plane.md 4.4); reason_name gives the wire word.
enum class Reason : std::uint8_t {
    UnknownDirective,
    ValueOutOfRange,
    NotOverridable,
    NotSupported,
    DuplicateDirective,
    LimitsConflict,
    NeedsRestart,
};
[[nodiscard]] std::string_view reason_name(Reason reason);  // "LIMITS_CONFLICT"

using Metadata = std::vector<std::pair<std::string, std::string>>;

struct Violation {
    Reason reason = Reason::ValueOutOfRange;
    std::string directive;   // canonical where known, else as asked
    std::string message;     // a sentence with what to do
    std::string allowed;     // range, "" where none
    std::string suggestion;  // one text that would be taken, or a name for UnknownDirective
    Metadata metadata;       // every number of the message by name
    Metadata nearest;        // LimitsConflict: the nearest valid set, (directive, text)
};

struct ChangeRequest {
    std::vector<Change> changes;
    Lifetime lifetime = Lifetime::UntilRestart;
    bool pending = false;  // goes to the pending layer (confirm-or-revert)
    Apply allow =
        Apply::Immediate;  // highest class the caller agreed to; NextStart is always allowed
};

struct Validated {
    std::vector<Violation> violations;    // empty = accepted
    Layers layers;                        // with the change in it
    Config config;                        // what would hold; meaningful when accepted
    std::vector<Difference> differences;  // against the configuration without the change
    Apply apply = Apply::Immediate;       // the strongest class among the differences
    [[nodiscard]] bool ok() const { return violations.empty(); }
};

// Requires: file.ok().
[[nodiscard]] Validated validate_changes(const FileLayer& file,
                                         const Layers& layers,
                                         const ChangeRequest& request,
                                         const Surroundings& surroundings);

}  // namespace mpmd::config
