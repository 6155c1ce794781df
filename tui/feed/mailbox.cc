#include "tui/feed/mailbox.h"

#include <algorithm>

#include "daemon/base/check.h"

namespace mpmd::tui {

namespace {

os::EventFd new_bell() {
    Result<os::EventFd> bell = os::EventFd::create();
    CHECK(bell);
    return std::move(*bell);
}

bool is_frame(const Event& event) {
    return std::holds_alternative<FrameArrived>(event);
}

}  // namespace

Mailbox::Mailbox() : bell_(new_bell()) {}

void Mailbox::put(Event event) {
    {
        const os::Lock lock(mutex_);
        if (is_frame(event)) {
            events_.erase(std::remove_if(events_.begin(), events_.end(), is_frame), events_.end());
        }
        events_.push_back(std::move(event));
    }
    bell_.ring();
}

std::vector<Event> Mailbox::take() {
    bell_.clear();  // before the box is emptied: what is put afterwards rings again
    const os::Lock lock(mutex_);
    return std::exchange(events_, {});
}

}  // namespace mpmd::tui
