#pragma once

// The supervisor's end and the child's end of their channel (child_message.h). Orders are small and
// few: the socket's buffer takes them; a child that does not read them is found by its heartbeat,
// not here. Thread rule: the supervisor's thread; the child's main thread.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/ipc/child_message.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::ipc {

// One message as received: kind, body bytes (exactly header.size of them), descriptors.
struct ChildMessage {
    std::uint32_t kind = 0;  // Order or Report
    std::vector<std::byte> body;
    std::vector<os::UniqueFd> files;

    // The body as a struct; false when it is not exactly one.
    template <class Body>
    [[nodiscard]] bool read(Body& out) const {
        static_assert(std::is_trivially_copyable_v<Body>);
        if (body.size() != sizeof(Body)) return false;
        std::memcpy(static_cast<void*>(&out), body.data(), sizeof(Body));
        return true;
    }
};

struct ChannelEmpty {};
struct ChannelEnd {};
using ChildEvent = std::variant<ChannelEmpty, ChannelEnd, ChildMessage>;

class ChildChannel {
public:
    ChildChannel() = default;
    explicit ChildChannel(os::UniqueFd fd) : fd_(std::move(fd)) {}
    // first: the supervisor's end (non-blocking); second: the child's (blocking until it says
    // otherwise).
    [[nodiscard]] static Result<std::pair<ChildChannel, ChildChannel>> pair();

    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] os::UniqueFd release() { return std::move(fd_); }

    // The next message. A malformed one (never sent by our code) is skipped.
    [[nodiscard]] ChildEvent next();

    // False: the peer is gone, or its queue is full.
    [[nodiscard]] bool send(Order order, std::span<const int> files = {}) {
        return send_bytes(static_cast<std::uint32_t>(order), {}, files);
    }
    [[nodiscard]] bool send(Report report) {
        return send_bytes(static_cast<std::uint32_t>(report), {}, {});
    }
    template <class Kind, class Body>
    [[nodiscard]] bool send_body(Kind kind, const Body& body) {
        static_assert(std::is_trivially_copyable_v<Body> &&
                      sizeof(Body) + sizeof(ChildMessageHeader) <= kMaxChildMessage);
        return send_bytes(static_cast<std::uint32_t>(kind), std::as_bytes(std::span(&body, 1)), {});
    }

private:
    [[nodiscard]] bool send_bytes(std::uint32_t kind,
                                  std::span<const std::byte> body,
                                  std::span<const int> files);
    os::UniqueFd fd_;
};

}  // namespace mpmd::ipc
