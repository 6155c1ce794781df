#pragma once

// Everything the dashboard knows: the newest frame, what is selected, sorted, filtered and typed.
// Changed by update() (model/update.h) alone, drawn by draw() (screens/draw.h). Owned by the UI
// thread. Asks no clock: each update is told the time.

#include <array>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "daemon/base/time.h"
#include "tui/model/event.h"
#include "tui/model/history.h"
#include "tui/model/keymap.h"
#include "tui/widgets/input.h"
#include "tui/widgets/table.h"

namespace mpmd::tui {

enum class Screen : std::uint8_t { Overview, Children, Connections };

struct Sorting {
    int column = 0;
    bool descending = false;
    bool operator==(const Sorting&) const = default;
};

struct ChildrenView {
    ListView list;              // ids are child uids
    Sorting sorting{1, false};  // by slot
    std::string filter;         // words that a row must contain
    std::set<std::uint64_t> tags;
    bool detail = false;
};

struct ConnectionsView {
    ListView list;             // cursor and top count rows of the whole ordered result
    Sorting sorting{3, true};  // the oldest first
    std::string filter;        // in force
    std::string previous;      // the one before, taken back when the server refuses the new one
    bool detail = false;
    std::optional<v1::Connection> opened;  // the row whose details are open, as last seen
};

struct FilterDialog {
    Screen screen = Screen::Children;
    InputField input;
    std::string before;  // what Esc brings back
    std::string sent;    // connections: waits for the server's word on this
    std::optional<Failure> failure;
};

struct SortDialog {
    Screen screen = Screen::Children;
    int cursor = 0;
};

struct RestartTarget {
    std::uint64_t uid = 0;
    std::uint32_t slot = 0;
    std::uint32_t pid = 0;
    std::uint32_t busy = 0;
    std::uint32_t connections = 0;
};

struct RestartDialog {
    enum class Stage : std::uint8_t { Asking, Sent, Running, Refused };
    bool all = false;
    std::vector<RestartTarget> targets;  // frozen when the dialog opened
    Stage stage = Stage::Asking;
    bool go = false;  // which button is chosen; the default does nothing
    v1::Operation operation;
    Failure failure;
};

struct TuneDialog {
    enum class Stage : std::uint8_t { Loading, Editing, Applying, Done, Failed };
    enum class Focus : std::uint8_t { Rows, Apply, Cancel };
    enum class Check : std::uint8_t { None, Waiting, Good, Refused };
    Stage stage = Stage::Loading;
    Focus focus = Focus::Rows;
    std::vector<v1::Directive> directives;
    std::string etag;
    std::vector<std::string> edits;  // by index of directives; empty: unchanged
    ListView list;
    std::optional<InputField> input;  // the value being typed
    bool saved = false;
    std::uint64_t ticket = 0;
    Check check = Check::None;
    v1::UpdateDirectivesResponse checked;
    v1::UpdateDirectivesResponse applied;
    Failure failure;
    bool asked_to_discard = false;

    [[nodiscard]] int changes() const;
};

using Dialog = std::variant<std::monostate, FilterDialog, SortDialog, RestartDialog, TuneDialog>;

struct Message {
    std::string text;
    Ink ink = Ink::Normal;
    MonoTime until;
};

struct Model {
    int width = 80;
    int height = 24;
    bool ascii = false;
    std::int64_t utc_offset_seconds = 0;
    MonoTime now;

    Link link = Link::Connecting;
    std::string link_reason;
    MonoTime retry_at;
    MonoTime frame_at;  // when the newest frame arrived
    bool paused = false;
    std::chrono::milliseconds interval{1000};

    FramePtr frame;   // shown; null before the first
    WatchSpec shown;  // the query that `frame` answers
    FramePtr newest;  // the same, unless paused
    WatchSpec newest_spec;
    History history;
    std::optional<History> held;  // as it was when the picture was paused

    Screen screen = Screen::Overview;
    bool help = false;
    int help_top = 0;
    ChildrenView children;
    ConnectionsView connections;
    Dialog dialog;
    std::optional<Message> message;
    WatchSpec asked;  // of the feed, last
};

[[nodiscard]] Scope scope_of(const Model& model);
[[nodiscard]] bool is_stale(const Model& model);
// May the person call this method ("ProcessService/RestartChildren")? True when the server did not
// say.
[[nodiscard]] bool may_call(const Model& model, std::string_view method);

}  // namespace mpmd::tui
