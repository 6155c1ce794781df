#pragma once

// What reaches the model, and what it asks for in return. Messages are the API's own, so that every
// number on the screen is the number that `-o json` prints. Plain values; frames are shared and
// never changed.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "proto/messages.h"
#include "tui/widgets/key.h"

namespace mpmd::tui {

namespace v1 = api::v1;

using FramePtr = std::shared_ptr<const v1::ScoreboardFrame>;

using Failure = api::CallError;
template <class T>
using Reply = api::Reply<T>;

// What the frames shall carry.
struct WatchSpec {
    v1::FrameLevel level = v1::FRAME_LEVEL_UNSPECIFIED;  // nothing was asked for yet
    std::chrono::milliseconds interval{1000};
    std::string filter;
    std::string order_by;
    std::uint32_t limit = 0;
    std::uint32_t offset = 0;
    bool operator==(const WatchSpec&) const = default;
};

// ---- events ----
struct KeyPressed {
    Key key;
};
struct Resized {
    int width;
    int height;
};
struct Tick {};  // time has passed
struct FrameArrived {
    FramePtr frame;
    WatchSpec spec;  // that it answers
};
enum class Link : std::uint8_t { Connecting, Live, Lost };
struct LinkChanged {
    Link state;
    Failure failure;                       // of a loss
    std::chrono::milliseconds retry_in{};  // when the feed tries again by itself
};
struct WatchRefused {  // the server does not take this query; the feed waits for another one
    WatchSpec spec;
    Failure failure;
};
struct DirectivesListed {
    Reply<v1::ListDirectivesResponse> reply;
};
struct ChangeChecked {
    std::uint64_t ticket;  // of the CheckChange; older ones are ignored
    Reply<v1::UpdateDirectivesResponse> reply;
};
struct ChangeApplied {
    Reply<v1::UpdateDirectivesResponse> reply;
};
struct RestartStarted {
    Reply<v1::Operation> reply;
};
using Event = std::variant<KeyPressed,
                           Resized,
                           Tick,
                           FrameArrived,
                           LinkChanged,
                           WatchRefused,
                           DirectivesListed,
                           ChangeChecked,
                           ChangeApplied,
                           RestartStarted>;

// ---- intents ----
struct Watch {
    WatchSpec spec;
    bool again = false;  // even if it is the same: a sample now
};
struct ListDirectives {};
struct CheckChange {
    std::uint64_t ticket;
    v1::UpdateDirectivesRequest request;  // validate_only
};
struct ApplyChange {
    v1::UpdateDirectivesRequest request;
};
struct StartRestart {
    v1::RestartChildrenRequest request;
};
using Intent = std::variant<Watch, ListDirectives, CheckChange, ApplyChange, StartRestart>;

// What the loop does after an event.
struct Reaction {
    bool draw = false;
    bool repaint = false;  // the terminal's picture cannot be trusted: send all of it
    bool quit = false;
    std::vector<Intent> intents;
};

}  // namespace mpmd::tui
