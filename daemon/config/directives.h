#pragma once

// Pure. The one table of directives: names, units, defaults, ranges, apply classes, help, and where
// each value lives in Settings. Parser, overrides, control, mpmctl describe and mpmd.conf(5) all
// read it; no fact about a directive is written anywhere else. Constant data: any thread.
//
// A number travels as std::int64_t in its base unit: counts as they are, a factor in millionths,
// durations in milliseconds, sizes in bytes, switches 0 or 1, a choice as its index in `choices`.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "daemon/config/settings.h"

namespace mpmd::config {

enum class Kind : std::uint8_t { Count, Factor, Duration, Size, Switch, Choice, Text, Path, Words };

// When a change takes effect. The only vocabulary for it (decisions.md 5).
enum class Apply : std::uint8_t { Immediate, Rolling, NextStart, Never };

enum class Support : std::uint8_t {
    Yes,
    Ignored,  // accepted, does nothing, one notice or warning says why
    Known,    // in the table for its name and help; an error in a file: this release does not do it
              // yet
    Reading,  // done while the file is read, such as Include; has no value of its own
};

// Where it may stand (D-2).
enum class Context : std::uint8_t { Server, ServerAndHost, Location };

using Arguments = std::span<const std::string>;

// Why an argument was not taken. `argument` is its index, for the caret.
struct Refusal {
    std::string message;
    std::string suggestion;  // a text that would be taken, "" when there is none
    std::size_t argument = 0;
};
using Outcome = tl::expected<void, Refusal>;

// Where the value lives. Numbers use the first pair, Text and Path the second, Words the rest.
struct Binding {
    std::int64_t (*number)(const Settings&) = nullptr;
    void (*set_number)(Settings&, std::int64_t) = nullptr;
    const std::string& (*text)(const Settings&) = nullptr;
    void (*set_text)(Settings&, std::string) = nullptr;
    Outcome (*add)(Settings&, Arguments) = nullptr;
    void (*clear)(Settings&) = nullptr;
    std::string (*shown)(const Settings&) = nullptr;  // occurrences separated by ", "
};

struct Directive {
    std::string_view name;
    std::string_view syntax;  // arguments only: "number", "[address:]port [protocol]"
    Kind kind = Kind::Words;
    std::string_view unit{};      // "threads"; for people
    std::string_view fallback{};  // default as one would write it; "" for a list that is empty
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::string_view zero{};     // what 0 means where that is special; allowed below min then
    std::string_view choices{};  // Kind::Choice: "a|b|c"
    bool clamps = false;         // a file may be out of range: an N-rule corrects it; the API not
    Context context = Context::Server;
    Apply apply = Apply::Never;     // by the control plane; Never = NOT_OVERRIDABLE
    Apply reload = Apply::Rolling;  // when the file changed; Immediate replaces no child
    bool accumulates = false;       // every occurrence counts; else the last one wins (D-3)
    Support support = Support::Yes;
    std::uint8_t min_arguments = 1;
    std::uint8_t max_arguments = 1;
    std::string_view help;       // one paragraph
    std::string_view instead{};  // Support::Known: what to do, a clause for the error
    Binding binding{};
    [[nodiscard]] bool overridable() const {
        return support == Support::Yes && apply != Apply::Never;
    }
    [[nodiscard]] bool numeric() const { return kind <= Kind::Choice; }
};

struct OldName {
    std::string_view name;     // "MaxClients"
    std::string_view current;  // "MaxRequestWorkers"
    std::string_view note;     // what changed besides the name, a clause; may be empty
    // Where the arguments differ too: one argument into what `current` sets. Null: the same
    // arguments.
    Outcome (*add)(Settings&, Arguments) = nullptr;
    bool event_ignores = false;  // only a warning under MPM event (2.4)
};

[[nodiscard]] std::span<const Directive> directives();  // in the order of the manual
[[nodiscard]] std::span<const OldName> old_names();     // 2.4

// Any case. find_directive knows current names only.
[[nodiscard]] const Directive* find_directive(std::string_view name);
[[nodiscard]] const OldName* find_old_name(std::string_view name);
// The nearest known name, "" when nothing is near.
[[nodiscard]] std::string_view suggest_directive(std::string_view wrong);

// "1 to 20000", "0 (unlimited) or 512 to 2147483647", "On or Off"; "" where there is no range.
[[nodiscard]] std::string range_text(const Directive& directive);
// The value as one would write it, quoted only when it must be: what `mpmctl get` shows.
[[nodiscard]] std::string value_text(const Directive& directive, const Settings& settings);
// The same for a number in its base unit.
[[nodiscard]] std::string number_text(const Directive& directive, std::int64_t number);

[[nodiscard]] std::string_view kind_name(
    Kind kind);  // "integer", "duration", "on/off": as in the API
[[nodiscard]] std::string_view apply_name(
    Apply apply);  // "IMMEDIATE", "ROLLING", "NEXT_START", "NEVER"
[[nodiscard]] std::string_view apply_explanation(Apply apply);  // a clause for a person

}  // namespace mpmd::config
