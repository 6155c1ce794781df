#pragma once

// Where frames and answers come from. ask() and take() are called by the UI thread only and never
// block; whatever the feed has to wait for happens on threads of its own, so that keys work while
// the server is stopped.

#include <vector>

#include "tui/model/event.h"

namespace mpmd::tui {

class Feed {
public:
    Feed() = default;
    virtual ~Feed() = default;
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    virtual void ask(const Intent& intent) = 0;
    // What has arrived since the last call; of several frames the newest only.
    [[nodiscard]] virtual std::vector<Event> take() = 0;
    // Readable while take() has something.
    [[nodiscard]] virtual int wake_fd() const = 0;
};

}  // namespace mpmd::tui
