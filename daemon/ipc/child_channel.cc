#include "daemon/ipc/child_channel.h"

#include <array>

#include "daemon/ipc/datagram.h"

namespace mpmd::ipc {

Result<std::pair<ChildChannel, ChildChannel>> ChildChannel::pair() {
    auto ends = TRY(datagram_pair());
    return std::pair{ChildChannel(std::move(ends.first)), ChildChannel(std::move(ends.second))};
}

ChildEvent ChildChannel::next() {
    std::array<std::byte, kMaxChildMessage> buffer{};
    for (;;) {
        Incoming incoming = receive(fd_.get(), buffer);
        if (incoming.what == Received::WouldBlock) return ChannelEmpty{};
        if (incoming.what == Received::End) return ChannelEnd{};
        if (incoming.what == Received::Oversized) continue;
        ChildMessageHeader header;
        if (incoming.size < sizeof(header)) continue;
        std::memcpy(static_cast<void*>(&header), buffer.data(), sizeof(header));
        if (header.size != incoming.size - sizeof(header)) continue;
        ChildMessage message;
        message.kind = header.kind;
        message.body.assign(buffer.begin() + sizeof(header),
                            buffer.begin() + static_cast<std::ptrdiff_t>(incoming.size));
        message.files = std::move(incoming.files);
        return message;
    }
}

bool ChildChannel::send_bytes(std::uint32_t kind,
                              std::span<const std::byte> body,
                              std::span<const int> files) {
    std::array<std::byte, kMaxChildMessage> buffer{};
    const ChildMessageHeader header{kind, static_cast<std::uint32_t>(body.size())};
    std::memcpy(buffer.data(), &header, sizeof(header));
    if (!body.empty()) std::memcpy(buffer.data() + sizeof(header), body.data(), body.size());
    return ipc::send(fd_.get(), std::span(buffer.data(), sizeof(header) + body.size()), files) ==
           Sent::Whole;
}

}  // namespace mpmd::ipc
