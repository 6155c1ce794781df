#pragma once

// Events on their way from the threads of a feed to the UI thread: any thread puts, one takes. A
// frame that nobody has taken is replaced by the next, so a UI that stands still costs one frame of
// memory.

#include <vector>

#include "daemon/os/event_fd.h"
#include "daemon/os/mutex.h"
#include "tui/model/event.h"

namespace mpmd::tui {

class Mailbox {
public:
    Mailbox();  // ends the process when no event descriptor is to be had
    void put(Event event) EXCLUDES(mutex_);
    [[nodiscard]] std::vector<Event> take() EXCLUDES(mutex_);
    [[nodiscard]] int fd() const { return bell_.fd(); }

private:
    os::EventFd bell_;
    os::Mutex mutex_;
    std::vector<Event> events_ GUARDED_BY(mutex_);
};

}  // namespace mpmd::tui
