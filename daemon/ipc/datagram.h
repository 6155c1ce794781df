#pragma once

// SOCK_SEQPACKET pairs: whole datagrams in order, end-of-file when the other side is gone,
// descriptors alongside. What both channels are made of. Never blocks unless the descriptor does.

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "daemon/base/result.h"
#include "daemon/os/unique_fd.h"

namespace mpmd::ipc {

inline constexpr std::size_t kMaxDescriptors = 64;  // in one datagram

// Both ends close-on-exec; the first non-blocking, the second blocking.
[[nodiscard]] Result<std::pair<os::UniqueFd, os::UniqueFd>> datagram_pair();

enum class Received : std::uint8_t {
    Datagram,
    WouldBlock,
    End,       // the peer is gone
    Oversized  // longer than the buffer, or more descriptors than we take: dropped whole
};
struct Incoming {
    Received what = Received::End;
    std::size_t size = 0;             // bytes of the buffer filled
    std::vector<os::UniqueFd> files;  // received descriptors, close-on-exec
};
[[nodiscard]] Incoming receive(int fd, std::span<std::byte> buffer);

enum class Sent : std::uint8_t { Whole, WouldBlock, Gone };
[[nodiscard]] Sent send(int fd,
                        std::span<const std::byte> datagram,
                        std::span<const int> files = {});

}  // namespace mpmd::ipc
