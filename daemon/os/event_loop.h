#pragma once

// One thread waits for descriptors and calls what was registered for them: the supervisor's loop.
// Level-triggered. Descriptors are borrowed: forget() before closing. A handler may watch and
// forget anything, itself included; an event for a descriptor that was forgotten in the same turn
// is dropped.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include <sys/epoll.h>

#include "daemon/base/result.h"
#include "daemon/base/time.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::os {

class EventLoop {
public:
    using Handler = std::function<void(std::uint32_t events)>;

    [[nodiscard]] static Result<EventLoop> open();
    // `events`: EPOLLIN, EPOLLOUT ...
    [[nodiscard]] Result<> watch(int fd, std::uint32_t events, Handler handler);
    void change(int fd, std::uint32_t events);
    void forget(int fd);
    // Waits until something happens or `timeout` has passed (nothing: for ever), then calls the
    // handlers once each.
    void turn(std::optional<Nanoseconds> timeout);

private:
    explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}
    struct Entry {
        std::uint32_t serial = 0;  // tells a reused descriptor number from its predecessor
        std::shared_ptr<Handler> handler;
    };
    UniqueFd epoll_;
    std::uint32_t next_serial_ = 1;
    std::unordered_map<int, Entry> entries_;
};

}  // namespace mpmd::os
